import { once } from 'node:events';
import http from 'node:http';
import test from 'ava';
import { BEARER } from './support.ts';
import { listening, openStream, until } from './wire.ts';

const SMALL = { backlogMax: 50, backlogCharsMax: 64 * 1024 };

test('streams each transition from the moment it is open', async (t) => {
  const { inspector, port, clock } = await listening(t);
  inspector.move('order/a', '@init', 'reserving');
  const stream = await openStream(port);
  t.is(stream.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  t.is(stream.response.headers['cache-control'], 'no-store');
  t.is(stream.response.headers['x-content-type-options'], 'nosniff');
  t.deepEqual((await stream.nth('opened', 0)).data, { at: clock.now(), phase: 'running', epoch: '7' });
  const view = inspector.move('order/a', 'SubmitAcked', 'working', { text: 'line\nbreak and \r too' });
  t.deepEqual((await stream.nth('transition', 0)).data, view);
  t.is(stream.events.length, 2);
});

test('lets through only the kind, or only the actor, that was asked for', async (t) => {
  const { inspector, port } = await listening(t);
  const orders = await openStream(port, '?kind=order');
  const one = await openStream(port, '?key=order%2Fb');
  for (const key of ['order-book/a', 'order/a', 'risk/order', 'order/b'] as const) inspector.move(key, 'X', 'y');
  await orders.nth('transition', 1);
  await one.nth('transition', 0);
  const keys = (events: typeof orders.events) => events.slice(1).map(({ data }) => data.key);
  t.deepEqual(keys(orders.events), ['order/a', 'order/b']);
  t.deepEqual(keys(one.events), ['order/b']);
});

test('keeps the order of commits', async (t) => {
  const { inspector, port } = await listening(t);
  const stream = await openStream(port);
  for (let index = 0; index < 500; index += 1) inspector.move(`order/${index % 7}`, 'Tick', 'working', { index });
  await stream.nth('transition', 499);
  t.deepEqual(
    stream.events.slice(1).map(({ data }) => data.body.index),
    Array.from({ length: 500 }, (_, index) => index),
  );
});

test('beats, so that either side notices a dead connection', async (t) => {
  const { clock, port } = await listening(t);
  const stream = await openStream(port);
  clock.advance(10_000);
  t.deepEqual((await stream.nth('heartbeat', 0)).data, { at: clock.now() });
  clock.advance(10_000);
  t.deepEqual((await stream.nth('heartbeat', 1)).data, { at: clock.now() });
});

test('listens to the runtime only while somebody reads', async (t) => {
  const { inspector, port } = await listening(t);
  t.is(inspector.listeners, 0);
  const first = await openStream(port);
  const second = await openStream(port);
  t.is(inspector.listeners, 1);
  first.response.destroy();
  second.response.destroy();
  await until(() => inspector.listeners === 0);
  const third = await openStream(port);
  inspector.move('order/a', '@init', 'working');
  await third.nth('transition', 0);
  t.is(inspector.listeners, 1);
});

test('a reader that does not read is bounded, then hears how much it missed and the newest states', async (t) => {
  const { inspector, port, metrics } = await listening(t, { limits: SMALL });
  const slow = await openStream(port);
  await slow.nth('opened', 0);
  slow.response.pause();
  const body = { text: 'x'.repeat(10_000) };
  const sent = 4_000;
  for (let index = 0; index < sent; index += 1) {
    inspector.move(`order/${index % 3}`, 'Tick', `s${index}`, body);
    if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const buffered = await metrics.getSingleMetricAsString('meltica_debug_stream_dropped');
  t.true(Number(/ (\d+)$/.exec(buffered)?.[1]) > 1_000, 'most was dropped while it did not read');
  slow.response.resume();
  await until(() => slow.events.some(({ data }) => data.to === `s${sent - 1}`));
  const shown = slow.events.filter(({ name }) => name === 'transition');
  const told = slow.events.filter(({ name }) => name === 'dropped').reduce((sum, { data }) => sum + data.count, 0);
  t.is(shown.length + told, sent, 'every transition was shown or counted');
  const last = Object.fromEntries(shown.map(({ data }) => [data.key, data.to]));
  t.deepEqual(last, { 'order/0': 's3999', 'order/1': 's3997', 'order/2': 's3998' });
});

test('an actor that moves much does not push the news of another out of sight', async (t) => {
  const { inspector, port } = await listening(t, { limits: SMALL });
  const slow = await openStream(port);
  await slow.nth('opened', 0);
  slow.response.pause();
  const body = { text: 'x'.repeat(10_000) };
  const chatter = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      inspector.move('order/chatty', 'Tick', 'working', body);
      if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await chatter(3_000);
  inspector.move('order/quiet', 'OrderFilled', 'filled');
  await chatter(500);
  slow.response.resume();
  await until(() => slow.events.some(({ data }) => data.key === 'order/quiet' || data.number === 3_500));
  t.true(slow.events.some(({ data }) => data.key === 'order/quiet'));
});

test('a slow reader does not slow a quick one', async (t) => {
  const { inspector, port } = await listening(t, { limits: SMALL });
  const slow = await openStream(port);
  const quick = await openStream(port);
  await slow.nth('opened', 0);
  slow.response.pause();
  const body = { text: 'x'.repeat(10_000) };
  for (let index = 0; index < 1_500; index += 1) {
    inspector.move('order/a', 'Tick', `s${index}`, body);
    if (index % 5 === 0) await quick.nth('transition', index);
  }
  await quick.nth('transition', 1_499);
  t.false(quick.events.some(({ name }) => name === 'dropped'));
});

test('a reader that takes nothing for too long is cut off, and the log says so', async (t) => {
  const { inspector, port, clock, log } = await listening(t, { limits: SMALL });
  const dead = await openStream(port);
  await dead.nth('opened', 0);
  dead.response.pause();
  const body = { text: 'x'.repeat(60_000) };
  for (let index = 0; index < 400; index += 1) {
    inspector.move('order/a', 'Tick', 'working', body);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(inspector.listeners, 1);
  for (let beat = 0; beat < 5; beat += 1) clock.advance(10_000);
  await until(() => inspector.listeners === 0);
  t.true(log.lines.some(({ level, text }) => level === 'warn' && text.includes('cut off')));
});

test('one transition larger than all that is kept is counted, not kept', async (t) => {
  const { inspector, port } = await listening(t, { limits: SMALL });
  const stream = await openStream(port);
  inspector.move('order/a', 'Huge', 'working', { text: 'x'.repeat(100_000) });
  inspector.move('order/a', 'Small', 'working');
  t.is((await stream.nth('transition', 0)).data.type, 'Small');
  t.deepEqual((await stream.nth('dropped', 0)).data, { count: 1 });
});

test('a transition that cannot be written does not reach the runtime as an error', async (t) => {
  const { inspector, port, log } = await listening(t);
  const stream = await openStream(port);
  const unreadable = {
    get text(): string {
      throw new Error('unreadable');
    },
  };
  t.notThrows(() => inspector.move('order/a', 'Odd', 'working', unreadable));
  inspector.move('order/a', 'Fine', 'working');
  t.is((await stream.nth('transition', 0)).data.type, 'Fine');
  t.like(log.lines.at(-1), { level: 'error', detail: { key: 'order/a', number: 1 } });
});

test('refuses one stream too many, and takes it when another has gone', async (t) => {
  const { port, inspector } = await listening(t, { limits: { streamsMax: 2 } });
  const first = await openStream(port);
  await openStream(port);
  const refused = await fetch(`http://127.0.0.1:${port}/debug/stream`, { headers: BEARER });
  t.is(refused.status, 503);
  t.is(((await refused.json()) as { code: string }).code, 'STREAMS_EXHAUSTED');
  first.response.destroy();
  const asked = async () => (await openStream(port)).response;
  let response = await asked();
  while (response.statusCode !== 200) response = await asked();
  t.is(inspector.listeners, 1);
});

test('refuses a filter it does not know', async (t) => {
  const { port } = await listening(t);
  const answer = await fetch(`http://127.0.0.1:${port}/debug/stream?actor=x`, { headers: BEARER });
  t.is(answer.status, 400);
  await answer.body?.cancel();
});

test('ends its streams when it closes, also the one that does not read', async (t) => {
  const { control, port, inspector } = await listening(t, { limits: SMALL });
  const quick = await openStream(port);
  const slow = await openStream(port);
  slow.response.pause();
  for (let index = 0; index < 800; index += 1) {
    inspector.move('order/a', 'Tick', 'working', { text: 'x'.repeat(20_000) });
    if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await control.close();
  await quick.ended;
  t.is(inspector.listeners, 0);
});

test('a reader that leaves in the middle is forgotten', async (t) => {
  const { inspector, port } = await listening(t);
  for (let round = 0; round < 20; round += 1) {
    const request = http.get({ port, host: '127.0.0.1', path: '/debug/stream', headers: BEARER, agent: false });
    request.on('error', () => undefined);
    await once(request, 'response');
    inspector.move('order/a', 'Tick', 'working');
    request.destroy();
  }
  await until(() => inspector.listeners === 0);
  t.pass();
});
