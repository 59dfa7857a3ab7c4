// meltica inspect [KEY] [--history]: what the database says about its actors, read beside a running supervisor.
import { parseArgs } from 'node:util';
import type { ActorKey } from '../actors/runtime/message.ts';
import type { History } from '../actors/runtime/ports.ts';
import { withStore } from './database.ts';

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      history: { type: 'boolean' },
      transitions: { type: 'string', default: '20' },
      limit: { type: 'string', default: '100' },
    },
  });
  const key = positionals[0] as ActorKey | undefined;
  return withStore(async (store) => {
    if (key === undefined) {
      for (const { key: live } of await store.listKeys({ live: true, limit: Number(values.limit) })) console.log(live);
      return 0;
    }
    const history = await store.history(key, values.history === true ? {} : { last: Number(values.transitions) });
    if (history === null) {
      console.error(`there is no actor ${key}`);
      return 1;
    }
    if (values.history === true) console.log(JSON.stringify([history], null, 2));
    else print(history);
    return 0;
  });
}

function print({ key, kind, state, version, machineVersion, snapshot, transitions }: History): void {
  console.log(`${key}  kind=${kind} machine=${machineVersion} version=${version} state=${state}`);
  console.log(snapshot);
  for (const { number, at, type, fromState, toState, cause, sender } of transitions.toReversed()) {
    console.log(
      [
        String(number).padStart(6),
        new Date(at).toISOString(),
        type,
        `${fromState ?? '-'} -> ${toState}`,
        `from=${sender ?? 'outside'}`,
        `cause=${cause ?? '-'}`,
      ].join('  '),
    );
  }
}
