// What the actors believe at the end against the venue's ledger: nothing reserved, nothing open, the same positions
// and the same balances.
import type { LedgerTrade, LedgerView } from '../../actors/exchanges/paper/ledger/read.ts';
import { add, type Decimal, format, parse, sub } from '../../actors/market/decimal.ts';
import { providerKey } from '../../actors/provider/messages.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import { ACCOUNT_NAME, type World } from './world.ts';

interface Contexts {
  readonly risk: {
    readonly exposure: {
      readonly orders: number;
      readonly books: { readonly [instrument: string]: { readonly position: string; readonly orders: number } };
    };
  };
  readonly provider: { readonly live: object; readonly waiting: readonly unknown[] };
  readonly strategy: { readonly open: object; readonly positions: { readonly [place: string]: string } };
}

export async function standingFindings(world: World, ledger: LedgerView): Promise<string[]> {
  const risk = await contextOf<Contexts['risk']>(world, riskKey('main'));
  const provider = await contextOf<Contexts['provider']>(world, providerKey('paper'));
  const strategies = await world.query<{ key: string; context: Contexts['strategy'] }>(
    `select key, snapshot -> 'c' as context from actors where kind = 'strategy' order by key`,
  );
  const findings: string[] = [];
  if (risk !== null && risk.exposure.orders !== 0)
    findings.push(`RESERVED: ${risk.exposure.orders} orders still have a reservation`);
  const waiting = provider === null ? 0 : Object.keys(provider.live).length + provider.waiting.length;
  if (waiting > 0) findings.push(`STILL_LIVE: the provider counts ${waiting} orders as live or waiting`);
  for (const { key, context } of strategies) {
    const open = Object.keys(context.open);
    if (open.length > 0) findings.push(`STILL_OPEN: ${key} believes in ${open.slice(0, 5).join(', ')}`);
  }
  const traded = positionAt(ledger);
  const believed = parse(risk?.exposure.books['paper:BTC-USDT']?.position ?? '0');
  if (believed !== traded) findings.push(`POSITION: risk has ${format(believed)}, the venue traded ${format(traded)}`);
  const outside = positionAt(ledger, ({ clientOrderId }) => clientOrderId.includes('_'));
  const held = strategies.map(({ context }) => parse(context.positions['paper BTC-USDT'] ?? '0')).reduce(add, 0n);
  if (add(held, outside) !== traded)
    findings.push(
      `POSITION: the strategies have ${format(held)}, others ${format(outside)}, the venue traded ${format(traded)}`,
    );
  return [...findings, ...(await balanceFindings(world, ledger)), ...(await surpriseFindings(world))];
}

/** An order that waits for its proof of absence asks more often than an operator's patience lasts. */
const EXPECTED = ['ORDER_UNDECIDED', 'LIMITS_SET', 'ExternalOrderSeen', 'BALANCES_OPENED', 'EXECUTIONS_MISSED'];

/** What was concluded too early and put right later leaves the right end, and a line in the audit log. */
async function surpriseFindings(world: World): Promise<string[]> {
  const rows = await world.query<{ actor: string; action: string; detail: string }>(
    'select actor, action, detail from audit_log where action <> all ($1) order by id limit 50',
    [EXPECTED],
  );
  return rows.map(({ actor, action, detail }) => `SURPRISE: ${action} of ${actor}: ${detail}`);
}

async function contextOf<Context>(world: World, key: string): Promise<Context | null> {
  const [row] = await world.query<{ context: Context }>(
    `select snapshot -> 'c' as context from actors where key = $1`,
    [key],
  );
  return row?.context ?? null;
}

/** Bought minus sold. */
function positionAt({ trades }: LedgerView, which: (trade: LedgerTrade) => boolean = () => true): Decimal {
  const own = trades.filter(({ account, symbol }) => account === ACCOUNT_NAME && symbol === 'BTCUSDT').filter(which);
  return own.reduce(
    (sum, { side, quantity }) => (side === 'BUY' ? add(sum, parse(quantity)) : sub(sum, parse(quantity))),
    0n,
  );
}

export async function balanceFindings(world: World, ledger: LedgerView): Promise<string[]> {
  const rows = await world.query<{ asset: string; total: string; locked: string }>(
    `select asset, available + locked as total, locked from balances where provider = 'paper'`,
  );
  const theirs = ledger.balances.get(ACCOUNT_NAME) ?? new Map<string, string>();
  return [...theirs].flatMap(([asset, total]) => {
    const ours = rows.find((row) => row.asset === asset);
    const fits = ours !== undefined && parse(ours.total) === parse(total) && parse(ours.locked) === 0n;
    return fits
      ? []
      : [`BALANCE: ${asset} is ${ours?.total ?? 'unknown'} (${ours?.locked ?? '?'} locked) here, ${total} there`];
  });
}
