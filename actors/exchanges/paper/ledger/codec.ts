// A ledger line: `<crc32 of the rest, 8 hex digits> <entry as JSON>\n`, amounts as decimal strings.
// The sum finds a line that was cut or damaged; JSON keeps the file readable by a person and by any language.
import { crc32 } from 'node:zlib';
import { type Decimal, format, parse } from '../../../market/decimal.ts';
import type { AccountStands, Entry, Fact, Fill, Leg, SymbolMark } from '../core/facts.ts';
import type { Order, OrderTerms } from '../core/order.ts';

export function encode(entry: Entry): string {
  const json = JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? format(value) : value));
  return `${checksum(json)} ${json}\n`;
}

/** Null when the line is not what was written: cut short, or damaged. */
export function decode(line: string): Entry | null {
  const json = line.slice(9);
  if (line.charAt(8) !== ' ' || line.slice(0, 8) !== checksum(json)) return null;
  const entry = JSON.parse(json) as Entry;
  return { ...entry, facts: entry.facts.map(decodeFact) };
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** The sum proved that the line is ours, so only amounts need reading; an unknown type is a newer ledger. */
function decodeFact(fact: Fact): Fact {
  switch (fact.type) {
    case 'AccountOpened':
      return { ...fact, balances: fact.balances.map((given) => ({ ...given, amount: amount(given.amount) })) };
    case 'Transferred':
      return { ...fact, amount: amount(fact.amount) };
    case 'OrderPlaced':
      return { ...fact, order: decodeTerms(fact.order), locked: amount(fact.locked) };
    case 'Traded':
      return {
        ...fact,
        price: amount(fact.price),
        quantity: amount(fact.quantity),
        buyer: decodeLeg(fact.buyer),
        seller: decodeLeg(fact.seller),
      };
    case 'OrderAmended':
      return { ...fact, quantity: amount(fact.quantity) };
    case 'OrderTriggered':
    case 'OrderFunded':
      return { ...fact, locked: amount(fact.locked) };
    case 'MatchPrevented':
      return { ...fact, price: amount(fact.price), quantity: amount(fact.quantity) };
    case 'Marked':
      return { ...fact, symbols: fact.symbols.map((mark): SymbolMark => ({ ...mark, mid: amount(mark.mid) })) };
    case 'TradeBusted':
      return { ...fact, busted: decodeFill(fact.busted), corrected: fact.corrected && decodeFill(fact.corrected) };
    case 'AccountStands':
      return { ...fact, balances: fact.balances.map(decodeBalance) };
    case 'OrderStands':
      return { ...fact, order: decodeOrder(fact.order) };
    case 'TradeStands':
      return { ...fact, trade: { ...fact.trade, ...decodeFill(fact.trade) } };
    case 'SymbolStands':
      return { ...fact, lastPrice: amount(fact.lastPrice) };
    case 'HistoryStands':
      return {
        ...fact,
        amendments: fact.amendments.map((change) => ({
          ...change,
          origQuantity: amount(change.origQuantity),
          newQuantity: amount(change.newQuantity),
        })),
        prevented: fact.prevented.map((match) => ({
          ...match,
          price: amount(match.price),
          takerQuantity: match.takerQuantity && amount(match.takerQuantity),
          makerQuantity: match.makerQuantity && amount(match.makerQuantity),
        })),
      };
    case 'ListPlaced':
    case 'ListStands':
    case 'OrderClosed':
    case 'OrderRefused':
    case 'StatusSet':
    case 'SnapshotBegun':
      return fact;
    default:
      throw new Error(`LEDGER_FACT_UNKNOWN: ${JSON.stringify(fact)}; it was written by a newer version`);
  }
}

function decodeTerms(terms: OrderTerms): OrderTerms {
  const { price, quantity, stopPrice, quoteQuantity } = terms;
  const quote = quoteQuantity === undefined ? {} : { quoteQuantity: amount(quoteQuantity) };
  const stop = stopPrice === undefined ? {} : { stopPrice: amount(stopPrice) };
  return { ...terms, price: amount(price), quantity: amount(quantity), ...stop, ...quote };
}

function decodeOrder(order: Readonly<Order>): Order {
  const { executed, executedQuote, locked, prevented, decremented } = order;
  return {
    ...order,
    ...decodeTerms(order),
    executed: amount(executed),
    executedQuote: amount(executedQuote),
    locked: amount(locked),
    ...(decremented !== undefined && { decremented: amount(decremented) }),
    prevented: prevented && { ...prevented, quantity: amount(prevented.quantity) },
  };
}

function decodeFill(fill: Fill): Fill {
  return { ...fill, price: amount(fill.price), quantity: amount(fill.quantity), fee: amount(fill.fee) };
}

type Standing = AccountStands['balances'][number];

function decodeBalance(balance: Standing): Standing {
  return { ...balance, free: amount(balance.free), locked: amount(balance.locked) };
}

function decodeLeg(leg: Leg): Leg {
  return { ...leg, fee: amount(leg.fee) };
}

/** Typed as what it becomes, still the text it was written as. */
function amount(text: Decimal): Decimal {
  return parse(String(text));
}
