// Where the venue and its test network are (rest-api.md and web-socket-streams.md, "General"; testnet/general-info.md).
import { ExchangeFault, type ExchangeSettings } from '../exchange.ts';

type Addresses = Pick<ExchangeSettings, 'restUrl' | 'streamUrl' | 'wsApiUrl'>;

const LIVE: Addresses = {
  restUrl: 'https://api.binance.com',
  streamUrl: 'wss://stream.binance.com',
  wsApiUrl: 'wss://ws-api.binance.com',
};
const TESTNET: Addresses = {
  restUrl: 'https://testnet.binance.vision',
  streamUrl: 'wss://stream.testnet.binance.vision',
  wsApiUrl: 'wss://ws-api.testnet.binance.vision',
};

/**
 * Three addresses of their own, or the venue's three: one that was forgotten must not lead to the real venue. The
 * test network is a venue of its own in the key of every execution.
 */
export function withAddresses(settings: ExchangeSettings): ExchangeSettings {
  const { restUrl, streamUrl, wsApiUrl, sandbox } = settings;
  const missing = [restUrl, streamUrl, wsApiUrl].filter((url) => url === '').length;
  if (missing === 0) return settings;
  if (missing < 3) {
    const message = 'restUrl, streamUrl, wsApiUrl: allowed: all three, or none for the hosts of the venue';
    throw new ExchangeFault(message, { retryable: false });
  }
  const venue = settings.venue ?? (sandbox === true ? 'binance-sandbox' : 'binance');
  return { ...settings, ...(sandbox === true ? TESTNET : LIVE), venue };
}
