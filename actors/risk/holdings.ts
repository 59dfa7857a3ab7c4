// The positions of a scope, each of one strategy instance in one instrument of one account, and what is recorded when
// an execution moves one. A flat position leaves memory; its profit and fees stay in the database.
import { format, isZero, parse } from '../market/decimal.ts';
import type { LedgerAccount, LedgerRow, PositionRow } from '../market/records.ts';
import { type Effect, record } from '../runtime/effect.ts';
import type { Delivered } from '../runtime/message.ts';
import type { RiskMessage } from './messages.ts';
import {
  applyBust,
  applyFee,
  applyFill,
  type Charge,
  FLAT,
  isFlat,
  type Position,
  type PositionChange,
} from './position.ts';

/** Open positions beyond it are kept all the same, but new orders are denied. It bounds the snapshot of the actor. */
export const POSITIONS_MAX = 256;

/** Keyed `provider instance symbol account`. */
export type Positions = { readonly [holder: string]: Position };

type Event<Type extends RiskMessage['type']> = Extract<Delivered<RiskMessage>, { readonly type: Type }>;
export type Filled = Event<'ExposureFilled'>;
export type FeeLearned = Event<'FeeLearned'>;

export interface Holdings {
  readonly positions: Positions;
  readonly effects: readonly Effect[];
}

export function holdFill(positions: Positions, filled: Filled): Holdings {
  const charge = chargeOf(filled);
  const apply = filled.kind === 'bust' ? applyBust : applyFill;
  const change = apply(positions[holderOf(filled)] ?? FLAT, filled, charge);
  const isTurned = filled.kind === 'bust' && charge.fee !== null;
  const turned = isTurned ? { ...charge, fee: format(-parse(charge.fee)) } : charge;
  return held(positions, filled, change, { charge: turned, posting: filled.posting });
}

/** It comes without a posting: what it cost of a position is booked under the message that told it. */
export function holdFee(positions: Positions, learned: FeeLearned): Holdings {
  const charge = chargeOf(learned);
  const change = applyFee(positions[holderOf(learned)] ?? FLAT, charge);
  return held(positions, learned, change, { charge, posting: learned.messageId });
}

function held(
  positions: Positions,
  moved: Filled | FeeLearned,
  { position, realized }: PositionChange,
  { charge: { fee, feeAsset }, posting }: { readonly charge: Charge; readonly posting: string },
): Holdings {
  const holder = holderOf(moved);
  const { [holder]: _before, ...others } = positions;
  const { provider, account, strategyInstance, symbol, at } = moved;
  const row: PositionRow = {
    table: 'positions',
    provider,
    account,
    strategyInstance,
    symbol,
    quantity: position.quantity,
    costQuote: position.cost,
    realizedQuote: realized,
    fee: fee === null || feeAsset === null ? null : { asset: feeAsset, amount: fee },
  };
  return {
    positions: isFlat(position) ? others : { ...others, [holder]: position },
    effects: [record(row), ...profitLines({ posting: `profit:${posting}`, provider, symbol, realized, at })],
  };
}

interface Profit {
  readonly posting: string;
  readonly provider: string;
  readonly symbol: string;
  readonly realized: string;
  readonly at: number;
}

function profitLines({ posting, provider, symbol, realized, at }: Profit): Effect[] {
  if (isZero(parse(realized))) return [];
  const { quote: asset } = assetsOf(symbol);
  const line = (account: LedgerAccount, amount: string): Effect =>
    record<LedgerRow>({
      table: 'ledger_entries',
      posting,
      kind: 'profit',
      account,
      provider,
      asset,
      amount,
      bookedAt: at,
    });
  return [line('external', format(-parse(realized))), line('pnl', realized)];
}

function holderOf({ provider, strategyInstance, symbol, account }: Filled | FeeLearned): string {
  return [provider, strategyInstance, symbol, account].join(' ');
}

function chargeOf({ symbol, fee, feeAsset }: Filled | FeeLearned): Charge {
  return { base: assetsOf(symbol).base, fee, feeAsset };
}

function assetsOf(symbol: string): { readonly base: string; readonly quote: string } {
  const [base = '', quote = ''] = symbol.split('-');
  return { base, quote };
}
