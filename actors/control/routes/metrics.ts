// The numbers, for Prometheus, and this edge's own among them.
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StreamHub } from '../transition-stream.ts';

const ANSWER_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

export function metricsRoutes(app: FastifyInstance, registry: Registry): void {
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}

/** Counts every answer by its route's pattern, so a scan for unknown paths adds no series. */
export function countAnswers(app: FastifyInstance, registry: Registry, stream: StreamHub): void {
  const answers = new Counter({
    name: 'meltica_http_requests_total',
    help: 'Requests answered by the control API',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'meltica_http_request_seconds',
    help: 'Time to answer a request to the control API',
    labelNames: ['route'],
    buckets: ANSWER_SECONDS,
    registers: [registry],
  });
  new Gauge({
    name: 'meltica_debug_streams',
    help: 'Readers of /debug/stream',
    registers: [registry],
    collect() {
      this.set(stream.size);
    },
  });
  new Gauge({
    name: 'meltica_debug_stream_dropped',
    help: 'Transitions not shown to slow readers of /debug/stream, since the start',
    registers: [registry],
    collect() {
      this.set(stream.dropped);
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    answers.inc({ method: request.method, route, status: reply.statusCode });
    seconds.observe({ route }, reply.elapsedTime / 1_000);
  });
}
