// What the strategy of a history decides, and when. A decision is told until a commit has taken it, under one id: a
// process that died with it in its hands may have committed it or not.
import type { OrderRow } from '../../actors/market/records.ts';
import { type OrderMessage, orderKey } from '../../actors/order/messages.ts';
import { providerKey } from '../../actors/provider/messages.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import type { ActorKey, Message } from '../../actors/runtime/message.ts';
import type { PlaceOrder, StrategyMessage } from '../../actors/strategy/messages.ts';
import { type Gateway, PROVIDER, SCOPE, STRATEGY } from './gateway.ts';
import type { Random } from './random.ts';
import { PRICE, SYMBOL } from './venue.ts';
import type { World } from './world.ts';

const AGAIN_MS = 400;
/** The decisions fall into this first part of a history. */
const DECIDING_MS = 25_000;
const ENDED: ReadonlySet<string> = new Set(['denied', 'rejected', 'absent', 'filled', 'canceled', 'expired']);

export function hasEnded({ life }: OrderRow): boolean {
  return ENDED.has(life);
}

export class Script {
  readonly #world: World;
  readonly #serving: () => Gateway | null;
  readonly #random: Random;
  /** Decisions no commit is known to have taken. */
  #open = 0;
  #cancels = 0;

  constructor(world: World, serving: () => Gateway | null) {
    this.#world = world;
    this.#serving = serving;
    this.#random = world.random.fork('script');
    const count = this.#random.between(4, 9);
    for (let number = 1; number <= count; number += 1) this.#plan(number);
    if (!world.forecast.calm && this.#random.chance(0.3)) this.#interfere();
  }

  /** Undoes what an operator did that keeps orders from their end. */
  resume(): void {
    this.#tell(providerKey(PROVIDER), { type: 'Start' });
    this.#tell(riskKey(SCOPE), { type: 'ReleaseKillSwitch', by: 'operator' });
  }

  get isDone(): boolean {
    return this.#open === 0;
  }

  /** Asks for the end of whatever may still work. */
  cancelAll(): void {
    for (const order of this.#world.database.orders.values()) if (!hasEnded(order)) this.#cancel(order, true);
  }

  #plan(number: number): void {
    const random = this.#random;
    const { timeline } = this.#world;
    const wish = wishOf(random, number);
    const atMs = random.between(1_000, DECIDING_MS);
    this.#open += 1;
    timeline.after(atMs, () => this.#place(number, wish));
    if (random.chance(0.5)) timeline.after(atMs + random.between(1, 12_000), () => this.#cancelOne());
  }

  #place(number: number, wish: Omit<PlaceOrder, 'sandbox'>): void {
    const gateway = this.#serving();
    if (gateway?.isTrading !== true) return this.#placeAgain(number, wish);
    // A process that fails turns its callers away and dies: one of the two is heard.
    let isOver = false;
    const once = (work: () => void) => (): void => {
      if (isOver) return;
      isOver = true;
      forget();
      work();
    };
    const again = once(() => this.#placeAgain(number, wish));
    const forget = gateway.whenDead(again);
    const message: PlaceOrder = { ...wish, sandbox: gateway.sandbox ?? 0 };
    gateway.system.deliver(STRATEGY, message, { id: `wish-${number}` }).then(
      once(() => {
        this.#open -= 1;
      }),
      again,
    );
  }

  #placeAgain(number: number, wish: Omit<PlaceOrder, 'sandbox'>): void {
    this.#world.timeline.after(AGAIN_MS, () => this.#place(number, wish));
  }

  /** An operator halts trading or stops the provider in the middle of it, and has it go on later. */
  #interfere(): void {
    const random = this.#random;
    const { timeline } = this.#world;
    const halts = random.chance(0.5);
    const atMs = random.between(2_000, DECIDING_MS);
    timeline.after(atMs, () => {
      if (halts) this.#tell(riskKey(SCOPE), { type: 'EngageKillSwitch', reason: 'asked' });
      else this.#tell(providerKey(PROVIDER), { type: 'Stop' });
    });
    timeline.after(atMs + random.between(500, 8_000), () => this.resume());
  }

  /** Who runs at that moment hears it, or nobody. */
  #tell<Body extends Message>(to: ActorKey, message: Body): void {
    // A process that ends turns it away.
    this.#serving()
      ?.system.tell(to, message)
      .catch(() => {});
  }

  #cancelOne(): void {
    const alive = [...this.#world.database.orders.values()].filter((order) => !hasEnded(order));
    const [first, ...rest] = alive;
    if (first !== undefined) this.#cancel(this.#random.pick([first, ...rest]), this.#random.chance(0.5));
  }

  /** By the operator, or by the strategy. */
  #cancel({ clientOrderId }: OrderRow, byOperator: boolean): void {
    const gateway = this.#serving();
    if (gateway === null) return;
    this.#cancels += 1;
    const id = { id: `cancel-${this.#cancels}` };
    const { system, sandbox } = gateway;
    const strategys = {
      type: 'CancelOrder',
      sandbox: sandbox ?? 0,
      clientOrderId,
      ref: null,
    } satisfies StrategyMessage;
    const operators = { type: 'CancelOrder', reason: 'asked' } satisfies OrderMessage;
    const asked = byOperator
      ? system.deliver(orderKey(clientOrderId), operators, id)
      : system.deliver(STRATEGY, strategys, id);
    // Whoever asks for an end asks again when it does not come.
    asked.catch(() => {});
  }
}

function wishOf(random: Random, number: number): Omit<PlaceOrder, 'sandbox'> {
  const orderType = random.chance(0.12) ? 'Market' : 'Limit';
  const timeInForce = random.chance(0.7) ? 'GTC' : random.pick(['IOC', 'FOK'] as const);
  return {
    type: 'PlaceOrder',
    ref: String(number),
    provider: PROVIDER,
    symbol: SYMBOL,
    side: random.pick(['Buy', 'Sell'] as const),
    orderType,
    quantity: `0.0${random.between(10, 40)}`,
    price: orderType === 'Market' ? null : PRICE,
    timeInForce: orderType === 'Market' ? 'GTC' : timeInForce,
    postOnly: false,
  };
}
