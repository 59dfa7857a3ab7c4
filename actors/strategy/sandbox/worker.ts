// The worker's entry: answers one request after another. It ends when the host terminates it, and holds nothing
// that would have to be put away first.
import { parentPort, workerData } from 'node:worker_threads';
import { bendClock } from './clock.ts';
import type { Reply, Request, WorkerSetup } from './protocol.ts';
import { createVm } from './vm.ts';

const clock = bendClock();
// Emscripten prints what it aborts with; the same words reach the host as a failure.
console.log = () => undefined;
console.error = () => undefined;

const perform = await createVm(workerData as WorkerSetup, clock);
const answer = (reply: Reply) => parentPort?.postMessage(reply);
parentPort?.on('message', (request: Request) => answer(perform(request)));
answer({ type: 'ready' });
