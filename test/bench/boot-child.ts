// Starts a system on the database given, prints how long it took and what its actors cost, and stops.
import { actors } from '../../actors/index.ts';
import { createSystem } from '../../actors/runtime/system.ts';
import { systemClock } from '../../bin/clock.ts';
import { createStore } from '../../persistence/index.ts';

const SILENT = {
  debug() {},
  info() {},
  warn() {},
  error: (detail: object, text: string) => console.error(text, detail),
};

const store = createStore({ url: process.argv[2] as string, log: SILENT });
const system = createSystem({ actors, store, clock: systemClock, log: SILENT, node: 'bench' });
const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const before = heap();
const startedAt = performance.now();
const recovered = await system.start();
const ms = performance.now() - startedAt;
const heapBytesPerActor = (heap() - before) / recovered.actors;
console.log(JSON.stringify({ ms, actors: recovered.actors, heapBytesPerActor }));
await system.stop();
await store.close();
