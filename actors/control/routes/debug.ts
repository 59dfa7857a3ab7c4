// What an operator may see of the running system. Everything here reads; nothing changes an actor.
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ActorSummary, Inspector } from '../../runtime/inspect.ts';
import type { ActorKey } from '../../runtime/message.ts';
import type { Clock } from '../../runtime/ports.ts';
import { scrubText } from '../../telemetry/redact.ts';
import type { ControlLimits } from '../limits.ts';
import { Problem } from '../problem.ts';
import type { StreamFilter, StreamHub } from '../transition-stream.ts';

/** No control characters: Postgres refuses a zero in a text, and a log line must stay one line. */
const TEXT = { type: 'string', minLength: 1, maxLength: 600, pattern: '^[^\\u0000-\\u001f\\u007f]*$' } as const;
const KINDS_MAX = 64;

export interface DebugOptions {
  readonly inspector: Inspector;
  readonly stream: StreamHub;
  readonly clock: Clock;
  readonly limits: ControlLimits;
}

export function debugRoutes(app: FastifyInstance, options: DebugOptions): void {
  runtimeRoute(app, options);
  listRoute(app, options);
  actorRoute(app, options);
  deadLettersRoute(app, options);
  streamRoute(app, options);
}

function runtimeRoute(app: FastifyInstance, { inspector, clock }: DebugOptions): void {
  app.get('/debug/runtime', { schema: { querystring: query({}) } }, () => {
    return { now: clock.now(), ...inspector.health(), kinds: kindsOf(inspector) };
  });
}

/**
 * The kinds that have live actors. Keys are listed in order, so the first key after all of one kind's is the first
 * of the next: `0` is the character that follows `/`.
 */
function kindsOf(inspector: Inspector): string[] {
  const kinds: string[] = [];
  let next: ActorSummary | undefined = inspector.list({ limit: 1 })[0];
  while (next !== undefined && !kinds.includes(next.kind) && kinds.length < KINDS_MAX) {
    kinds.push(next.kind);
    next = inspector.list({ after: `${next.kind}0`, limit: 1 })[0];
  }
  return kinds;
}

interface ListQuery {
  readonly kind?: string;
  readonly state?: string;
  readonly after?: string;
  readonly limit: number;
}

function listRoute(app: FastifyInstance, { inspector, limits }: DebugOptions): void {
  const querystring = query({ kind: TEXT, state: TEXT, after: TEXT, limit: page(100, limits.pageMax) });
  app.get<{ Querystring: ListQuery }>('/debug/actors', { schema: { querystring } }, (request) => {
    const { limit } = request.query;
    const found = inspector.list({ ...request.query, limit: limit + 1 });
    const actors = found.slice(0, limit);
    const next = found.length > limit ? (actors.at(-1)?.key ?? null) : null;
    return { actors, count: actors.length, next };
  });
}

function actorRoute(app: FastifyInstance, { inspector, limits }: DebugOptions): void {
  const params = { type: 'object', properties: { kind: TEXT, id: TEXT } } as const;
  const transitions = { ...page(20, limits.transitionsMax), minimum: 0 };
  app.get<{ Params: { kind: string; id: string }; Querystring: { transitions: number } }>(
    '/debug/actors/:kind/:id',
    { schema: { params, querystring: query({ transitions }) } },
    async (request) => {
      const key: ActorKey = `${request.params.kind}/${request.params.id}`;
      const detail = await inspector.find(key, { transitions: request.query.transitions });
      if (detail !== null) return detail;
      throw new Problem('ACTOR_NOT_FOUND', `there is no actor ${key}; GET /debug/actors lists the live ones`);
    },
  );
}

function deadLettersRoute(app: FastifyInstance, { inspector, limits }: DebugOptions): void {
  const querystring = query({ limit: page(100, limits.pageMax) });
  app.get<{ Querystring: { limit: number } }>('/debug/dead-letters', { schema: { querystring } }, async (request) => {
    const found = await inspector.deadLetters({ limit: request.query.limit });
    const deadLetters = found.map((letter) => ({ ...letter, error: scrubText(letter.error) }));
    return { deadLetters, count: deadLetters.length };
  });
}

/** HEAD would open a stream that nobody can read. */
function streamRoute(app: FastifyInstance, { stream, limits }: DebugOptions): void {
  const schema = { querystring: query({ kind: TEXT, key: TEXT }) };
  app.get<{ Querystring: StreamFilter }>('/debug/stream', { schema, exposeHeadRoute: false }, (request, reply) => {
    if (stream.size >= limits.streamsMax) {
      const sentence = `${limits.streamsMax} streams are open, which is the limit; close a page that shows them`;
      throw new Problem('STREAMS_EXHAUSTED', sentence, { 'retry-after': '10' });
    }
    openStream(reply);
    stream.add(reply.raw, request.query);
    return reply;
  });
}

function openStream(reply: FastifyReply): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no', // nginx would hold the events back
  });
}

function query(properties: object) {
  return { type: 'object', additionalProperties: false, properties } as const;
}

function page(fallback: number, maximum: number) {
  return { type: 'integer', minimum: 1, maximum, default: Math.min(fallback, maximum) };
}
