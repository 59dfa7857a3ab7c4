// No credential leaves the adapter: not in errors, outcomes, reasons or dumps, in no encoding, even when the venue
// echoes everything it was sent.
import { createHmac } from 'node:crypto';
import process from 'node:process';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { redactor } from '../../actors/exchanges/wire/redact.ts';
import { closeSessions, heard, limitOrder, never, openAdapter, until } from '../support/binance.ts';
import { fakeVenue, type SeenRequest } from '../support/fake-venue.ts';

test.after.always('close what a failed test left open', closeSessions);

const CANARY = { apiKey: 'c4naryKEY+/=ofTheAccount', apiSecret: 'c4narySECRET+/=ofTheAccount' };
const FORMS = Object.values(CANARY).flatMap((text) => [
  text,
  encodeURIComponent(text),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
  Buffer.from(text).toString('hex'),
]);
/** -1013 is definitive, -1000 is not: the words go different ways. */
const echo = (code: number) => (request: SeenRequest) => {
  const msg = [...FORMS, request.raw, JSON.stringify(request.headers)].join(' | ');
  return { status: 400, json: { code, msg } };
};
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => unexpected(),
    (error: unknown) => error,
  );
function unexpected(): never {
  throw new Error('it was expected to fail');
}

/** Everything a log, a debugger or an API could make of these things. */
function refuseCanaries(t: ExecutionContext, things: readonly unknown[], marked = true): void {
  const said = things.flatMap((thing) => {
    const texts = [inspect(thing, { depth: 12, showHidden: true }), JSON.stringify(thing) ?? '', String(thing)];
    return thing instanceof Error ? [...texts, thing.stack ?? '', inspect(thing.cause)] : texts;
  });
  const all = said.join('\n');
  for (const form of FORMS) t.false(all.includes(form), `found ${form.slice(0, 12)}`);
  t.notRegex(all, /[0-9a-f]{64}/i, 'found a signature');
  // That something was taken out shows that there was something.
  t.is(all.includes('[secret]'), marked);
}

test('a session shows nothing of its credentials', async (t) => {
  await using venue = await fakeVenue(CANARY);
  const session = await openAdapter(venue.settings);
  refuseCanaries(t, [session], false);
  await session.close();
});

test('outcomes of orders hold no credential and no signature', async (t) => {
  await using venue = await fakeVenue(CANARY);
  const session = await openAdapter(venue.settings);
  const ref = { clientOrderId: 'm1order1', symbol: 'BTC-USDT' };
  for (const code of [-1013, -1000]) {
    for (const method of ['POST', 'DELETE', 'GET']) venue.stays(`${method} /api/v3/order`, echo(code));
    refuseCanaries(t, [await session.submit(limitOrder(), never)]);
    refuseCanaries(t, [await session.cancel(ref, never)]);
    refuseCanaries(t, [await session.query(ref, never)]);
  }
  await session.close();
});

test('errors of reads hold no credential and no signature', async (t) => {
  await using venue = await fakeVenue(CANARY);
  const session = await openAdapter(venue.settings);
  venue.stays('GET /api/v3/account', echo(-1013));
  refuseCanaries(t, [await errorOf(session.balances(never))]);
  const odd = {
    symbol: 'BTCUSDT',
    orderId: 1,
    clientOrderId: 'x',
    price: '1',
    origQty: '1',
    executedQty: '0',
    side: 'BUY',
  };
  const order = { ...odd, status: CANARY.apiSecret, time: 1, updateTime: 1 };
  venue.stays('GET /api/v3/openOrders', { status: 200, json: [order] });
  refuseCanaries(t, [await errorOf(session.openOrders(never))]);
  await session.close();
});

test('reasons of a lost connection hold no credential', async (t) => {
  await using venue = await fakeVenue(CANARY);
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.toUser({
    e: 'executionReport',
    s: 'BTCUSDT',
    c: 'a',
    S: 'BUY',
    q: '1',
    p: '1',
    x: 'NEW',
    X: CANARY.apiKey,
    i: 1,
    l: '0',
    z: '0',
    L: '0',
    T: 1,
    t: -1,
    m: false,
  });
  await until('the reconnect', () => listener.changes.includes('connected'));
  refuseCanaries(t, listener.changes);
  await session.close();
});

test('the error of a refused connection holds no credential', async (t) => {
  await using venue = await fakeVenue(CANARY);
  venue.userReplies.push({ code: -1022, msg: FORMS.join(' ') });
  refuseCanaries(t, [await errorOf(openAdapter(venue.settings))]);
});

test('signatures are taken out in hex and in base64, however they are written', (t) => {
  const redact = redactor([]);
  for (let count = 0; count < 200; count += 1) {
    for (const algorithm of ['sha256', 'sha512']) {
      const signature = createHmac(algorithm, 'secret').update(String(count)).digest();
      const base64 = signature.toString('base64');
      const written = [base64, encodeURIComponent(base64), base64.replaceAll('/', '\\/'), signature.toString('hex')];
      for (const form of written) {
        const said = redact(JSON.stringify({ 'OK-ACCESS-SIGN': form, code: '50113' }).replaceAll('\\\\', '\\'));
        t.regex(said, /^\{"OK-ACCESS-SIGN":"(\[signature\])+","code":"50113"\}$/, form);
      }
    }
  }
});

test('words, ids and numbers are no signatures, and long ones take no time', (t) => {
  const redact = redactor([]);
  for (const text of ['Order failed. Insufficient USDT balance in account.', 'ordId=312269865356374016', 'a=b']) {
    t.is(redact(text), text);
  }
  const secret = 'x!'.repeat(2_000);
  t.notRegex(redactor([secret])(secret.repeat(60)), /x!/);
  const before = process.threadCpuUsage();
  redact('x'.repeat(4_000_000));
  const { user, system } = process.threadCpuUsage(before);
  t.true(user + system < 500_000, `${user + system} us`);
});
