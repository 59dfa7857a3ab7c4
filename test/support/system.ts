// A running system on a real database, and the same database looked at from outside.
import pg from 'pg';
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { Clock, Log, Store } from '../../actors/runtime/ports.ts';
import { replay } from '../../actors/runtime/replay.ts';
import { createSystem, type System, type SystemOptions } from '../../actors/runtime/system.ts';
import { systemClock } from '../../bin/clock.ts';
import { createStore } from '../../persistence/index.ts';

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface Running {
  readonly system: System;
  readonly store: Store & { close(): Promise<void> };
  /** Ends the process's part without its farewell: what a kill -9 leaves in the database. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export interface RunOptions extends Partial<Omit<SystemOptions, 'store' | 'actors'>> {
  readonly url: string;
  readonly actors: readonly ActorDefinition[];
  /** Wraps the store to inject faults. */
  readonly wrap?: (store: Store) => Store;
}

export async function run(options: RunOptions): Promise<Running> {
  const { url, actors, wrap = (store) => store, ...rest } = options;
  const store = createStore({ url, log: quiet });
  const life = { over: false };
  const system = createSystem({
    actors,
    store: mortal(wrap(store), life),
    clock: mortalClock(life),
    log: quiet,
    node: 'test',
    ...rest,
  });
  await system.start();
  return {
    system,
    store,
    async crash() {
      life.over = true;
      await store.close();
    },
    async stop() {
      await system.stop();
      await store.close();
    },
  };
}

/** After its life is over a process asks nothing and hears nothing. */
function mortal(store: Store, life: { readonly over: boolean }): Store {
  const never = (): Promise<never> => new Promise(() => {});
  return new Proxy(store, {
    get(own, name) {
      const value: unknown = Reflect.get(own, name);
      if (typeof value !== 'function') return value;
      return async (...values: unknown[]) =>
        life.over ? never() : await value.apply(own, values).finally(() => (life.over ? never() : undefined));
    },
  });
}

function mortalClock(life: { readonly over: boolean }): Clock {
  return {
    now: () => systemClock.now(),
    after: (delayMs, fn) => systemClock.after(delayMs, () => (life.over ? undefined : fn())),
  };
}

export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Replays every actor of the database; returns the differences. */
export async function differences(url: string, actors: readonly ActorDefinition[]): Promise<string[]> {
  const store = createStore({ url, log: quiet });
  const found: string[] = [];
  try {
    for (const { key } of await store.listKeys({ limit: 100_000 })) {
      const history = await store.history(key);
      const definition = actors.find(({ kind }) => kind === history?.kind);
      if (history === null || definition === undefined) found.push(`${key}: no history or kind`);
      else {
        const { difference } = replay(definition, history);
        if (difference !== null) found.push(`${key}: ${difference}`);
      }
    }
  } finally {
    await store.close();
  }
  return found;
}

/** Resolves when the condition holds; fails with what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function counter(name: string): ActorKey<'counter'> {
  return `counter/${name}`;
}

/** The committed context of a counter that must be there. */
export function contextOf(
  system: System,
  key: ActorKey,
): { readonly total: number; readonly waits: number; readonly calls: readonly string[] } {
  const snapshot = system.snapshot(key);
  if (snapshot === null) throw new Error(`there is no ${key} in memory`);
  return snapshot.context as object as { total: number; waits: number; calls: string[] };
}
