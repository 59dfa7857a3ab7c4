// What an operator may change over HTTP: what reaches the runtime, and how each refusal is worded.
import test from 'ava';
import type { Operate } from '../../actors/control/index.ts';
import { RuntimeError } from '../../actors/runtime/errors.ts';
import { BEARER, rig, server } from './support.ts';

const HALT = { type: 'EngageKillSwitch', reason: 'a drill' };

/** Remembers what it was asked; refuses as it is told. */
function operating(refusal?: RuntimeError) {
  const asked: unknown[] = [];
  const operate: Operate = {
    async ask(to, message, options) {
      asked.push([to, message, options]);
      if (refusal !== undefined) throw refusal;
      return { state: 'halted', version: 7, reply: null };
    },
    async redrive(id) {
      asked.push(id);
      if (refusal !== undefined) throw refusal;
      return 'applied';
    },
    types: (kind) => (kind === 'risk' ? ['EngageKillSwitch', 'ReleaseKillSwitch'] : []),
  };
  const { app } = server({ ...rig(), operate });
  const post = async (url: string, payload?: object | string, headers: { [name: string]: string } = {}) => {
    const answer = await app.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', 'content-type': 'application/json', ...BEARER, ...headers },
      ...(payload !== undefined && { payload }),
    });
    return { status: answer.statusCode, body: answer.json() as { [field: string]: unknown } };
  };
  return { asked, post };
}

test('a message reaches its actor whole, and the answer says what became of the actor', async (t) => {
  const { asked, post } = operating();
  t.deepEqual(await post('/debug/actors/risk/main/messages', HALT), {
    status: 200,
    body: { key: 'risk/main', outcome: 'applied', state: 'halted', version: 7, reply: null },
  });
  t.deepEqual(asked, [['risk/main', HALT, {}]]);
});

test('a repeated request has the same id, under a name that no id of the runtime has', async (t) => {
  const { asked, post } = operating();
  await post('/debug/actors/risk/main/messages', HALT, { 'idempotency-key': 'drill-1' });
  t.deepEqual(asked, [['risk/main', HALT, { id: 'operator:drill-1' }]]);
  const wrong = await post('/debug/actors/risk/main/messages', HALT, { 'idempotency-key': 'a b' });
  t.is(wrong.status, 400);
  t.is(wrong.body['error'], 'Idempotency-Key must be 1 to 100 visible ASCII characters');
  t.is(asked.length, 1);
});

for (const [what, payload] of [
  ['a type that actors only say to each other', { type: 'ReserveRequested' }],
  ['no type', {}],
  ['no object', '"EngageKillSwitch"'],
  ['a list', '[]'],
] as const) {
  test(`refuses ${what}, and lists what the kind takes`, async (t) => {
    const { asked, post } = operating();
    const { status, body } = await post('/debug/actors/risk/main/messages', payload);
    t.is(status, 400);
    t.is(
      body['error'],
      'the body must be a message with a type; risk takes EngageKillSwitch, ReleaseKillSwitch from outside',
    );
    t.deepEqual(asked, []);
  });
}

test('refuses a body that is missing, broken, too large or no JSON, before the runtime hears of it', async (t) => {
  const { asked, post } = operating();
  const at = '/debug/actors/risk/main/messages';
  t.is((await post(at)).status, 400);
  t.is((await post(at, '{"type":')).status, 400);
  t.is((await post(at, { ...HALT, reason: 'x'.repeat(2_000_000) })).status, 413);
  t.is((await post(at, 'type=x', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415);
  t.is((await post('/debug/actors/bus/main/messages', HALT)).body['error'], sentenceOf('bus takes no messages'));
  t.deepEqual(asked, []);
});

function sentenceOf(end: string): string {
  return `the body must be a message with a type; ${end} from outside`;
}

for (const [code, status] of [
  ['ACTOR_UNKNOWN', 404],
  ['MESSAGE_INVALID', 400],
  ['MESSAGE_UNHANDLED', 409],
  ['MESSAGE_POISONOUS', 409],
  ['MAILBOX_FULL', 503],
  ['NOT_RUNNING', 503],
] as const) {
  test(`a message that the runtime refuses with ${code} is ${status}, in its words`, async (t) => {
    const { post } = operating(new RuntimeError(code, 'because of this'));
    t.deepEqual(await post('/debug/actors/risk/main/messages', HALT), {
      status,
      body: { status: 'error', error: 'because of this', code },
    });
  });
}

test('a dead letter is delivered again by its number', async (t) => {
  const { asked, post } = operating();
  t.deepEqual(await post('/debug/dead-letters/12/redrive', {}), {
    status: 200,
    body: { id: '12', outcome: 'applied' },
  });
  t.deepEqual(asked, [12n]);
  const wrong = await post('/debug/dead-letters/0x1/redrive', {});
  t.is(wrong.status, 400);
  t.is(wrong.body['error'], '0x1 is no number of a dead letter');
});
