// Whether the process lives, and whether it does its work. Without a token, so without detail.
import type { FastifyInstance } from 'fastify';
import type { RuntimeHealth } from '../../runtime/inspect.ts';
import type { Log } from '../../runtime/ports.ts';

export interface ReadinessReport {
  readonly ready: boolean;
  /** Why it is not, in words for an operator; shown to anybody, so without names or secrets. */
  readonly reasons: readonly string[];
}

/** Ready when the runtime is running and nothing else is amiss, such as `the database does not answer`. */
export function readinessOf(runtime: RuntimeHealth, amiss: readonly string[] = []): ReadinessReport {
  const why: { readonly [Phase in RuntimeHealth['phase']]: string | null } = {
    booting: 'the supervisor is booting',
    running: null,
    stopping: 'the supervisor is stopping',
    stopped: 'the supervisor has stopped',
    failed: 'the supervisor has failed',
  };
  const phase = why[runtime.phase];
  const reasons = phase === null ? amiss : [phase, ...amiss];
  return { ready: reasons.length === 0, reasons };
}

export function healthRoutes(app: FastifyInstance, health: () => ReadinessReport, log: Log): void {
  const config = { access: 'public' } as const;
  app.get('/health/live', { config }, () => ({ status: 'ok' }));
  app.get('/health/ready', { config }, (_request, reply) => {
    const report = look(health, log);
    if (report.ready) return { status: 'ok' };
    const error = `not ready: ${report.reasons.join('; ')}`;
    return reply.code(503).send({ status: 'error', error, code: 'NOT_READY', reasons: report.reasons });
  });
}

function look(health: () => ReadinessReport, log: Log): ReadinessReport {
  try {
    return health();
  } catch (error) {
    log.error({ err: error }, 'the readiness check threw');
    return { ready: false, reasons: ['the readiness check failed'] };
  }
}
