import test from 'ava';
import { createGuard } from '../../actors/control/auth.ts';
import { buildServer } from '../../actors/control/server.ts';
import { BEARER, rig, server, TOKEN } from './support.ts';

const WRONG = { authorization: `Bearer ${TOKEN}x` };
const PUBLIC = ['/health/live', '/health/ready'];

interface Registered {
  readonly method: string;
  readonly url: string;
  /** Of a path that answers, the methods it does not answer to. */
  readonly refuses: boolean;
}

/** Every route as Fastify registered it, with parameters filled in. */
async function routesOf(options = rig()) {
  const app = buildServer(options);
  const routes: Registered[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const name of [method].flat()) routes.push({ method: name, url, refuses: config?.allow !== undefined });
  });
  await app.ready();
  const at = (url: string) => url.replace(':kind', 'order').replace(':id', 'a');
  return { app, routes: routes.map((route) => ({ ...route, url: at(route.url) })) };
}

test('the route table is this and no more', async (t) => {
  const { routes } = await routesOf();
  const answering = routes.filter(({ method, refuses }) => !refuses && method !== 'HEAD');
  t.deepEqual(answering.map(({ method, url }) => `${method} ${url}`).sort(), [
    'GET /',
    'GET /console/console.css',
    'GET /console/console.js',
    'GET /console/dom.js',
    'GET /console/feed.js',
    'GET /console/model.js',
    'GET /console/panel.js',
    'GET /console/table.js',
    'GET /debug/actors',
    'GET /debug/actors/order/a',
    'GET /debug/balances',
    'GET /debug/dead-letters',
    'GET /debug/ledger',
    'GET /debug/positions',
    'GET /debug/runtime',
    'GET /debug/stream',
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'POST /debug/actors/order/a/messages',
    'POST /debug/dead-letters/a/redrive',
  ]);
});

for (const [name, headers] of Object.entries({ 'without a token': {}, 'with a wrong token': WRONG })) {
  test(`every route but health refuses a request ${name}`, async (t) => {
    const { app, routes } = await routesOf();
    t.true(routes.length > 100, 'the table holds every method of every path');
    for (const { method, url } of routes.filter((route) => !PUBLIC.includes(route.url))) {
      const answer = await app.inject({ method: method as 'GET', url, headers: { host: 'localhost', ...headers } });
      t.is(answer.statusCode, 401, `${method} ${url}`);
    }
  });

  test(`what is not in the table refuses a request ${name} in the same words`, async (t) => {
    const { ask } = server();
    const { body } = await ask('GET', '/debug/actors', headers);
    for (const url of ['/nothing', '/debug', '/debug/', '/debug/actors/', '/console/', '/console/server.ts', '/*']) {
      const answer = await ask('GET', url, headers);
      t.is(answer.statusCode, 401, url);
      t.is(answer.body, body, url);
    }
  });
}

test('health answers without a token', async (t) => {
  const { ask } = server();
  for (const url of PUBLIC) {
    t.is((await ask('GET', url)).statusCode, 200, url);
    t.is((await ask('HEAD', url)).statusCode, 200, url);
  }
});

test('a path written another way is never public', async (t) => {
  const { ask } = server();
  const tricks = [
    '/health/live/../../debug/actors',
    '/health/live%2f..%2f..%2fdebug%2factors',
    '/health/%2e%2e/debug/actors',
    '//health/live',
    '/health//live',
    '/health/live/',
    '/HEALTH/LIVE',
    '/health/live;/debug/actors',
    '/health%00/live',
    '/%',
    '/debug/actors/%ff%fe',
    `/debug/actors/order/${'a'.repeat(5_000)}`,
  ];
  for (const url of tricks) {
    const answer = await ask('GET', url);
    t.is(answer.statusCode, 401, url);
    t.is(answer.json().code, 'TOKEN_REQUIRED', url);
  }
});

test('a broken path is told to who has the token', async (t) => {
  const { ask } = server();
  const broken = await ask('GET', '/debug/actors/order/%ff', BEARER);
  t.is(broken.statusCode, 400);
  t.deepEqual(broken.json(), {
    status: 'error',
    error: 'the path is not valid percent-encoded UTF-8',
    code: 'URL_INVALID',
  });
  const long = await ask('GET', `/debug/actors/order/${'a'.repeat(600)}`, BEARER);
  t.is(long.statusCode, 414);
  t.is(long.json().code, 'URL_TOO_LONG');
});

test('the method is what the request line says', async (t) => {
  const { ask } = server();
  for (const headers of [{ 'x-http-method-override': 'GET' }, { 'x-method-override': 'GET' }]) {
    const answer = await ask('POST', '/debug/actors?_method=GET', { ...BEARER, ...headers });
    t.is(answer.statusCode, 405);
    t.is(answer.headers['allow'], 'GET, HEAD');
    t.deepEqual(answer.json(), {
      status: 'error',
      error: 'this path answers to GET, HEAD',
      code: 'METHOD_NOT_ALLOWED',
    });
  }
});

test('every other method of every path is refused with 405', async (t) => {
  const { app, routes } = await routesOf();
  const paths = Map.groupBy(routes, ({ url }) => url);
  for (const [url, known] of paths) {
    const answers = known.filter(({ refuses }) => !refuses).map(({ method }) => method);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      if (answers.includes(method)) continue;
      const answer = await app.inject({ method, url, headers: { host: 'localhost', ...BEARER } });
      t.is(answer.statusCode, 405, `${method} ${url}`);
      t.truthy(answer.headers['allow']);
    }
  }
});

test('a stream cannot be opened by HEAD', async (t) => {
  const { ask } = server();
  t.is((await ask('HEAD', '/debug/stream', BEARER)).statusCode, 405);
});

test('a path that is not there is 404 in the common form', async (t) => {
  const { ask } = server();
  const answer = await ask('GET', '/nothing', BEARER);
  t.is(answer.statusCode, 404);
  t.regex(String(answer.headers['content-type']), /^application\/json/);
  t.is(answer.json().status, 'error');
  t.is(answer.json().code, 'ROUTE_NOT_FOUND');
});

test('a bearer token is taken in any case of its scheme, and only whole', async (t) => {
  const { ask } = server();
  const given = async (authorization: string) => (await ask('GET', '/debug/actors', { authorization })).statusCode;
  t.is(await given(`Bearer ${TOKEN}`), 200);
  t.is(await given(`bearer  ${TOKEN} `), 200);
  for (const wrong of [TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN} x`, 'Bearer ', '']) {
    t.is(await given(wrong), 401, wrong);
  }
});

test('a refusal says what to do, how to authenticate, and never the token', async (t) => {
  const { ask } = server();
  for (const answer of [await ask('GET', '/metrics'), await ask('GET', '/metrics', WRONG)]) {
    t.is(answer.headers['www-authenticate'], 'Bearer realm="meltica"');
    t.is(answer.json().status, 'error');
    t.false(answer.body.includes(TOKEN));
  }
  t.is((await ask('GET', '/metrics', WRONG)).json().code, 'TOKEN_WRONG');
});

test('the page logs a browser in by its address, once', async (t) => {
  const { ask } = server();
  const login = await ask('GET', `/?token=${TOKEN}&kind=order`);
  t.is(login.statusCode, 303);
  t.is(login.headers['location'], '/?kind=order');
  const cookie = String(login.headers['set-cookie']);
  t.regex(cookie, /^meltica_[0-9a-f]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  t.false(cookie.includes(TOKEN));
  const session = { cookie: cookie.split(';')[0] ?? '' };
  t.is((await ask('GET', '/', session)).statusCode, 200);
  t.is((await ask('GET', '/debug/actors', session)).statusCode, 200);
  t.is((await ask('GET', '/debug/actors', { ...session, ...WRONG })).statusCode, 401, 'a token given is the one meant');
});

test('a token in the address is taken on the page only, by GET only, and only the right one', async (t) => {
  const { ask } = server();
  for (const [method, url] of [
    ['GET', `/debug/actors?token=${TOKEN}`],
    ['GET', `/metrics?token=${TOKEN}`],
    ['GET', `/nothing?token=${TOKEN}`],
    ['GET', '/?token='],
    ['GET', `/?token=${TOKEN}x`],
    ['POST', `/?token=${TOKEN}`],
  ] as const) {
    const answer = await ask(method, url);
    t.is(answer.statusCode, 401, `${method} ${url}`);
    t.is(answer.headers['set-cookie'], undefined);
  }
});

test('the redirect after a login stays here', async (t) => {
  const { ask } = server();
  for (const url of [`//evil.example/?token=${TOKEN}`, `/%2f/evil.example?token=${TOKEN}`]) {
    t.is((await ask('GET', url)).statusCode, 401, url);
  }
  const login = await ask('GET', `/?token=${TOKEN}&//evil.example`);
  t.is(login.headers['location'], '/?%2F%2Fevil.example=');
});

test('a cookie of another token, or of nobody, is refused', async (t) => {
  const { ask, auth } = server();
  const ours = createGuard(auth, []).cookie;
  const other = createGuard({ token: `${TOKEN}-another` }, []).cookie;
  t.not(other.name, ours.name);
  const given = async (cookie: string) => (await ask('GET', '/', { cookie })).statusCode;
  t.is(await given(`${ours.name}=${ours.value}`), 200);
  t.is(await given(`${ours.name}=${other.value}`), 401);
  t.is(await given(`${ours.name}=${TOKEN}`), 401);
  t.is(await given(`${ours.name}=`), 401);
});

test('a Host that is not ours is 421, on every path and before the token is looked at', async (t) => {
  const { ask } = server();
  for (const host of ['evil.example', 'evil.example:8880', 'localhost.evil.example', '10.0.0.1', 'a b', '[::1']) {
    for (const url of ['/health/live', '/debug/actors', '/nothing']) {
      const answer = await ask('GET', url, { ...BEARER, host });
      t.is(answer.statusCode, 421, `${host} ${url}`);
      t.is(answer.json().code, 'HOST_NOT_ALLOWED');
    }
  }
});

test('loopback names and configured names are ours, on any port', async (t) => {
  const { ask } = server(rig({ allowedHosts: ['meltica.example', '[2001:db8::1]'] }));
  const ours = [
    'localhost',
    'LOCALHOST:1',
    '127.0.0.1:8880',
    '[::1]:9',
    'localhost.',
    'Meltica.Example:443',
    '[2001:db8::1]',
  ];
  for (const host of ours) t.is((await ask('GET', '/health/live', { host })).statusCode, 200, host);
});

test('the very address a request came to is ours', (t) => {
  const guard = createGuard({ token: TOKEN }, []);
  const asked = (host: string, localAddress: string) => () =>
    guard.admit({ access: 'public', headers: { host }, cookies: {}, queryToken: undefined, localAddress });
  t.is(asked('10.1.2.3:8880', '::ffff:10.1.2.3')(), 'admitted');
  t.throws(asked('10.1.2.3:8880', '10.1.2.4'));
});

test("another site's page may neither read nor log in", async (t) => {
  const { ask } = server();
  const foreign = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8880.evil.example' },
  ];
  for (const headers of foreign) {
    for (const url of ['/debug/actors', '/debug/stream', '/health/ready', `/?token=${TOKEN}`]) {
      const answer = await ask('GET', url, { ...BEARER, ...headers });
      t.is(answer.statusCode, 403, `${JSON.stringify(headers)} ${url}`);
      t.is(answer.json().code, 'CROSS_SITE');
      t.is(answer.headers['set-cookie'], undefined);
    }
  }
});

test('our own page, and a person who types the address, may', async (t) => {
  const { ask } = server();
  for (const headers of [
    { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8880' },
    { 'sec-fetch-site': 'none' },
    { origin: 'http://localhost:8880' },
  ]) {
    t.is((await ask('GET', '/debug/actors', { ...BEARER, ...headers })).statusCode, 200);
  }
});

test('no answer invites other origins, may be cached, or be framed', async (t) => {
  const { ask } = server();
  for (const answer of [await ask('GET', '/'), await ask('GET', '/', BEARER), await ask('GET', '/nothing', BEARER)]) {
    t.is(answer.headers['access-control-allow-origin'], undefined);
    t.is(answer.headers['cache-control'], 'no-store');
    t.is(answer.headers['x-content-type-options'], 'nosniff');
    t.is(answer.headers['referrer-policy'], 'no-referrer');
    const policy = String(answer.headers['content-security-policy']);
    t.true(policy.includes("default-src 'none'"));
    t.true(policy.includes("frame-ancestors 'none'"));
    t.false(policy.includes('unsafe'));
  }
});

test('a token that can be guessed is refused at start', (t) => {
  const weak = ['', 'secret', 'x'.repeat(31), `${'x'.repeat(40)} y`];
  for (const token of weak) t.throws(() => createGuard({ token }, []), { message: /at least 32 characters/ });
});

test('the token is not in any log line', async (t) => {
  const { ask, log } = server();
  await ask('GET', `/?token=${TOKEN}`);
  await ask('GET', `/debug/actors?token=${TOKEN}`, BEARER);
  await ask('GET', `/?token=${TOKEN}x`);
  t.true(log.lines.length >= 3);
  t.false(JSON.stringify(log.lines).includes(TOKEN));
});
