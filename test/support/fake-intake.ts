// An intake that keeps what it is told, by receiver, and refuses or waits when a test says so.
import { RuntimeError } from '../../actors/runtime/errors.ts';
import type { Delivery, Intake } from '../../actors/runtime/intake.ts';
import type { ActorKey, Message } from '../../actors/runtime/message.ts';

export interface Told {
  readonly to: ActorKey;
  readonly message: Message;
  readonly id: string | null;
}

export interface FakeIntake extends Intake {
  readonly told: readonly Told[];
  /** Actors that exist; everybody else is unknown. */
  readonly known: Set<ActorKey>;
  /** The next so many messages find a full mailbox. */
  refuse(times: number): void;
  /** Until the returned function is called nothing is accepted. */
  hold(): () => void;
}

export function fakeIntake(...known: readonly ActorKey[]): FakeIntake {
  const told: Told[] = [];
  const actors = new Set<ActorKey>(known);
  let refusals = 0;
  let gate: Promise<void> = Promise.resolve();
  const accept = async (to: ActorKey, message: Message, id: string | undefined): Promise<Delivery> => {
    await gate;
    if (refusals > 0) {
      refusals -= 1;
      throw new RuntimeError('MAILBOX_FULL', `${to} is full`);
    }
    if (!actors.has(to)) throw new RuntimeError('ACTOR_UNKNOWN', `there is no actor ${to}`);
    const isAgain = id !== undefined && told.some((one) => one.to === to && one.id === id);
    if (!isAgain) told.push({ to, message, id: id ?? null });
    return isAgain ? 'duplicate' : 'applied';
  };
  return {
    told,
    known: actors,
    refuse(times) {
      refusals = times;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async tell(to, message, options) {
      await accept(to, message, options?.id);
    },
    deliver: (to, message, options) => accept(to, message, options?.id),
    exists: async (key) => actors.has(key),
  };
}
