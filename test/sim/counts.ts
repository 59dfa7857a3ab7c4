// How rough histories were: what happened in them, counted.
import { lastOf } from './book.ts';
import type { World } from './world.ts';

export interface Counts {
  readonly orders: number;
  /** Of these placed by somebody else, amended at the venue, and taking the place of another. */
  readonly adopted: number;
  readonly amends: number;
  readonly replacements: number;
  readonly fills: number;
  /** Fills the venue took back. */
  readonly busts: number;
  /** Executions that stood for what the venue did not show. */
  readonly inferred: number;
  /** Processes that died, by a kill or by themselves. */
  readonly crashes: number;
  readonly takeovers: number;
  /** Commits of processes that had been taken over, kept out by the fence. */
  readonly fencedOff: number;
  readonly cuts: number;
  readonly doubts: number;
  /** Orders of which a person said that they are not at the venue. */
  readonly declared: number;
  readonly transitions: number;
}

export const NO_COUNTS: Counts = {
  orders: 0,
  adopted: 0,
  amends: 0,
  replacements: 0,
  fills: 0,
  busts: 0,
  inferred: 0,
  crashes: 0,
  takeovers: 0,
  fencedOff: 0,
  cuts: 0,
  doubts: 0,
  declared: 0,
  transitions: 0,
};

export function addCounts(left: Counts, right: Counts): Counts {
  const names = Object.keys(left) as (keyof Counts)[];
  return { ...left, ...Object.fromEntries(names.map((name) => [name, left[name] + right[name]])) };
}

/** But for the processes that died, which nobody but their fleet has seen. */
export function countsOf({ audit, database, venue, forecast }: World): Omit<Counts, 'crashes'> {
  const orders = [...database.orders.values()];
  const executions = [...database.executions.values()];
  const { doubts, cuts, amends, transitions } = audit.counts;
  return {
    orders: orders.length,
    adopted: orders.filter(({ isExternal }) => isExternal).length,
    amends,
    replacements: orders.filter(({ replaces }) => replaces !== null).length,
    fills: venue.orders.reduce((sum, order) => sum + lastOf(order).trades.length, 0),
    busts: venue.busts,
    inferred: executions.filter(({ origin }) => origin === 'inferred').length,
    takeovers: Number(database.node.epoch) - 1,
    fencedOff: database.fencedOff,
    declared: forecast.deadline ? 0 : orders.filter(({ life }) => life === 'absent').length,
    ...{ cuts, doubts, transitions },
  };
}
