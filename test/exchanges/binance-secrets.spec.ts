// No credential leaves the adapter: not in errors, outcomes, reasons or dumps, in no encoding.
import { inspect } from 'node:util';
import test from 'ava';
import type { ExchangeSettings } from '../../actors/exchanges/exchange.ts';
import { closeSessions, heard, limitOrder, never, openAdapter, until } from '../support/binance.ts';
import { fakeVenue } from '../support/fake-venue.ts';

test.after.always('close what a failed test left open', closeSessions);

const NOBODY = '127.0.0.1:1';
const CANARY = { apiKey: 'c4naryKEY+/=ofTheAccount', apiSecret: 'c4narySECRET+/=ofTheAccount' };
const FORMS = Object.values(CANARY).flatMap((text) => [
  text,
  encodeURIComponent(text),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
  Buffer.from(text).toString('hex'),
]);

test('no error, outcome, reason or dump holds a credential or a signature, even when the venue echoes them', async (t) => {
  await using venue = await fakeVenue(CANARY);
  const said: string[] = [];
  const note = (thing: unknown) => {
    said.push(inspect(thing, { depth: 12, showHidden: true }), JSON.stringify(thing) ?? '', String(thing));
    if (thing instanceof Error) said.push(thing.stack ?? '', inspect(thing.cause));
  };
  const echo = (request: { headers: object; raw: string }) => {
    const msg = [...FORMS, request.raw, JSON.stringify(request.headers)].join(' | ');
    return { status: 400, json: { code: -1013, msg } };
  };
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  note(session);
  for (const route of [
    'POST /api/v3/order',
    'DELETE /api/v3/order',
    'GET /api/v3/order',
    'GET /api/v3/account',
    'GET /api/v3/openOrders',
  ]) {
    venue.stays(route, echo);
  }
  note(await session.submit(limitOrder(), never));
  const ref = { clientOrderId: 'm1order1', symbol: 'BTC-USDT' };
  note(await session.cancel(ref, never));
  note(await session.query(ref, never));
  for (const read of [session.balances(never), session.openOrders(never)])
    note(
      await read.then(
        () => 'read',
        (error: unknown) => error,
      ),
    );
  const odd = {
    symbol: 'BTCUSDT',
    orderId: 1,
    clientOrderId: 'x',
    price: '1',
    origQty: '1',
    executedQty: '0',
    side: 'BUY',
  };
  venue.stays('GET /api/v3/openOrders', {
    status: 200,
    json: [{ ...odd, status: CANARY.apiSecret, time: 1, updateTime: 1 }],
  });
  note(
    await session.openOrders(never).then(
      () => 'read',
      (error: unknown) => error,
    ),
  );
  venue.rawToUser(`not JSON ${FORMS.join(' ')}`);
  await until('the reconnect', () => listener.changes.includes('connected'));
  note(listener.changes);
  await session.close();
  venue.userReplies.push({ code: -1022, msg: FORMS.join(' ') });
  const broken: Partial<ExchangeSettings>[] = [
    {},
    { restUrl: `http://user:${CANARY.apiSecret.replace(/\W/g, '')}@${NOBODY}/path?key=x` },
  ];
  for (const settings of broken) {
    note(
      await openAdapter({ ...venue.settings, ...settings }).then(
        () => 'opened',
        (error: unknown) => error,
      ),
    );
  }
  const all = said.join('\n');
  for (const form of FORMS) t.false(all.includes(form), `found ${form.slice(0, 12)}`);
  t.notRegex(all, /[0-9a-f]{64}/i);
  t.false(all.includes(CANARY.apiSecret.replace(/\W/g, '')), 'a password in a URL');
  t.true(all.includes('[secret]'));
});
