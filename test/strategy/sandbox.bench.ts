// How long an event takes from the host through the worker and QuickJS to a decision on the host. Run it directly:
// node test/strategy/sandbox.bench.ts
import { createSandbox, type Decision } from '../../actors/strategy/sandbox/index.ts';
import { onTicker, ROOMY, report, ticker } from './sandbox-support.ts';

const CALLS = 5_000;
const started = performance.now();
let heard: (decision: Decision) => void = () => undefined;
const sandbox = await createSandbox({
  instanceId: 'bench',
  source: onTicker(`env.runtime.submitOrder('', 'buy', '0.001', Number(payload.bidPrice) * 0.999);`),
  config: { dry_run: false },
  scope: { paper: { symbols: ['BTC-USDT'] } },
  state: null,
  limits: ROOMY,
  onDecision: (decision) => heard(decision),
  onLog: console.log,
  onFault: console.error,
});
const startMs = performance.now() - started;

const tookUs: number[] = [];
for (let n = 0; n < CALLS; n += 1) {
  const before = performance.now();
  await new Promise<Decision>((resolve) => {
    heard = resolve;
    sandbox.market(ticker('60000.00', '60000.01'));
  });
  tookUs.push((performance.now() - before) * 1000);
  // Pending orders of a venue that never answers would be what is measured.
  sandbox.order(report({ state: 'CANCELLED', ref: String(n + 1), clientOrderId: `c${n}` }));
  while (sandbox.stats().waiting > 0) await new Promise((resolve) => setImmediate(resolve));
}
await sandbox.stop();
tookUs.sort((left, right) => left - right);
const at = (share: number) => Math.round(tookUs[Math.floor(share * (CALLS - 1))] ?? 0);
console.log(`start ${Math.round(startMs)} ms; event to decision p50 ${at(0.5)} us, p90 ${at(0.9)}, p99 ${at(0.99)}`);
