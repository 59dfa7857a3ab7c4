// The books at the end against the venue's: every posting balanced, the running balances the sums of their lines, the
// account's assets what the venue holds, positions and profit what the trades come to.
import type { LedgerTrade, LedgerView } from '../../actors/exchanges/paper/ledger/read.ts';
import { type Decimal, format, mul, parse } from '../../actors/market/decimal.ts';
import { ACCOUNT_NAME, OPENING, type World } from './world.ts';

export async function moneyFindings(world: World, ledger: LedgerView): Promise<string[]> {
  return [
    ...(await postingFindings(world)),
    ...(await accountFindings(world, ledger)),
    ...(await openingFindings(world)),
    ...(await positionFindings(world, ledger)),
  ];
}

async function postingFindings(world: World): Promise<string[]> {
  const crooked = await world.query<{ posting: string; asset: string; sum: string }>(
    `select posting, asset, sum(amount) from ledger_entries group by posting, asset having sum(amount) <> 0 limit 20`,
  );
  const drifted = await world.query<{ account: string; asset: string; kept: string; summed: string }>(
    `select coalesce(b.account, e.account) as account, coalesce(b.asset, e.asset) as asset,
            b.balance as kept, e.sum as summed
       from ledger_balances b
       full join (select account, asset, sum(amount) from ledger_entries group by account, asset) e
         on e.account = b.account and e.asset = b.asset
      where coalesce(b.balance, 0) <> coalesce(e.sum, 0)`,
  );
  return [
    ...crooked.map(({ posting, asset, sum }) => `UNBALANCED: ${posting} is ${sum} ${asset} off`),
    ...drifted.map(({ account, asset, kept, summed }) => `DRIFT: ${account} has ${kept} ${asset}, its lines ${summed}`),
  ];
}

/** What the ledger says the account holds is what the venue says; nothing is locked, and nothing unexplained. */
export async function accountFindings(world: World, ledger: LedgerView): Promise<string[]> {
  const rows = await world.query<{ account: string; asset: string; balance: string }>(
    'select account, asset, balance from ledger_balances',
  );
  const at = (account: string, asset: string): Decimal =>
    parse(rows.find((row) => row.account === `${account}:paper` && row.asset === asset)?.balance ?? '0');
  const theirs = ledger.balances.get(ACCOUNT_NAME) ?? new Map<string, string>();
  return [...theirs].flatMap(([asset, total]) => {
    const [available, locked, suspense] = [at('available', asset), at('locked', asset), at('suspense', asset)];
    const words = `available ${format(available)}, locked ${format(locked)}, suspense ${format(suspense)}`;
    const fits = available === parse(total) && locked === 0n && suspense === 0n;
    return fits ? [] : [`LEDGER: ${asset} is ${words} here, ${total} there`];
  });
}

/** What the books began with is what the account was given: a mistake of a booking before would hide in there. */
async function openingFindings(world: World): Promise<string[]> {
  const rows = await world.query<{ asset: string; amount: string }>(
    `select asset, sum(amount) as amount from ledger_entries
      where kind = 'transfer' and account = 'available:paper' group by asset`,
  );
  return Object.entries(OPENING).flatMap(([asset, given]) => {
    const booked = parse(rows.find((row) => row.asset === asset)?.amount ?? '0');
    return booked === parse(given) ? [] : [`OPENING: ${format(booked)} ${asset} was booked, ${given} was there`];
  });
}

interface PositionSums {
  readonly quantity: string;
  readonly cost: string;
  readonly realized: string;
}

/** Profit and cost together are the cash of all trades, whatever average price was used on the way. */
async function positionFindings(world: World, ledger: LedgerView): Promise<string[]> {
  const [row] = await world.query<PositionSums>(
    `select coalesce(sum(quantity), 0) as quantity, coalesce(sum(cost_quote), 0) as cost,
            coalesce(sum(realized_quote), 0) as realized
       from positions where provider = 'paper' and symbol = 'BTC-USDT'`,
  );
  const trades = ledger.trades.filter(({ account, symbol }) => account === ACCOUNT_NAME && symbol === 'BTCUSDT');
  const held = trades.map(({ side, quantity }) => parse(quantity) * sign(side)).reduce(sum, 0n);
  const baseFees = trades
    .filter(({ feeAsset }) => feeAsset === 'BTC')
    .map(({ fee }) => parse(fee))
    .reduce(sum, 0n);
  const cash = trades.map(cashOf).reduce(sum, 0n);
  const findings: string[] = [];
  const quantity = parse(row?.quantity ?? '0');
  if (quantity !== held - baseFees)
    findings.push(`POSITIONS: ${format(quantity)} here, ${format(held - baseFees)} by the venue’s trades and fees`);
  const booked = parse(row?.realized ?? '0') - parse(row?.cost ?? '0');
  if (booked !== cash)
    findings.push(`PROFIT: realised - cost is ${format(booked)}, the cash of all trades ${format(cash)}`);
  const fees = await world.query<{ asset: string; paid: string }>(
    `select f.asset, sum(f.amount) as paid from position_fees f group by f.asset`,
  );
  for (const asset of new Set(trades.map(({ feeAsset }) => feeAsset))) {
    const paid = trades
      .filter(({ feeAsset }) => feeAsset === asset)
      .map(({ fee }) => parse(fee))
      .reduce(sum, 0n);
    const ours = parse(fees.find((one) => one.asset === asset)?.paid ?? '0');
    if (ours !== paid) findings.push(`FEES: ${format(ours)} ${asset} here, ${format(paid)} there`);
  }
  return findings;
}

function cashOf({ side, quantity, price }: LedgerTrade): Decimal {
  return -sign(side) * mul(parse(quantity), parse(price));
}

function sign(side: LedgerTrade['side']): bigint {
  return side === 'BUY' ? 1n : -1n;
}

function sum(left: Decimal, right: Decimal): Decimal {
  return left + right;
}
