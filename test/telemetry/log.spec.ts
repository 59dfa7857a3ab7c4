import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { createLog, type LogOptions } from '../../actors/telemetry/log.ts';

function captured(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const out = { write: (text: string) => void lines.push(text) };
  const log = createLog({ level: 'info', pretty: false, ...options, out });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') };
}

test('writes one JSON line with time, level, subsystem and detail', (t) => {
  const { log, lines, last } = captured();
  log.subsystem('runtime').info({ actors: 3 }, 'rehydrated');
  t.is(lines.length, 1);
  t.true(lines[0]?.endsWith('}\n'));
  const { time, ...rest } = last();
  t.regex(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  t.deepEqual(rest, { level: 'info', subsystem: 'runtime', actors: 3, msg: 'rehydrated' });
});

test('stays quiet below its level, at every level', (t) => {
  const levels = ['debug', 'info', 'warn', 'error'] as const;
  for (const [index, level] of [...levels, 'silent' as const].entries()) {
    const { log, lines } = captured({ level });
    for (const each of levels) log[each]({}, each);
    t.deepEqual(
      lines.map((line) => JSON.parse(line).msg),
      levels.slice(index),
    );
  }
});

test('what is not written is not copied either', (t) => {
  const { log } = captured();
  const detail = {
    get costly() {
      throw new Error('looked at');
    },
  };
  t.notThrows(() => log.debug(detail, 'quiet'));
  t.throws(() => log.info(detail, 'loud'), { message: 'looked at' });
});

test('no secret is written, whether by key, in a text, or in an error', (t) => {
  const { log, lines } = captured({ level: 'debug' });
  const canary = 'canary-51c9';
  log.info({ settings: { apiKey: canary, nested: [{ API_SECRET: canary }] } }, `token=${canary}`);
  log.error(
    { err: new Error(`login postgres://u:${canary}@db/x`, { cause: new Error(`Bearer ${canary}`) }) },
    'failed',
  );
  log.warn(new Error(`password=${canary}`), 'bare');
  log.debug({ config: `{"passphrase":"${canary}"}` }, 'x');
  t.is(lines.length, 4);
  t.false(lines.join('').includes(canary), lines.join(''));
});

test('an error is told with its stack and causes', (t) => {
  const { log, last } = captured();
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  t.is(last().err.message, 'outer');
  t.true(last().err.stack.includes('log.spec.ts'));
  t.is(last().err.cause.message, 'inner');
});

test('a line break in a message does not make a second line', (t) => {
  const { log, lines } = captured();
  log.info({ id: 'a\nb' }, 'one\ntwo');
  t.is(lines.join('').split('\n').length, 2);
});

test('on a terminal people read one short line, and errors below it', (t) => {
  const { log, lines } = captured({ pretty: true });
  log.subsystem('control').warn({ url: 'http://127.0.0.1:8880', err: new Error('why') }, 'listening');
  const plain = stripVTControlCharacters(lines[0] ?? '');
  t.regex(
    plain,
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}control +listening {2}url="http:\/\/127\.0\.0\.1:8880"\n {4}Error: why\n/,
  );
});
