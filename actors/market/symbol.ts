// Canonical symbols: `BASE-QUOTE`, upper case, as every part of the system but the adapters writes them.
// Perpetuals, futures and options have further segments; only spot is traded here.

export interface SpotSymbol {
  readonly base: string;
  readonly quote: string;
}

const SPOT_FORM = /^([A-Z0-9]{2,10})-([A-Z0-9]{2,10})$/;
const ASSET_FORM = /^[A-Z0-9]{2,10}$/;

export function isSpotSymbol(text: string): boolean {
  return SPOT_FORM.test(text);
}

export function isAsset(text: string): boolean {
  return ASSET_FORM.test(text);
}

/** Throws SYMBOL_INVALID for anything but a canonical spot symbol. */
export function parseSymbol(text: string): SpotSymbol {
  const [, base, quote] = SPOT_FORM.exec(text) ?? [];
  if (base === undefined || quote === undefined) {
    const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
    throw new RangeError(
      `SYMBOL_INVALID: symbol=${JSON.stringify(shown)}, allowed: BASE-QUOTE, each 2 to 10 of A-Z and 0-9`,
    );
  }
  return { base, quote };
}

export function formatSymbol({ base, quote }: SpotSymbol): string {
  const symbol = `${base}-${quote}`;
  parseSymbol(symbol);
  return symbol;
}

/** A venue's own names beside ours. Built from its list of instruments, never by cutting a name in two. */
export interface SymbolMap {
  /** Undefined for a symbol the venue does not list. */
  toVenue(symbol: string): string | undefined;
  /** Undefined for a venue name without a canonical form. */
  toCanonical(venueSymbol: string): string | undefined;
}

export function symbolMap(pairs: Iterable<{ readonly symbol: string; readonly venueSymbol: string }>): SymbolMap {
  const venue = new Map<string, string>();
  const canonical = new Map<string, string>();
  for (const { symbol, venueSymbol } of pairs) {
    parseSymbol(symbol);
    const known = venue.get(symbol) ?? venueSymbol;
    if (known !== venueSymbol) {
      throw new RangeError(`SYMBOL_AMBIGUOUS: symbol=${symbol}, venue names=${known} and ${venueSymbol}`);
    }
    venue.set(symbol, venueSymbol);
    canonical.set(venueSymbol, symbol);
  }
  return {
    toVenue: (symbol) => venue.get(symbol),
    toCanonical: (venueSymbol) => canonical.get(venueSymbol),
  };
}
