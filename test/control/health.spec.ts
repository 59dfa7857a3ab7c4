import test from 'ava';
import { Counter, Registry } from 'prom-client';
import { answerTo, PROBLEMS } from '../../actors/control/problem.ts';
import { readinessOf } from '../../actors/control/routes/health.ts';
import { RuntimeError } from '../../actors/runtime/errors.ts';
import { fakeInspector } from './fake-inspector.ts';
import { BEARER, rig, server } from './support.ts';

test('is alive also while it is not ready', async (t) => {
  const { ask } = server(rig({ health: () => ({ ready: false, reasons: ['the database does not answer'] }) }));
  t.is((await ask('GET', '/health/live')).statusCode, 200);
  const ready = await ask('GET', '/health/ready');
  t.is(ready.statusCode, 503);
  t.deepEqual(ready.json(), {
    status: 'error',
    error: 'not ready: the database does not answer',
    code: 'NOT_READY',
    reasons: ['the database does not answer'],
  });
});

test('is ready only while the runtime runs and nothing is amiss', (t) => {
  const inspector = fakeInspector();
  const report = (phase: typeof inspector.state.phase, amiss: string[] = []) => {
    inspector.state.phase = phase;
    return readinessOf(inspector.health(), amiss);
  };
  t.deepEqual(report('running'), { ready: true, reasons: [] });
  t.deepEqual(report('running', ['the database does not answer']), {
    ready: false,
    reasons: ['the database does not answer'],
  });
  t.deepEqual(report('booting').reasons, ['the supervisor is booting']);
  t.deepEqual(report('stopping').reasons, ['the supervisor is stopping']);
  t.deepEqual(report('stopped').reasons, ['the supervisor has stopped']);
  t.deepEqual(report('failed', ['the lease is lost']).reasons, ['the supervisor has failed', 'the lease is lost']);
});

test('a readiness check that throws is not ready, and says so in the log', async (t) => {
  const failure = new Error('pool is closed');
  const { ask, log } = server(
    rig({
      health: () => {
        throw failure;
      },
    }),
  );
  const answer = await ask('GET', '/health/ready');
  t.is(answer.statusCode, 503);
  t.false(answer.body.includes('pool'));
  t.like(log.lines[0], { level: 'error', detail: { err: failure } });
});

test('metrics are the registry in the text of Prometheus, with our own among them', async (t) => {
  const metrics = new Registry();
  new Counter({ name: 'meltica_test_total', help: 'x', registers: [metrics] }).inc(3);
  const { ask } = server(rig({ metrics }));
  await ask('GET', '/nothing-of-this-name', BEARER);
  await ask('GET', '/debug/actors/order/some-id', BEARER);
  const answer = await ask('GET', '/metrics', BEARER);
  t.is(answer.headers['content-type'], metrics.contentType);
  t.regex(answer.body, /^meltica_test_total 3$/m);
  t.regex(answer.body, /route="\/debug\/actors\/:kind\/:id",status="404"} 1$/m);
  t.regex(answer.body, /^meltica_debug_streams 0$/m);
  t.false(answer.body.includes('nothing-of-this-name'), 'an unknown path makes no series of its own');
  t.false(answer.body.includes('some-id'));
});

test('every problem has a status of its kind', (t) => {
  for (const [code, status] of Object.entries(PROBLEMS)) t.true(status >= 400 && status < 600, code);
});

test('a refusal of the runtime keeps its code and its sentence', (t) => {
  const answer = answerTo(new RuntimeError('MAILBOX_FULL', 'order/a has 1000 messages, allowed 1000'), 'r-1');
  t.is(answer.status, 503);
  t.deepEqual(answer.body, {
    status: 'error',
    error: 'order/a has 1000 messages, allowed 1000',
    code: 'MAILBOX_FULL',
  });
});

test('a bug of the runtime keeps nothing', (t) => {
  const answer = answerTo(new RuntimeError('SNAPSHOT_UNREADABLE', 'secret context'), 'r-1');
  t.is(answer.status, 500);
  t.true(answer.unexpected);
  t.false(JSON.stringify(answer.body).includes('secret context'));
});

test('whatever is thrown gets an answer', (t) => {
  for (const thrown of [
    null,
    undefined,
    'text',
    42,
    {},
    { statusCode: 400 },
    Object.assign(new Error('x'), { statusCode: 403 }),
  ]) {
    const { status, body } = answerTo(thrown, 'r-1');
    t.is(status, 500);
    t.is(body.requestId, 'r-1');
  }
});

test('a body may have 1 MiB', (t) => {
  const { app } = server();
  t.is(app.initialConfig.bodyLimit, 1024 * 1024);
});
