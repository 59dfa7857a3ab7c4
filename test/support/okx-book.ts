// The order book of the small OKX as its channel tells of it: every change names the one before, and what the book was
// after each of them is remembered.

export interface OkxLevels {
  readonly bids: readonly (readonly [price: string, quantity: string])[];
  readonly asks: readonly (readonly [price: string, quantity: string])[];
}

export interface OkxTold {
  readonly action: 'snapshot' | 'update';
  readonly data: readonly object[];
}

type Side = Map<string, string>;

const SIDES = ['bids', 'asks'] as const;
const FIRST = { bids: 50_000, asks: 50_001 } as const;
const DEPTH = 8;

export class OkxBook {
  /** By the number of the change that led to it. */
  readonly states = new Map<number, OkxLevels>();
  readonly #sides: { readonly bids: Side; readonly asks: Side } = {
    bids: new Map([['50000', '2']]),
    asks: new Map([['50001', '1']]),
  };
  #seqId = 100;

  constructor() {
    this.#note();
  }

  snapshot(): OkxTold {
    const { bids, asks } = this.#levels();
    return { action: 'snapshot', data: [{ ...wire({ bids, asks }), seqId: this.#seqId, prevSeqId: -1 }] };
  }

  /** One level of each side comes, or goes again. */
  change(): OkxTold {
    const prevSeqId = this.#seqId;
    this.#seqId += 2;
    const step = 1 + (this.#seqId % DEPTH);
    const changed = SIDES.map((side) => {
      const price = String(side === 'bids' ? FIRST.bids - step : FIRST.asks + step);
      const quantity = this.#sides[side].has(price) ? '0' : String(this.#seqId);
      if (quantity === '0') this.#sides[side].delete(price);
      else this.#sides[side].set(price, quantity);
      return [side, [[price, quantity]]] as const;
    });
    this.#note();
    const levels = Object.fromEntries(changed);
    const frame = wire({ bids: levels['bids'] ?? [], asks: levels['asks'] ?? [] });
    return { action: 'update', data: [{ ...frame, seqId: this.#seqId, prevSeqId }] };
  }

  #note(): void {
    this.states.set(this.#seqId, this.#levels());
  }

  /** Best first. */
  #levels(): OkxLevels {
    const sorted = (side: Side, sign: 1 | -1) => [...side].sort(([a], [b]) => sign * (Number(a) - Number(b)));
    return { bids: sorted(this.#sides.bids, -1), asks: sorted(this.#sides.asks, 1) };
  }
}

/** With the two numbers that are of no use. */
function wire({ bids, asks }: OkxLevels): object {
  const levels = (side: OkxLevels['bids']) => side.map((level) => [...level, '0', '1']);
  return { bids: levels(bids), asks: levels(asks) };
}
