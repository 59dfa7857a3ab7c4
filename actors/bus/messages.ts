// What the bus hears (`bus/<space>`). Its mailbox is events_outbox: every published event is a row there,
// kept for readers downstream, marked delivered by the commit that fanned it out.
import type { ActorKey, Message } from '../runtime/message.ts';

export type BusMessage =
  /** `topic` exact, or ending in `/*` for everything below. */
  | { readonly type: 'Subscribe'; readonly topic: string; readonly subscriber: ActorKey }
  | { readonly type: 'Unsubscribe'; readonly topic: string; readonly subscriber: ActorKey }
  /** Made by the runtime from a publish effect. */
  | { readonly type: 'Published'; readonly topic: string; readonly event: Message };

export const BUS: ActorKey<'bus'> = 'bus/main';
