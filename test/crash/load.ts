// Who gives orders while gateways die. A command that was not acknowledged is given again to the next gateway under
// the same id; one that was is never given again, and must be found in the journal at the end.
import { type Random, seeded } from '../../actors/exchanges/paper/core/random.ts';
import type { AmendOrder, PlaceOrder } from '../../actors/strategy/messages.ts';
import { strategyKey } from '../../actors/strategy/messages.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { type Command, type FromGateway, LOAD } from './protocol.ts';
import type { World } from './world.ts';

export interface LoadOptions {
  readonly seed: number;
  /** Between two new commands. */
  readonly paceMs: number;
  /** Given and not acknowledged; no further one before there are fewer. */
  readonly openMax: number;
  /** What is placed; the usual mix when absent. */
  readonly mix?: readonly Wish[];
}

/** Of a hundred orders, how many are like that. `reach`: so many basis points through the other side's best. */
export interface Wish {
  readonly share: number;
  readonly orderType: PlaceOrder['orderType'];
  readonly timeInForce: PlaceOrder['timeInForce'];
  readonly reach: readonly [from: number, to: number];
  readonly postOnly?: boolean;
  readonly quantity?: string;
  readonly symbol?: string;
  /** Of stop orders: so many basis points away from the market, on the side where it is not reached yet. */
  readonly stop?: readonly [from: number, to: number];
  readonly goodForMs?: number;
}

/** Orders that rest, fill at once, fill in part, are rejected by the venue, denied by risk, denied by the strategy. */
const MIX: readonly Wish[] = [
  { share: 38, orderType: 'Limit', timeInForce: 'GTC', reach: [-10, 2] },
  { share: 26, orderType: 'Limit', timeInForce: 'IOC', reach: [0, 20] },
  { share: 6, orderType: 'Limit', timeInForce: 'IOC', reach: [0, 1], quantity: '2' },
  { share: 6, orderType: 'Limit', timeInForce: 'FOK', reach: [-5, 10] },
  { share: 8, orderType: 'Market', timeInForce: 'GTC', reach: [0, 0] },
  { share: 6, orderType: 'Limit', timeInForce: 'GTC', reach: [5, 10], postOnly: true },
  { share: 5, orderType: 'Limit', timeInForce: 'GTC', reach: [0, 0], quantity: '50' },
  { share: 5, orderType: 'Limit', timeInForce: 'GTC', reach: [0, 0], symbol: 'ETH-USDT' },
  { share: 6, orderType: 'StopLimit', timeInForce: 'GTC', reach: [0, 10], stop: [1, 6] },
  { share: 4, orderType: 'Stop', timeInForce: 'GTC', reach: [0, 0], stop: [1, 6] },
  { share: 4, orderType: 'Limit', timeInForce: 'GTD', reach: [-10, -2], goodForMs: 1_500 },
];

export interface Acked {
  readonly command: Command;
  readonly outcome: string;
}

const PRICE_EVERY_MS = 200;
const REFUSED_PAUSE_MS = 50;

export class Load {
  readonly acked = new Map<string, Acked>();
  /** Given, or to be given again. */
  readonly open = new Map<string, Command>();
  /** What was not an acknowledgement and is not expected either. */
  readonly complaints: string[] = [];
  readonly #world: World;
  readonly #options: LoadOptions;
  readonly #random: Random;
  #given = 0;
  /** Cancels still to be given. */
  #later = 0;
  #prices = { bid: 0, ask: 0 };
  #timers: NodeJS.Timeout[] = [];
  #gateway: GatewayProcess | null = null;

  constructor(world: World, options: LoadOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = seeded(options.seed, 'load');
  }

  /** Gives this gateway what is open as soon as it is ready, then new commands until it is gone or `rest` is called. */
  drive(gateway: GatewayProcess, fresh = true): void {
    this.rest();
    this.#gateway = gateway;
    gateway.onMessage = (message) => this.#hear(gateway, message);
    gateway.ready.then(
      () => this.#begin(gateway, fresh),
      () => {},
    );
    void gateway.exited.then(() => {
      if (this.#gateway === gateway) this.rest();
    });
  }

  /** No new commands; those given are still heard of. */
  rest(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  /** Everything given is acknowledged, and nothing more will be. */
  get settled(): boolean {
    return this.open.size === 0 && this.#later === 0;
  }

  /** Waits until this gateway has acknowledged so many more. */
  async more(gateway: GatewayProcess, count: number): Promise<void> {
    const wanted = this.acked.size + count;
    const missing = (): string | null => (this.acked.size >= wanted ? null : `${wanted - this.acked.size} are missing`);
    await gateway.until(`${count} more commands are acknowledged`, missing);
  }

  give(command: Command): void {
    this.open.set(command.id, command);
    this.#gateway?.tell({ type: 'command', command });
  }

  #begin(gateway: GatewayProcess, fresh: boolean): void {
    if (this.#gateway !== gateway || !gateway.alive) return;
    for (const command of this.open.values()) gateway.tell({ type: 'command', command });
    if (!fresh) return;
    const look = (): void => {
      this.#world.prices().then(
        (prices) => (this.#prices = prices),
        () => {},
      );
    };
    look();
    this.#timers.push(
      setInterval(look, PRICE_EVERY_MS),
      setInterval(() => this.#tick(), this.#options.paceMs),
    );
  }

  #tick(): void {
    if (this.#prices.bid === 0 || this.open.size >= this.#options.openMax) return;
    this.#given += 1;
    const id = `command-${this.#given}`;
    this.give({ id, to: strategyKey(LOAD), message: this.#order(id) });
  }

  #order(ref: string): Omit<PlaceOrder, 'sandbox'> {
    const wish = this.#draw();
    const side = this.#random() < 0.5 ? 'Buy' : 'Sell';
    const { bid, ask } = this.#prices;
    const [from, to] = wish.reach;
    const reach = (from + this.#random() * (to - from)) / 10_000;
    const price = side === 'Buy' ? ask * (1 + reach) : bid * (1 - reach);
    const { orderType, timeInForce, postOnly = false, symbol = 'BTC-USDT', stop, goodForMs } = wish;
    const stopPrice = stop === undefined ? null : this.#beyond(side, stop).toFixed(2);
    const goodTillAt = goodForMs === undefined ? null : Date.now() + goodForMs;
    const ties = { stopPrice, goodTillAt, linkedTo: null };
    const quantity = wish.quantity ?? (0.0002 + this.#random() * 0.002).toFixed(5);
    const terms = { provider: 'paper', symbol, side, orderType, timeInForce, postOnly, quantity } as const;
    const priced = orderType === 'Limit' || orderType === 'StopLimit';
    return { type: 'PlaceOrder', ref, ...terms, ...ties, price: priced ? price.toFixed(2) : null };
  }

  /** A stop order follows the market: above it to buy, below it to sell. */
  #beyond(side: PlaceOrder['side'], [from, to]: readonly [number, number]): number {
    const away = (from + this.#random() * (to - from)) / 10_000;
    return side === 'Buy' ? this.#prices.ask * (1 + away) : this.#prices.bid * (1 - away);
  }

  #draw(): Wish {
    const mix = this.#options.mix ?? MIX;
    let left = this.#random() * mix.reduce((sum, { share }) => sum + share, 0);
    for (const wish of mix) {
      left -= wish.share;
      if (left < 0) return wish;
    }
    return mix[0] as Wish;
  }

  #hear(gateway: GatewayProcess, message: FromGateway): void {
    if (message.type === 'acked') this.#ack(message);
    if (message.type !== 'refused' || !gateway.alive) return;
    // It is stopping, or has no room: the next one is asked, or this one again.
    if (!/NOT_RUNNING|LEASE_LOST|MAILBOX_FULL/.test(message.error)) {
      this.complaints.push(`${message.id}: ${message.error}`);
      this.open.delete(message.id);
    }
    setTimeout(() => {
      const command = this.open.get(message.id);
      if (command !== undefined) gateway.tell({ type: 'command', command });
    }, REFUSED_PAUSE_MS);
  }

  #ack({ id, outcome, orderId }: Extract<FromGateway, { type: 'acked' }>): void {
    const command = this.open.get(id);
    if (command === undefined) return; // acknowledged before, and given twice
    this.open.delete(id);
    this.acked.set(id, { command, outcome });
    if (outcome !== 'applied' && outcome !== 'duplicate') this.complaints.push(`${id}: ${outcome}`);
    // Half of what rests is canceled or amended, sometimes at once, sometimes when it may have been filled.
    if (command.message.type !== 'PlaceOrder' || orderId === null || this.#random() < 0.5) return;
    const isCancel = this.#random() < 0.6;
    const cancel = { type: 'CancelOrder', clientOrderId: orderId, ref: null } as const;
    const message = isCancel ? cancel : this.#amend(orderId, command.message as PlaceOrder);
    const give = (): void => {
      this.#later -= 1;
      this.give({ id: `${isCancel ? 'cancel' : 'amend'}-${id}`, to: strategyKey(LOAD), message });
    };
    this.#later += 1;
    setTimeout(give, this.#random() < 0.5 ? 0 : this.#random() * 800);
  }

  /** Half of it, which the venue does in place, or more at another price, which is a cancel and a new order. */
  #amend(clientOrderId: string, { quantity, price, side }: PlaceOrder): Omit<AmendOrder, 'sandbox'> {
    const halved = this.#random() < 0.6;
    const nearer = side === 'Buy' ? 1.0001 : 0.9999;
    const moved = price === null ? null : (Number(price) * nearer).toFixed(2);
    const wanted = (Number(quantity) * (halved ? 0.5 : 1.5)).toFixed(5);
    return { type: 'AmendOrder', clientOrderId, ref: null, quantity: wanted, price: halved ? null : moved };
  }
}
