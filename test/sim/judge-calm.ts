// A history without a fault: reconciliation changes nothing. No order at rest is asked about, no answer brings news,
// nothing is written to the audit log that nobody decided, and the provider books what the account began with and no
// more.
import type { AnyStateMachine, EventObject } from 'xstate';
import { actors } from '../../actors/index.ts';
import type { OrderContext } from '../../actors/order/facts.ts';
import type { OrderInput } from '../../actors/order/messages.ts';
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { TransitionRow } from '../../actors/runtime/ports.ts';
import { createStepper, type Head } from '../../actors/runtime/step.ts';
import { stamp } from '../../actors/runtime/turn.ts';
import type { Version } from './book.ts';
import { journalOf } from './judge-money.ts';
import type { World } from './world.ts';

const REPAIRS: ReadonlySet<string> = new Set(['OrderFound', 'OrderNotFound', 'QueryFailed', 'ReconcileRequested']);
/** What the venue, somebody else or an operator did. */
const NEWS: ReadonlySet<string> = new Set([
  'BALANCES_OPENED',
  'CANCEL_ALL',
  'ExternalOrderSeen',
  'ORDER_OF_OURS_UNKNOWN',
  'TRADING_RESTRICTED',
  'RESTRICTION_LIFTED',
  'EXECUTION_BUSTED',
  'EXECUTION_CORRECTED',
  'EXECUTION_LATE',
  'ORDER_REVIVED',
]);

export function judgeCalm(world: World): void {
  const { database, audit } = world;
  for (const [id, journal] of database.journals) {
    const key = database.keyOf(id);
    const definition = actors.find(({ kind }) => key.startsWith(`${kind}/`));
    if (definition?.kind !== 'order') continue;
    for (const finding of repairs(definition, key, journal)) audit.find('REPAIRED_IN_CALM', finding);
    for (const finding of questions(world, key, journal)) audit.find('REPAIRED_IN_CALM', finding);
  }
  for (const { actor, action, detail } of database.log)
    if (!NEWS.has(action)) audit.find('REPAIRED_IN_CALM', `${actor} writes ${action}: ${detail}`);
  for (const { posting, kind } of database.money.lines.values())
    if (kind === 'correction' || (kind === 'transfer' && !posting.startsWith('opening:')))
      audit.find('REPAIRED_IN_CALM', `the provider books ${posting}`);
}

/** A round takes this long: what happens at the venue meanwhile it sees in one answer and not in another. */
const ROUND_MS = 1_000;
/** From one round to the next: a venue that counts less than in the last one may be read late. */
const BETWEEN_MS = 32_000;

/** Only an order that moved in the middle of a round is asked about, or one of which a trade was taken back. */
function questions({ venue, database }: World, key: ActorKey, journal: readonly TransitionRow[]): string[] {
  const [first] = journal;
  const { input } = JSON.parse(first?.body ?? '{}') as { readonly input: OrderInput };
  const booked = input.external === null ? venue.of(input.clientOrderId)[0] : venue.byId(input.external.venueOrderId);
  const versions = booked?.versions ?? [];
  const isTakenBack = versions.map(({ filled }, index) => filled < (versions[index - 1]?.filled ?? 0n));
  const asked = journal.filter(({ type }) => type === 'ReconcileRequested' || type === 'OrderFound');
  // One of others that moved while a round looked may be taken for open, and is asked about by the next.
  const looks = input.external === null ? [] : looksOf(database);
  const isDue = (one: Version, index: number, at: number): boolean => {
    const seenAt = looks.find((look) => look >= one.at && look <= one.at + ROUND_MS) ?? at;
    return one.at <= at && (isTakenBack[index] || seenAt < at ? at - one.at <= BETWEEN_MS : at - one.at <= ROUND_MS);
  };
  const idle = asked.filter(({ at }) => !versions.some((one, index) => isDue(one, index, at)));
  return idle.map(({ type, at }) => `${key}: ${type} at ${at}, and nothing had happened`);
}

function looksOf(database: World['database']): readonly number[] {
  return journalOf(database)
    .filter(({ type }) => type === 'Reconciled')
    .map(({ at }) => at);
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
