// The network of the tests is bad only in the ways it is told to be.
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

interface Line {
  readonly proxy: TcpProxy;
  readonly client: net.Socket;
  /** What the server has heard so far, and the client. */
  readonly heard: () => string;
  readonly back: () => string;
  readonly ended: Promise<unknown>;
}

/** A client and a server that says back what it hears. */
async function line(t: ExecutionContext): Promise<Line> {
  const ended = Promise.withResolvers<void>();
  let heard = '';
  let back = '';
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += String(bytes);
      socket.write(bytes);
    });
    socket.on('close', () => ended.resolve());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const proxy = await tcpProxy({ host: '127.0.0.1', port: (server.address() as net.AddressInfo).port });
  t.teardown(() => proxy[Symbol.asyncDispose]());
  const client = net.connect(proxy.port, '127.0.0.1');
  client.on('error', () => {});
  client.setNoDelay(true);
  client.on('data', (bytes) => {
    back += String(bytes);
  });
  await say(client, '0 ');
  await until(() => back === '0 ');
  return { proxy, client, heard: () => heard, back: () => back, ended: ended.promise };
}

function say(client: net.Socket, text: string): Promise<void> {
  return new Promise((resolve) => client.write(text, () => resolve()));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(5);
}

test('what was slow is not overtaken by what came when the line was fast again', async (t) => {
  const { proxy, client, heard } = await line(t);
  proxy.delay(300);
  await say(client, 'first ');
  await until(() => proxy.held('toServer') > 0);
  t.is(heard(), '0 ', 'it is on its way');
  proxy.delay(0);
  await say(client, 'second ');
  await until(() => heard().length >= '0 first second '.length);
  t.is(heard(), '0 first second ');
  t.is(proxy.held('toServer'), 0);
});

test('a delay holds every byte that long, and bytes at different times apart', async (t) => {
  const { proxy, client, heard } = await line(t);
  proxy.delay(200);
  const startedAt = performance.now();
  await say(client, 'a');
  await pause(50);
  await say(client, 'b');
  await until(() => heard() === '0 a');
  t.true(performance.now() - startedAt >= 199);
  await until(() => heard() === '0 ab');
  t.true(performance.now() - startedAt >= 245);
});

test('a client that leaves while the line is slow is heard to the end before its end is', async (t) => {
  const { proxy, client, heard, ended } = await line(t);
  proxy.delay(250);
  client.end('last words');
  await ended;
  t.is(heard(), '0 last words');
});

test('a stall holds its direction alone, keeps the order, and lets go of everything when it is over', async (t) => {
  const { proxy, client, heard, back, ended } = await line(t);
  proxy.stall('toClient');
  await say(client, 'one ');
  await until(() => heard() === '0 one ');
  await until(() => proxy.held('toClient') === 'one '.length);
  proxy.stall('toServer');
  await say(client, 'two ');
  client.end('three ');
  await until(() => proxy.held('toServer') === 'two three '.length);
  t.is(heard(), '0 one ');
  t.is(back(), '0 ');
  proxy.resume();
  await ended;
  t.is(heard(), '0 one two three ');
});

test('a stall of all holds what later connections say as well', async (t) => {
  const { proxy, heard } = await line(t);
  proxy.stallAll('toServer');
  const late = net.connect(proxy.port, '127.0.0.1');
  t.teardown(() => late.destroy());
  await say(late, 'late ');
  await until(() => proxy.held('toServer') === 'late '.length);
  t.is(heard(), '0 ');
  proxy.resume();
  await until(() => heard() === '0 late ');
  t.is(proxy.held('toServer'), 0);
});

test('a repeated direction says every piece twice, the other once, until it is told to stop', async (t) => {
  const { proxy, client, heard } = await line(t);
  proxy.repeat('toServer');
  await say(client, 'a ');
  await until(() => heard() === '0 a a ');
  t.is(proxy.repeated, 1);
  proxy.repeat('toServer', false);
  await say(client, 'b ');
  await until(() => heard() === '0 a a b ');
  t.is(proxy.repeated, 1);
});

test('a cut loses what is held and ends both sides', async (t) => {
  const { proxy, client, heard, ended } = await line(t);
  proxy.delay(60_000);
  const closed = new Promise((resolve) => client.once('close', resolve));
  await say(client, 'lost');
  await until(() => proxy.held('toServer') > 0);
  proxy.cut();
  await Promise.all([closed, ended]);
  t.is(heard(), '0 ');
});
