// Operations that read what became of orders beside their trades: their amends, the matches that were prevented, and
// what trading costs. The paths of /sapi are those that ccxt asks for by itself.
import { firstFrom } from '../core/history.ts';
import type { Amendment, PreventedMatch } from '../core/order.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Venue } from '../venue.ts';
import type { Caller, Operation } from './operation.ts';
import type { Params } from './params.ts';
import { readSymbol, readSymbols } from './reading.ts';
import { eight, type Json } from './views.ts';

type Read = (venue: Venue, params: Params, caller: Caller) => () => unknown;

export function recordOperations(venue: Venue): Operation[] {
  const operation = (rest: Operation['rest'], read: Read, ws?: string): Operation => ({
    rest,
    ...(ws !== undefined && { ws }),
    kind: 'query',
    security: 'signed',
    read: (params, caller) => read(venue, params, caller),
  });
  return [
    operation('GET /api/v3/order/amendments', amendments, 'order.amendments'),
    operation('GET /api/v3/myPreventedMatches', preventedMatches, 'myPreventedMatches'),
    operation('GET /api/v3/account/commission', commission, 'account.commission'),
    operation('GET /sapi/v1/asset/tradeFee', tradeFees),
    operation('GET /sapi/v1/capital/config/getall', coins),
    operation('GET /sapi/v1/margin/allPairs', () => () => []),
    operation('GET /sapi/v1/margin/isolated/allPairs', () => () => []),
  ];
}

function amendments(venue: Venue, params: Params, { account }: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const orderId = params.integer('orderId');
  if (orderId === undefined) throw new Refused(refusals.mandatory('orderId'));
  const from = params.integer('fromExecutionId') ?? 0;
  const limit = params.limit(500, 1_000);
  return () => {
    const all = venue.seen.histories.of(account, rules.name).amendments;
    const found = all.filter((change) => change.orderId === orderId && change.executionId >= from);
    return found.slice(0, limit).map((change) => amendment(rules.name, change));
  };
}

function amendment(symbol: string, change: Amendment): Json {
  return {
    symbol,
    orderId: change.orderId,
    executionId: change.executionId,
    origClientOrderId: change.origClientOrderId,
    newClientOrderId: change.newClientOrderId,
    origQty: eight(change.origQuantity),
    newQty: eight(change.newQuantity),
    time: change.at,
  };
}

function preventedMatches(venue: Venue, params: Params, { account }: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const matchId = params.integer('preventedMatchId');
  const orderId = params.integer('orderId');
  const from = params.integer('fromPreventedMatchId');
  const limit = params.limit(500, 1_000);
  if (matchId === undefined && orderId === undefined) {
    throw new Refused(refusals.eitherMandatory('preventedMatchId', 'orderId'));
  }
  return () => {
    const all = venue.seen.histories.of(account, rules.name).prevented;
    const found = all
      .slice(from === undefined ? 0 : firstFrom(all, from))
      .filter(({ id }) => matchId === undefined || id === matchId)
      .filter(
        ({ takerOrderId, makerOrderId }) => orderId === undefined || [takerOrderId, makerOrderId].includes(orderId),
      );
    return found.slice(0, limit).map((match) => preventedMatch(rules.name, match));
  };
}

function preventedMatch(symbol: string, match: PreventedMatch): Json {
  const { takerQuantity, makerQuantity } = match;
  return {
    symbol,
    preventedMatchId: match.id,
    takerOrderId: match.takerOrderId,
    makerSymbol: symbol,
    makerOrderId: match.makerOrderId,
    tradeGroupId: -1,
    selfTradePreventionMode: match.mode,
    price: eight(match.price),
    ...(takerQuantity !== null && { takerPreventedQuantity: eight(takerQuantity) }),
    ...(makerQuantity !== null && { makerPreventedQuantity: eight(makerQuantity) }),
    transactTime: match.at,
  };
}

function commission(venue: Venue, params: Params, { account }: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  return () => {
    const { maker, taker, inAsset } = venue.engine.fees;
    const none = { maker: eight(0n), taker: eight(0n), buyer: eight(0n), seller: eight(0n) };
    return {
      symbol: rules.name,
      standardCommission: { ...none, maker: eight(maker), taker: eight(taker) },
      taxCommission: none,
      discount: {
        enabledForAccount: inAsset?.accounts.includes(account) ?? false,
        enabledForSymbol: inAsset !== undefined,
        discountAsset: inAsset?.asset ?? 'BNB',
        discount: eight(inAsset?.part ?? 0n),
      },
    };
  };
}

function tradeFees(venue: Venue, params: Params): () => unknown {
  const { rules } = readSymbols(venue, params);
  return () => {
    const { maker, taker } = venue.engine.fees;
    const rates = { makerCommission: eight(maker), takerCommission: eight(taker) };
    return rules.map(({ name }) => ({ symbol: name, ...rates }));
  };
}

/** Nothing can be deposited or withdrawn from outside. */
function coins(venue: Venue): () => unknown {
  const assets = new Set([...venue.state.symbols.values()].flatMap(({ base, quote }) => [base, quote]));
  return () =>
    [...assets].map((coin) => ({
      coin,
      name: coin,
      depositAllEnable: false,
      withdrawAllEnable: false,
      trading: true,
      isLegalMoney: false,
      networkList: [],
    }));
}
