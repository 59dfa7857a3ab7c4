// What must hold when everything is over: our books against the venue's, every account of the same fills against the
// others, and every journal against the snapshot it folds to.
import type { AnyStateMachine, EventObject } from 'xstate';
import { actors } from '../../actors/index.ts';
import { add, type Decimal, format, parse, sub } from '../../actors/market/decimal.ts';
import type { ExecutionRow, OrderRow } from '../../actors/market/records.ts';
import type { OrderContext } from '../../actors/order/facts.ts';
import type { Exposure } from '../../actors/risk/exposure.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { ActorRow, TransitionRow } from '../../actors/runtime/ports.ts';
import { replay } from '../../actors/runtime/replay.ts';
import { createStepper, type Head } from '../../actors/runtime/step.ts';
import { stamp } from '../../actors/runtime/turn.ts';
import { isNeverThere } from './audit.ts';
import { CONCURRENT_MAX, PROVIDER, SCOPE, STRATEGY } from './gateway.ts';
import { hasEnded } from './script.ts';
import { type BookOrder, SYMBOL, viewOf } from './venue.ts';
import type { World } from './world.ts';

export function judge(world: World): void {
  if (world.audit.counts.concurrent > CONCURRENT_MAX)
    world.audit.find('OVER_LIMIT', `${world.audit.counts.concurrent} orders at once, allowed ${CONCURRENT_MAX}`);
  judgeOrders(world);
  judgeSums(world);
  judgeJournals(world);
  judgeLetters(world);
  if (world.forecast.calm) judgeCalm(world);
}

/** What moved at the venue before then, by a fill or its end, has moved here as well. */
export function judgeNoticed({ database, venue, audit }: World, since: number): void {
  for (const booked of venue.orders) {
    const { status, filledQuantity, updatedAt, clientOrderId } = viewOf(booked);
    const order = database.orders.get(clientOrderId);
    if (updatedAt > since || order === undefined) continue;
    const ours = `${order.life} with ${order.filledQuantity}`;
    const theirs = `${status === 'open' ? 'working' : status} with ${filledQuantity}`;
    if (ours !== theirs) audit.find('UNNOTICED', `${clientOrderId} is ${ours}, at the venue long ${theirs}`);
  }
}

function judgeOrders({ database, venue, audit }: World): void {
  const executions = Map.groupBy(database.executions.values(), ({ clientOrderId }) => clientOrderId);
  for (const order of database.orders.values()) {
    const { clientOrderId } = order;
    const [booked] = venue.of(clientOrderId);
    const ours = executions.get(clientOrderId) ?? [];
    if (!hasEnded(order)) audit.find('UNDECIDED', `${clientOrderId} is ${order.life}`);
    else if (booked === undefined) {
      if (!isNeverThere(order)) audit.find('AGAINST_THE_BOOKS', `${clientOrderId} is ${order.life}, not at the venue`);
    } else for (const finding of differences(order, booked, ours)) audit.find('AGAINST_THE_BOOKS', finding);
  }
}

function differences(order: OrderRow, booked: BookOrder, ours: readonly ExecutionRow[]): string[] {
  const theirs = viewOf(booked);
  const { clientOrderId, life } = order;
  const found: string[] = [];
  if (life !== theirs.status) found.push(`${clientOrderId} is ${life}, at the venue ${theirs.status}`);
  if (order.filledQuantity !== theirs.filledQuantity)
    found.push(`${clientOrderId} is filled ${order.filledQuantity}, at the venue ${theirs.filledQuantity}`);
  const fillOf = (one: { tradeId: string; quantity: string; price: string; fee: string | null }): string =>
    `${one.tradeId}:${one.quantity}@${one.price}/${one.fee}`;
  const mine = ours.map(fillOf).sort().join(' ');
  const venues = booked.trades.map(fillOf).sort().join(' ');
  if (mine !== venues) found.push(`${clientOrderId} has executions ${mine}, at the venue ${venues}`);
  return found;
}

/** Nothing is reserved any more, and everybody who counts a position counts the same. */
function judgeSums({ database, venue, audit }: World): void {
  let position: Decimal = 0n;
  for (const { request, trades } of venue.orders)
    for (const { quantity } of trades)
      position = request.side === 'Buy' ? add(position, parse(quantity)) : sub(position, parse(quantity));
  const risk = database.find(riskKey(SCOPE));
  if (risk !== null) {
    const { exposure } = contextOf<{ readonly exposure: Exposure }>(risk);
    const book = exposure.books[`${PROVIDER}:${SYMBOL}`];
    if (exposure.orders > 0) audit.find('RESERVED', `risk still holds ${Object.keys(book?.open ?? {}).join(' ')}`);
    const held = book?.position ?? '0';
    if (held !== format(position)) audit.find('POSITION', `risk counts ${held}, the venue ${format(position)}`);
  }
  const strategy = database.find(STRATEGY);
  if (strategy === null) return;
  const { open, positions } = contextOf<{ readonly open: object; readonly positions: { [place: string]: string } }>(
    strategy,
  );
  const left = Object.keys(open);
  if (left.length > 0) audit.find('UNTOLD', `the strategy believes in ${left.join(' ')}`);
  const counted = positions[`${PROVIDER} ${SYMBOL}`] ?? '0';
  if (counted !== format(position)) audit.find('POSITION', `the strategy counts ${counted}, not ${format(position)}`);
}

function contextOf<Context>({ snapshot }: ActorRow): Context {
  return (JSON.parse(snapshot) as { readonly c: Context }).c;
}

function judgeJournals({ database, audit, flaws }: World): void {
  const definitions = flaws.actors ?? actors;
  for (const row of database.actors.values()) {
    const definition = definitions.find(({ kind }) => kind === row.kind);
    if (definition === undefined) continue;
    const { difference } = replay(definition, { ...row, transitions: database.journals.get(row.id) ?? [] });
    if (difference !== null) audit.find('REPLAY', `${row.key}: ${difference}`);
  }
}

/** In clear weather an effect has its answer by then: what is younger may be under way. */
const ANSWERED_MS = 5_000;

/** An effect that got no answer leaves a letter; no other reason is a machine's to give. */
function judgeLetters({ database, audit, timeline }: World): void {
  for (const { envelope, reason, error } of database.deadLetters)
    if (reason !== 'effect') audit.find('DEAD_LETTER', `${reason} ${envelope.body.type} to ${envelope.to}: ${error}`);
  for (const { lane, key, target, deliveredAt, at } of database.outbox.values())
    if (deliveredAt === null && at < timeline.now - ANSWERED_MS)
      audit.find('UNSETTLED', `${lane} ${key} to ${target} is still pending`);
}

const REPAIRS: ReadonlySet<string> = new Set(['OrderFound', 'OrderNotFound', 'QueryFailed', 'ReconcileRequested']);

/** Without a fault there is nothing to repair: what is asked of the venue brings nothing that was not known. */
function judgeCalm({ database, audit }: World): void {
  for (const [id, journal] of database.journals) {
    const key = database.keyOf(id);
    const definition = actors.find(({ kind }) => key.startsWith(`${kind}/`));
    if (definition?.kind !== 'order') continue;
    for (const finding of repairs(definition, key, journal)) audit.find('REPAIRED_IN_CALM', finding);
  }
}

function repairs({ machine }: ActorDefinition, key: ActorKey, journal: readonly TransitionRow[]): string[] {
  const stepper = stepperOf(machine);
  const found: string[] = [];
  let head: Head | null = null;
  for (const { type, body, at, messageId } of journal) {
    const message = JSON.parse(body) as EventObject & { readonly input: unknown };
    const before: Head | null = head;
    head =
      before === null ? stepper.start(message.input).head : stepper.step(before, stamp(message, at, messageId)).head;
    if (before === null || !REPAIRS.has(type)) continue;
    const was = factsOf(before);
    const is = factsOf(head);
    if (was !== is) found.push(`${key}: ${type} turns ${was} into ${is}`);
  }
  return found;
}

const steppers = new WeakMap<AnyStateMachine, ReturnType<typeof createStepper>>();

function stepperOf(machine: AnyStateMachine): ReturnType<typeof createStepper> {
  const known = steppers.get(machine) ?? createStepper(machine);
  steppers.set(machine, known);
  return known;
}

/** Without what only says how often the venue was asked. */
function factsOf({ context }: Head): string {
  const { order: _order, asking: _asking, asks: _asks, absences: _absences, ...facts } = context as OrderContext;
  return JSON.stringify(facts);
}
