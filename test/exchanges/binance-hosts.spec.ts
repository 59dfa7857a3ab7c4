// Which addresses a session of Binance is opened with, and as which venue its executions are kept.
import test from 'ava';
import { withAddresses } from '../../actors/exchanges/binance/hosts.ts';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';

const NONE = { restUrl: '', streamUrl: '', wsApiUrl: '' };
const OTHERS = { apiKey: 'k', apiSecret: 's', recvWindowMs: 5_000, httpTimeoutMs: 1_000 };

test("without addresses it is the venue's own, or its test network, which is a venue of its own", (t) => {
  const live = withAddresses({ ...OTHERS, ...NONE });
  t.like(live, { restUrl: 'https://api.binance.com', venue: 'binance' });
  const test = withAddresses({ ...OTHERS, ...NONE, sandbox: true });
  t.like(test, { venue: 'binance-sandbox', wsApiUrl: 'wss://ws-api.testnet.binance.vision' });
  for (const url of [test.restUrl, test.streamUrl, test.wsApiUrl]) t.true(new URL(url).hostname.includes('testnet'));
  t.is(withAddresses({ ...OTHERS, ...NONE, venue: 'MAIN' }).venue, 'MAIN');
});

test('addresses of its own are taken as they are; one that was forgotten does not lead to the real venue', (t) => {
  const own = { restUrl: 'http://r', streamUrl: 'ws://s', wsApiUrl: 'ws://w' };
  t.deepEqual(withAddresses({ ...OTHERS, ...own }), { ...OTHERS, ...own });
  for (const name of ['restUrl', 'streamUrl', 'wsApiUrl']) {
    const fault = t.throws(() => withAddresses({ ...OTHERS, ...own, [name]: '' }), { instanceOf: ExchangeFault });
    t.regex(fault.message, /allowed: all three, or none/);
    t.false(fault.retryable);
  }
});
