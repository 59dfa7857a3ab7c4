// What the strategy of a history decides, and when. A decision is told until a commit has taken it, under one id: a
// process that died with it in its hands may have committed it or not.
import type { OrderRow } from '../../actors/market/records.ts';
import { type OrderMessage, orderKey } from '../../actors/order/messages.ts';
import { type ProviderMessage, providerKey } from '../../actors/provider/messages.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import type { ActorKey, Message } from '../../actors/runtime/message.ts';
import type { StrategyMessage } from '../../actors/strategy/messages.ts';
import type { Gateway } from './gateway.ts';
import { PROVIDER, SCOPE, STRATEGY } from './names.ts';
import type { Random } from './random.ts';
import { priceOf, quantityOf, type Wish, wishOf } from './wishes.ts';
import type { World } from './world.ts';

const AGAIN_MS = 400;
/** The decisions fall into this first part of a history. */
const DECIDING_MS = 25_000;
/** However late a request was, it is at the venue by then. */
const LANDED_MS = 40_000;
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
    this.#tell(riskKey(SCOPE), { type: 'LiftRestriction', provider: PROVIDER, symbol: null, by: 'operator' });
  }

  /** Says of everything nobody could explain what it was. */
  explain(assets: readonly string[]): void {
    for (const asset of assets)
      this.#tell(providerKey(PROVIDER), { type: 'ExplainDifference', by: 'operator', asset, reason: 'a deposit' });
  }

  /** Looks at the venue for what its answers will not decide, and says so of what is not there. */
  declare(): void {
    const { database, venue, timeline } = this.#world;
    for (const { clientOrderId, life, signedAt } of database.orders.values()) {
      const hasLanded = signedAt !== null && signedAt < timeline.now - LANDED_MS;
      if (life !== 'doubt' || !hasLanded || venue.of(clientOrderId).length > 0) continue;
      const reason = 'it is not in the history of the venue';
      this.#tell(orderKey(clientOrderId), { type: 'DeclareAbsent', by: 'operator', reason } satisfies OrderMessage);
    }
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
    const atMs = random.between(1_000, DECIDING_MS);
    const wish = wishOf(random, number, timeline.now + atMs);
    this.#open += 1;
    timeline.after(atMs, () => this.#place(number, wish));
    if (random.chance(0.6)) timeline.after(atMs + random.between(1, 6_000), () => this.#amendOne());
    if (random.chance(0.5)) timeline.after(atMs + random.between(1, 12_000), () => this.#cancelOne());
    if (random.chance(0.03)) timeline.after(atMs + random.between(1, 12_000), () => this.#cancelEverything());
  }

  #place(number: number, wish: Wish): void {
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
    const message = { ...wish, sandbox: gateway.sandbox ?? 0 } satisfies StrategyMessage;
    gateway.system.deliver(STRATEGY, message, { id: `wish-${number}` }).then(
      once(() => {
        this.#open -= 1;
      }),
      again,
    );
  }

  #placeAgain(number: number, wish: Wish): void {
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
    const order = this.#oneAlive();
    if (order !== null) this.#cancel(order, this.#random.chance(0.5));
  }

  /** By the strategy, or by the operator at the provider, where it takes the orders of others with it. */
  #cancelEverything(): void {
    const gateway = this.#serving();
    if (gateway === null) return;
    const cancelAll = { type: 'CancelAll', by: 'operator', reason: 'asked', symbol: null } satisfies ProviderMessage;
    if (this.#random.chance(0.5)) return this.#tell(providerKey(PROVIDER), cancelAll);
    const sandbox = gateway.sandbox ?? 0;
    this.#tell(STRATEGY, { type: 'CancelOrders', sandbox, provider: PROVIDER, symbol: null } satisfies StrategyMessage);
  }

  /** Other terms for an order: fewer or more, at its price or another. */
  #amendOne(): void {
    const random = this.#random;
    const order = this.#oneAlive();
    const price = random.chance(0.4) ? priceOf(random) : null;
    const quantity = quantityOf(random);
    const sandbox = this.#serving()?.sandbox ?? null;
    if (order === null || order.isExternal || sandbox === null) return;
    const { clientOrderId } = order;
    const isPriced = order.orderType === 'Limit' || order.orderType === 'StopLimit';
    const terms = { quantity, price: isPriced ? price : null };
    const wish = { type: 'AmendOrder', sandbox, clientOrderId, ref: null, ...terms } satisfies StrategyMessage;
    this.#tell(STRATEGY, wish);
  }

  #oneAlive(): OrderRow | null {
    const [first, ...rest] = [...this.#world.database.orders.values()].filter((order) => !hasEnded(order));
    return first === undefined ? null : this.#random.pick([first, ...rest]);
  }

  /** By the operator, or by the strategy. */
  #cancel({ clientOrderId, isExternal }: OrderRow, byOperator: boolean): void {
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
    const asked =
      byOperator || isExternal
        ? system.deliver(orderKey(clientOrderId), operators, id)
        : system.deliver(STRATEGY, strategys, id);
    // Whoever asks for an end asks again when it does not come.
    asked.catch(() => {});
  }
}
