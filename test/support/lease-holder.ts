// A process that holds shard 0 and commits an empty group for every line it is told:
// node lease-holder.ts <database url> <ttl ms>. Says `held` or `refused`, then `committed` or the kind of the fault.
import { createInterface } from 'node:readline';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { createStore } from '../../persistence/index.ts';
import { Writer } from './write-sets.ts';

const [url = '', ttlMs = ''] = process.argv.slice(2);
const store = createStore({ url });
const answer = await store.acquire({ shard: 0, node: `child ${process.pid}`, ttlMs: Number(ttlMs) });
if (!answer.granted) {
  console.log('refused');
  process.exit(1);
}
const writer = new Writer(store, answer.grant);
// The session that commits is opened by the first group.
await writer.commit();
console.log('held');
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    await writer.commit();
    console.log('committed');
  } catch (error) {
    console.log(error instanceof StoreFault ? error.kind : String(error));
  }
}
