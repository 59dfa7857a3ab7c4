import { once } from 'node:events';
import net from 'node:net';
import test from 'ava';
import { createControl } from '../../actors/control/index.ts';
import { BEARER, rig, TOKEN } from './support.ts';
import { closed, listening, sendRaw } from './wire.ts';

const QUICK = { headersMs: 300, requestMs: 600, requestCheckMs: 50 };
const ASK = `GET /debug/runtime HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;

function problemOf(answer: string): { status: string; code: string } {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

test('listens where it was told and says so', async (t) => {
  const { control, port, log } = await listening(t);
  t.is(control.url, `http://127.0.0.1:${port}`);
  t.deepEqual(log.lines[0], { level: 'info', detail: { url: control.url }, text: 'the control API listens' });
  t.false(log.lines.some(({ level }) => level === 'warn'));
  const answer = await fetch(`${control.url}/debug/runtime`, { headers: BEARER });
  t.is(answer.status, 200);
});

test('warns when other machines can reach it', async (t) => {
  const { clock, log, ...options } = rig();
  const control = createControl({ ...options, clock, log });
  t.teardown(() => control.close());
  t.regex(await control.listen('0.0.0.0:0'), /^http:\/\/127\.0\.0\.1:\d+$/);
  t.true(log.lines.some(({ level, text }) => level === 'warn' && text.includes('not encrypted')));
});

test('a port in use is one sentence that names it and the way out', async (t) => {
  const { port } = await listening(t);
  const second = createControl(rig());
  t.teardown(() => second.close());
  await t.throwsAsync(second.listen(`127.0.0.1:${port}`), {
    name: 'ListenFault',
    message: new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: another process has it.*MELTICA_API_ADDR`),
  });
  t.is(second.url, null);
});

test('an address of another machine is refused with a sentence', async (t) => {
  const control = createControl(rig());
  t.teardown(() => control.close());
  await t.throwsAsync(control.listen('192.0.2.1:8880'), { name: 'ListenFault', message: /no such address/ });
});

test('a peer that sends its headers drop by drop is cut off with 408', async (t) => {
  const { port } = await listening(t, { limits: QUICK });
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n');
  const drip = setInterval(() => socket.write('x-a: b\r\n'), 20);
  await closed(socket);
  clearInterval(drip);
  t.regex(answer, /^HTTP\/1\.1 408 /);
  t.is(problemOf(answer).code, 'REQUEST_TIMEOUT');
});

test('a peer that connects and says nothing is cut off', async (t) => {
  const { port } = await listening(t, { limits: QUICK });
  const answer = await sendRaw(port, '');
  t.true(answer === '' || answer.startsWith('HTTP/1.1 408 '));
});

test('a body that never ends is cut off', async (t) => {
  const { port } = await listening(t, { limits: QUICK });
  const answer = await sendRaw(
    port,
    `${ASK.replace('GET', 'POST')}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
  );
  t.regex(answer, /^HTTP\/1\.1 40[58] /);
});

test('headers above the bound are 431', async (t) => {
  const { port } = await listening(t);
  const answer = await sendRaw(port, `${ASK}x-long: ${'a'.repeat(20_000)}\r\n\r\n`);
  t.regex(answer, /^HTTP\/1\.1 431 /);
  t.deepEqual(problemOf(answer), { status: 'error', error: 'the headers are too large', code: 'HEADERS_TOO_LARGE' });
});

test('a query above the bound is 431 too', async (t) => {
  const { port } = await listening(t);
  const answer = await sendRaw(port, `GET /?${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  t.regex(answer, /^HTTP\/1\.1 431 /);
});

for (const [what, bytes] of Object.entries({
  'other bytes': '\u0016\u0003\u0001\u0002\u0000\r\n\r\n',
  'a request without Host': 'GET /health/live HTTP/1.1\r\n\r\n',
  'two lengths': `${ASK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
  'a length and chunks': `${ASK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a bare line break in a header': `${ASK}x-a: b\nx-c: d\r\n\r\n`,
})) {
  test(`${what} is 400 and the connection ends`, async (t) => {
    const { port } = await listening(t);
    t.regex(await sendRaw(port, bytes), /^HTTP\/1\.1 400 /);
  });
}

test('an old request without Host is not ours', async (t) => {
  const { port } = await listening(t);
  t.regex(await sendRaw(port, 'GET /health/live HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 421 /);
});

test('a request line with a whole address is judged by its Host, and its path like any other', async (t) => {
  const { port } = await listening(t);
  const whole = (host: string) =>
    sendRaw(port, `GET http://evil.example/debug/actors HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  t.regex(await whole('localhost'), /^HTTP\/1\.1 401 /);
  t.regex(await whole('evil.example'), /^HTTP\/1\.1 421 /);
});

test('an upgrade and a tunnel are refused', async (t) => {
  const { port } = await listening(t, { limits: QUICK });
  const upgrade = `${ASK}Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  t.notRegex(await sendRaw(port, upgrade), /^HTTP\/1\.1 101 /);
  t.notRegex(await sendRaw(port, 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n'), /^HTTP\/1\.1 200 /);
});

test('a second request on one connection is asked for its own token', async (t) => {
  const { port } = await listening(t);
  const answer = await sendRaw(
    port,
    `${ASK}\r\nGET /debug/runtime HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  t.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 401']);
});

test('connections above the bound are closed, and the log says so', async (t) => {
  const { port, log } = await listening(t, { limits: { connectionsMax: 3 } });
  const open = Array.from({ length: 3 }, () => net.connect(port, '127.0.0.1'));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
  });
  await Promise.all(open.map((socket) => once(socket, 'connect')));
  t.is(await sendRaw(port, `${ASK}\r\n`), '');
  t.true(log.lines.some(({ level, text }) => level === 'warn' && text.includes('too many')));
  open[0]?.destroy();
  const answered = async () => (await sendRaw(port, `${ASK}Connection: close\r\n\r\n`)).startsWith('HTTP/1.1 200');
  while (!(await answered()));
  t.pass();
});

test('closing cuts a request that is never answered, after a moment', async (t) => {
  t.timeout(30_000, 'the connection was not cut');
  const { control, port, clock, inspector } = await listening(t);
  const asked = Promise.withResolvers<void>();
  inspector.find = () => {
    asked.resolve();
    return new Promise(() => undefined);
  };
  const answer = sendRaw(port, ASK.replace('/debug/runtime', '/debug/actors/order/a').concat('\r\n'));
  await asked.promise;
  let over = false;
  const closing = control.close().then(() => {
    over = true;
  });
  clock.advance(1_999);
  await new Promise((resolve) => setImmediate(resolve));
  t.false(over, 'it is given its moment');
  clock.advance(1);
  await closing;
  t.is(await answer, '');
});

test('closing lets a request under way finish', async (t) => {
  const { control, port, inspector } = await listening(t);
  const asked = Promise.withResolvers<void>();
  const found = Promise.withResolvers<null>();
  inspector.find = () => {
    asked.resolve();
    return found.promise;
  };
  const answer = sendRaw(port, ASK.replace('/debug/runtime', '/debug/actors/order/a').concat('\r\n'));
  await asked.promise;
  const closing = control.close();
  found.resolve(null);
  t.regex(await answer, /^HTTP\/1\.1 404 /);
  await closing;
  await t.throwsAsync(fetch(`http://127.0.0.1:${port}/health/live`));
});

test('closing twice, or before listening, is harmless', async (t) => {
  const { control } = await listening(t);
  await control.close();
  await control.close();
  await createControl(rig()).close();
  t.pass();
});
