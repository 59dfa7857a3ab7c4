// The end of a crash test: no faults any more, every order to its end, everybody told to stop, and the verdict.

import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { providerKey } from '../../actors/provider/messages.ts';
import { strategyKey } from '../../actors/strategy/messages.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { Load } from './load.ts';
import { judge, type Verdict } from './oracle.ts';
import { accountFindings } from './oracle-money.ts';
import { balanceFindings } from './oracle-standing.ts';
import type { Outsider } from './outsider.ts';
import { LOAD, MARKET_MAKER } from './protocol.ts';
import type { World } from './world.ts';

export interface Ended extends Verdict {
  /** From the end of the faults to the last order's end. */
  readonly settledMs: number;
}

const UNDECIDED = `life in ('intent', 'queued', 'sending', 'doubt', 'closing')`;

/** With a gateway that runs already, or the last one. */
export async function finish(world: World, load: Load, running?: GatewayProcess, outsider?: Outsider): Promise<Ended> {
  const startedAt = performance.now();
  await world.faults([]);
  await outsider?.stop();
  const gateway = running ?? world.start();
  if (running === undefined) load.drive(gateway, false);
  else load.rest();
  await gateway.ready;
  // 1. What is under way is decided, while the strategies still run.
  await gateway.until('every command is acknowledged', () =>
    load.settled ? null : `${load.open.size} are not; the last refusal: ${load.complaints.at(-1) ?? 'none'}`,
  );
  await gateway.until('every order of the load is decided', () =>
    undecided(world, `strategy_instance = '${LOAD}' and ${UNDECIDED}`),
  );
  // 2. What is open is canceled, and ends.
  const instances = gateway.plan.marketMaker ? [LOAD, MARKET_MAKER] : [LOAD];
  for (const id of instances) load.give({ id: `stop-${id}`, to: strategyKey(id), message: { type: 'Stop' } });
  await gateway.until('every order has ended', () =>
    undecided(world, `${UNDECIDED} or life in ('working', 'parked', 'adopted')`),
  );
  const settledMs = performance.now() - startedAt;
  // 3. The last word about the account comes by the stream or by the next look at the venue.
  await gateway.until('the balances are the venue’s', async () => {
    const ledger = await readLedger(world.ledgerFile);
    const findings = [...(await balanceFindings(world, ledger)), ...(await accountFindings(world, ledger))];
    return findings.length === 0 ? null : findings.join('; ');
  });
  load.give({ id: 'stop-provider', to: providerKey('paper'), message: { type: 'Stop' } });
  await gateway.until('everybody has stopped', async () =>
    load.settled ? null : `${[...load.open.keys()].join(', ')} not acknowledged`,
  );
  await gateway.until('nothing waits', async () => {
    const [row] = await world.query<{ count: string }>('select count(*) from events_outbox where delivered_at is null');
    return row?.count === '0' ? null : `${row?.count} rows of the outbox do`;
  });
  gateway.tell({ type: 'stop' });
  const exit = await gateway.exited;
  const verdict = await judge(world, load.acked);
  const findings = [
    ...(exit.code === 0 ? [] : [`EXIT: the last gateway ended with ${exit.signal ?? `code ${exit.code}`}`]),
    ...load.complaints.map((complaint) => `REFUSED: ${complaint}`),
    ...verdict.findings,
  ];
  return { ...verdict, findings, settledMs };
}

async function undecided(world: World, condition: string): Promise<string | null> {
  const rows = await world.query<{ client_order_id: string; life: string }>(
    `select client_order_id, life from orders where ${condition} order by actor_id limit 10`,
  );
  return rows.length === 0 ? null : rows.map(({ client_order_id, life }) => `${client_order_id} is ${life}`).join(', ');
}
