// Stage 1 of 6, deliver: what comes from outside is checked, given an id, and put where it waits for its turn; whoever
// asked hears what became of it after the commit. After: claim (mailbox.ts). A crash before the commit leaves nothing:
// the source sends it again under the same id.
import type { RuntimeBounds } from './bounds.ts';
import type { Directory } from './directory.ts';
import { RuntimeError } from './errors.ts';
import type { Answer, Delivery as Delivered, Intake, TellOptions } from './intake.ts';
import type { Delivery, LiveActor, Outcome } from './live.ts';
import type { Mailbox } from './mailbox.ts';
import { type ActorKey, kindOf, type Message } from './message.ts';
import type { Meter } from './meter.ts';
import type { Store } from './ports.ts';
import type { Relay } from './relay.ts';
import { INIT } from './turn.ts';
import { checkKey, parseMessage } from './well-formed.ts';

export interface DeliverDeps {
  readonly store: Store;
  readonly directory: Directory;
  readonly mailbox: Mailbox;
  readonly relay: Relay;
  readonly meter: Meter;
  readonly bounds: RuntimeBounds;
  /** Throws NOT_RUNNING. */
  readonly assertRunning: () => void;
  readonly epoch: () => bigint;
  readonly standing: (key: ActorKey) => { readonly version: number; readonly state: string } | null;
}

export class Deliver implements Intake {
  readonly #deps: DeliverDeps;
  /** Callers who wait for a commit. */
  readonly #callers = new Set<(error: Error) => void>();
  #told = 0;

  constructor(deps: DeliverDeps) {
    this.#deps = deps;
  }

  async spawn(key: ActorKey, input: unknown): Promise<Delivered> {
    this.#check(key);
    // Nobody is asked whether the key is taken: an actor in memory takes it as a duplicate, and of one at rest the
    // database tells when it refuses the row.
    const actor = this.#deps.directory.beget(null, key);
    const { outcome } = await this.#wait((done) =>
      this.#enqueue(actor, { type: INIT, input } as Message, { id: `${key}${INIT}` }, done),
    );
    return outcome;
  }

  async tell(to: ActorKey, message: Message, options: TellOptions = {}): Promise<void> {
    await this.#accept(to, message, options, null);
  }

  async deliver(to: ActorKey, message: Message, options: TellOptions = {}): Promise<Delivered> {
    return (await this.#wait((done) => this.#accept(to, message, options, done))).outcome;
  }

  async ask(to: ActorKey, message: Message, options: TellOptions = {}): Promise<Answer> {
    const outcome = await this.#wait((done) => this.#accept(to, message, options, done));
    if (outcome.outcome === 'applied') return outcome;
    if (outcome.outcome === 'duplicate') {
      const { version = 0, state = '' } = this.#deps.standing(to) ?? {};
      return { version, state, reply: null };
    }
    throw new RuntimeError(outcome.reason === 'unhandled' ? 'MESSAGE_UNHANDLED' : 'MESSAGE_POISONOUS', outcome.error);
  }

  async exists(key: ActorKey): Promise<boolean> {
    return (await this.#deps.relay.locate(key)) !== null;
  }

  async redrive(deadLetterId: bigint): Promise<Delivered> {
    const letter = await this.#deps.store.getDeadLetter(deadLetterId);
    if (letter === null) throw new RuntimeError('ACTOR_UNKNOWN', `there is no dead letter ${deadLetterId}`);
    const { to, body, id, correlation } = letter.envelope;
    this.#check(to);
    const actor = await this.#deps.relay.locate(to);
    if (actor === null)
      throw new RuntimeError('ACTOR_UNKNOWN', `there is no actor ${to} to take dead letter ${deadLetterId}`);
    const { outcome } = await this.#wait((done) => this.#enqueue(actor, body, { id, correlation }, done, true));
    return outcome;
  }

  /** Nobody waits any longer. */
  turnAway(error: Error): void {
    for (const reject of this.#callers) reject(error);
    this.#callers.clear();
  }

  #wait(give: (done: Delivery['done']) => Promise<void> | void): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#callers.add(reject);
      const done = (outcome: Outcome): void => {
        this.#callers.delete(reject);
        resolve(outcome);
      };
      const refuse = (error: Error): void => {
        this.#callers.delete(reject);
        reject(error);
      };
      try {
        give(done)?.catch(refuse);
      } catch (error) {
        refuse(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Known, well-formed, with room to wait. */
  async #accept(to: ActorKey, message: Message, options: TellOptions, done: Delivery['done']): Promise<void> {
    const { directory, mailbox, relay } = this.#deps;
    this.#check(to);
    const body = await parseMessage(directory.kind(kindOf(to)).definition, to, message);
    await mailbox.room();
    const actor = directory.get(to) ?? (await relay.locate(to));
    if (actor === null) throw new RuntimeError('ACTOR_UNKNOWN', `there is no actor ${to}`);
    this.#enqueue(actor, body, options, done);
  }

  #enqueue(actor: LiveActor, body: Message, options: TellOptions, done: Delivery['done'], redrive = false): void {
    const { bounds, epoch, mailbox, meter } = this.#deps;
    const text = JSON.stringify(body);
    if (text.length > bounds.bodyChars) {
      const size = `has ${text.length} characters, at most ${bounds.bodyChars} are allowed`;
      throw new RuntimeError('MESSAGE_INVALID', `${body.type} to ${actor.key} ${size}`);
    }
    this.#told += 1;
    const id = options.id ?? `${epoch()}:${this.#told}`;
    const correlation = options.correlation ?? id;
    const envelope = { id, to: actor.key, from: null, body, cause: null, correlation, hop: 0 };
    const waiting = { outboxId: null, lane: 'outside', timer: null, topic: null, redrive, done, takenBy: 0n } as const;
    try {
      mailbox.accept(actor, { envelope, ...waiting, text });
    } catch (error) {
      meter.messageRefused(actor.kind.definition.kind);
      throw error;
    }
  }

  #check(key: ActorKey): void {
    this.#deps.assertRunning();
    checkKey(key);
  }
}
