// One durable command at low load, from ask() to the reply after its commit, beside one bare single-statement commit.
// Both in turns in one run, one at a time, so that a noisy machine is noisy for both.
import pg from 'pg';
import { createSystem } from '../../actors/runtime/system.ts';
import { systemClock } from '../../bin/clock.ts';
import { createStore } from '../../persistence/index.ts';
import type { CounterMessage } from '../support/machines.ts';
import { counterActor } from '../support/machines.ts';
import { percentile } from './report.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** In ms. */
export async function measureLatency(
  url: string,
  samples: number,
): Promise<{ readonly command: Latency; readonly bare: Latency }> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('create table bare (id bigint generated always as identity primary key, body text not null)');
  const store = createStore({ url, log: SILENT });
  const system = createSystem({ actors: [counterActor()], store, clock: systemClock, log: SILENT, node: 'bench' });
  await system.start();
  await system.spawn('counter/a', { step: 1 });
  const bare: number[] = [];
  const command: number[] = [];
  for (let n = -50; n < samples; n += 1) {
    const one = await timed(() =>
      client.query({ name: 'bare', text: 'insert into bare (body) values ($1)', values: ['x'.repeat(200)] }),
    );
    const other = await timed(() => system.ask('counter/a', { type: 'Add', amount: 1 } as CounterMessage));
    if (n < 0) continue;
    bare.push(one);
    command.push(other);
  }
  await system.stop();
  await store.close();
  await client.end();
  return { command: figures(command), bare: figures(bare) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function figures(values: readonly number[]): Latency {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}
