import test from 'ava';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { BEARER, rig, server } from './support.ts';

function world() {
  const made = server();
  const get = async (url: string) => {
    const answer = await made.ask('GET', url, BEARER);
    return { status: answer.statusCode, body: answer.json() };
  };
  return { ...made, get };
}

test('lists live actors with what an operator wants to know of each', async (t) => {
  const { get, inspector } = world();
  inspector.move('order/a', '@init', 'reserving');
  const view = inspector.move('order/a', 'SubmitAcked', 'working');
  const { status, body } = await get('/debug/actors');
  t.is(status, 200);
  t.deepEqual(body, {
    actors: [
      {
        key: 'order/a',
        kind: 'order',
        status: 'active',
        state: 'working',
        version: 2,
        machineVersion: 1,
        mailboxDepth: 0,
        pendingTimers: 1,
        pendingEffects: 0,
        lastTransitionAt: view.at,
        lastMessage: 'SubmitAcked',
      },
    ],
    count: 1,
    next: null,
  });
});

test('pages through a list by its cursor and gets each actor once', async (t) => {
  const { get, inspector } = world();
  for (let index = 0; index < 25; index += 1) inspector.move(`order/${index + 100}`, '@init', 'working');
  const keys: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const { body } = await get(`/debug/actors?limit=10${next === '' ? '' : `&after=${encodeURIComponent(next)}`}`);
    keys.push(...body.actors.map(({ key }: { key: string }) => key));
    next = body.next;
  }
  t.is(keys.length, 25);
  t.is(new Set(keys).size, 25);
});

test('a page that ends with the list has no cursor', async (t) => {
  const { get, inspector } = world();
  for (const id of ['a', 'b', 'c']) inspector.move(`order/${id}`, '@init', 'working');
  t.is((await get('/debug/actors?limit=3')).body.next, null);
  t.is((await get('/debug/actors?limit=2')).body.next, 'order/b');
});

test('filters by kind and state', async (t) => {
  const { get, inspector } = world();
  inspector.move('order/a', '@init', 'working');
  inspector.move('order/b', '@init', 'filled');
  inspector.move('risk/a', '@init', 'working');
  const keys = async (query: string) =>
    (await get(`/debug/actors?${query}`)).body.actors.map(({ key }: { key: string }) => key);
  t.deepEqual(await keys('kind=order'), ['order/a', 'order/b']);
  t.deepEqual(await keys('state=working'), ['order/a', 'risk/a']);
  t.deepEqual(await keys('kind=order&state=filled'), ['order/b']);
  t.deepEqual(await keys('kind=nothing'), []);
});

test('tells the phase, the figures and the kinds that live', async (t) => {
  const { get, inspector, clock } = world();
  for (const key of ['bus/main', 'order/a', 'order/b', 'order-book/a', 'risk/a'] as const) {
    inspector.move(key, '@init', 'ready');
  }
  const { body } = await get('/debug/runtime');
  t.is(body.phase, 'running');
  t.is(body.now, clock.now());
  t.is(body.actors, 5);
  t.deepEqual(body.kinds.sort(), ['bus', 'order', 'order-book', 'risk']);
});

for (const [query, sentence] of [
  ['limit=0', /limit must be >= 1/],
  ['limit=501', /limit must be <= 500/],
  ['limit=bogus', /limit must be integer/],
  ['limit=1&limit=2', /limit must be integer/],
  ['limit=1.5', /limit must be integer/],
  ['kind=', /kind must NOT have fewer/],
  ['kind=a&kind=b', /kind must be string/],
  ['state=%00', /state must match/],
  ['sort=key', /there is no parameter "sort"/],
  [`after=${'a'.repeat(700)}`, /after must NOT have more/],
] as const) {
  test(`refuses the query ${query.slice(0, 30)} and names what is wrong with it`, async (t) => {
    const { get } = world();
    const { status, body } = await get(`/debug/actors?${query}`);
    t.is(status, 400);
    t.is(body.status, 'error');
    t.is(body.code, 'QUERY_INVALID');
    t.regex(body.error, sentence);
  });
}

test('shows one actor with its snapshot, what it accepts, timers, effects and last transitions', async (t) => {
  const { get, inspector } = world();
  inspector.move('order/a', '@init', 'reserving', { side: 'Buy' });
  inspector.move('order/a', 'ReservationGranted', 'claiming');
  inspector.move('order/a', 'SubmitGranted', 'submitting');
  const { status, body } = await get('/debug/actors/order/a?transitions=2');
  t.is(status, 200);
  t.is(body.key, 'order/a');
  t.is(body.snapshot.v, 'submitting');
  t.deepEqual(body.accepts, ['CancelOrder', 'OrderReported', 'ReconcileRequested']);
  t.is(body.timers.length, 1);
  t.is(body.effects[0].name, 'submitOrder');
  t.deepEqual(
    body.transitions.map(({ number, type, from, to }: { [name: string]: unknown }) => [number, type, from, to]),
    [
      [3, 'SubmitGranted', 'claiming', 'submitting'],
      [2, 'ReservationGranted', 'reserving', 'claiming'],
    ],
  );
  t.is((await get('/debug/actors/order/a?transitions=0')).body.transitions.length, 0);
});

test('an id may hold any character that can be encoded', async (t) => {
  const { get, inspector } = world();
  for (const id of ['a/b', 'a b', '50%', 'ä#?&=+', 'a;b', '日本', '%2F']) {
    inspector.move(`order/${id}`, '@init', 'working');
    const { status, body } = await get(`/debug/actors/order/${encodeURIComponent(id)}`);
    t.is(status, 200, id);
    t.is(body.key, `order/${id}`);
  }
});

test('an actor that never was is 404 and named', async (t) => {
  const { get } = world();
  t.deepEqual(await get('/debug/actors/order/nobody'), {
    status: 404,
    body: {
      status: 'error',
      error: 'there is no actor order/nobody; GET /debug/actors lists the live ones',
      code: 'ACTOR_NOT_FOUND',
    },
  });
});

test('a control character in an id is refused before anybody is asked', async (t) => {
  const { get, inspector } = world();
  inspector.failure = new Error('asked');
  for (const id of ['%00', 'a%0ab', '%7f']) t.is((await get(`/debug/actors/order/${id}`)).status, 400, id);
});

test('lists dead letters', async (t) => {
  const { get, inspector } = world();
  const letter = { key: 'order/a', type: 'Fill', reason: 'unhandled', error: 'no transition', createdAt: 5 } as const;
  inspector.letters.push({ id: '1', ...letter }, { id: '2', ...letter });
  t.deepEqual((await get('/debug/dead-letters?limit=1')).body, { deadLetters: [{ id: '1', ...letter }], count: 1 });
});

test('values under secret-like keys do not leave, wherever an actor put them', async (t) => {
  const { get, inspector } = world();
  const canary = 'canary-7f3a';
  inspector.move('provider/x', 'Configure', 'running', {
    settings: { apiKey: canary, 'API-Secret': [canary], pass: 1 },
  });
  inspector.letters.push({
    id: '1',
    key: 'provider/x',
    type: 'Configure',
    reason: 'poison',
    error: `login failed: password=${canary} at https://user:${canary}@venue.example/`,
    createdAt: 1,
  });
  const detail = await get('/debug/actors/provider/x');
  t.is(detail.body.transitions[0].body.settings.apiKey, '[redacted]');
  t.is(detail.body.transitions[0].body.settings.pass, 1);
  t.false(JSON.stringify(detail.body).includes(canary));
  t.false(JSON.stringify((await get('/debug/dead-letters')).body).includes(canary));
});

test('an unexpected error is told to the log, and to the caller only where to look', async (t) => {
  const { get, inspector, log } = world();
  inspector.failure = new Error('relation "actors" does not exist: select secret from actors');
  const { status, body } = await get('/debug/actors/order/a');
  t.is(status, 500);
  t.is(body.code, 'INTERNAL');
  t.false(JSON.stringify(body).includes('select'));
  const line = log.lines.find(({ level }) => level === 'error');
  t.like(line?.detail, { requestId: body.requestId, err: inspector.failure });
});

test('two requests have two ids', async (t) => {
  const { get, inspector } = world();
  inspector.failure = new Error('x');
  const ids = [await get('/debug/actors/order/a'), await get('/debug/actors/order/a')].map(
    ({ body }) => body.requestId,
  );
  t.not(ids[0], ids[1]);
});

test('a database that does not answer is 503, which may be tried again', async (t) => {
  const { ask, inspector } = server(rig());
  inspector.failure = new StoreFault('unknown', 'connection terminated: postgres://u:p@db/x', '08006');
  const answer = await ask('GET', '/debug/actors/order/a', BEARER);
  t.is(answer.statusCode, 503);
  t.is(answer.headers['retry-after'], '1');
  t.is(answer.json().code, 'DATABASE_UNAVAILABLE');
  t.false(answer.body.includes('postgres://'));
});
