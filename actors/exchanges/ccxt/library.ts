// What is used of ccxt, in types of our own, and the one place that loads it. The package is optional and large
// (67 MB, 0.5 s to load): it is loaded when the first provider that needs it is opened.
// An exchange object holds the secret and prints it: it is never logged, stored or put in an error.
import { ExchangeFault } from '../exchange.ts';

export interface UnifiedMarket {
  readonly symbol?: string;
  readonly id?: string;
  readonly base?: string;
  readonly quote?: string;
  readonly spot?: boolean;
  readonly active?: boolean;
  readonly precision?: { readonly amount?: unknown; readonly price?: unknown };
  readonly limits?: {
    readonly amount?: { readonly min?: unknown; readonly max?: unknown };
    readonly cost?: { readonly min?: unknown };
  };
}

export interface SocketClient {
  readonly url: string;
  readonly connection?: {
    readonly readyState: number;
    pause(): void;
    resume(): void;
    terminate(): void;
  };
  readonly connected: Promise<unknown>;
  keepAlive: number;
  lastPong?: number | undefined;
  future: (messageHash: string) => Promise<unknown>;
  resolve: (result: unknown, messageHash: string) => unknown;
  send: (message: unknown) => Promise<unknown>;
  log: (...words: unknown[]) => void;
}

/** A cache that ccxt's handlers append every report to, one by one, before it merges them. */
export interface ReportCache {
  append(item: unknown): void;
}

type Watch = (...args: unknown[]) => Promise<unknown>;

/** Methods that not every venue has are looked up by name: `has` says which. */
export interface CcxtExchange {
  readonly id: string;
  readonly has: { [feature: string]: unknown };
  readonly features?: { readonly spot?: { readonly createOrder?: { readonly triggerPrice?: boolean } } };
  readonly precisionMode: number;
  readonly rateLimit: number;
  readonly options: { [name: string]: unknown };
  urls: { api: unknown };
  headers: { readonly [name: string]: string };
  httpAgent: unknown;
  markets: { readonly [symbol: string]: UnifiedMarket } | undefined;
  client: (url: string) => SocketClient;
  clients: { readonly [url: string]: SocketClient } | undefined;
  orders: unknown;
  myTrades: unknown;
  streaming: object;
  number: (value: unknown) => unknown;
  enableRateLimit: boolean;
  timeout: number;
  throttle: (cost?: number) => Promise<void>;
  fetch: (url: string, method?: string, headers?: object, body?: string) => Promise<unknown>;
  handleMessage: (client: unknown, message: unknown) => unknown;
  parseOrder: (row: unknown, market?: unknown) => object;
  parseOrders: (...args: unknown[]) => unknown;
  watch: Watch;
  watchMultiple: Watch;
  amountToPrecision: (symbol: string, amount: unknown) => unknown;
  priceToPrecision: (symbol: string, price: unknown) => unknown;
  setHeaders(headers: object): { readonly [name: string]: string };
  handleRestResponse(
    response: Response,
    url: string,
    method: string,
    headers: object,
    body: string | undefined,
  ): Promise<unknown>;
  setSandboxMode(on: boolean): void;
  setMarkets(markets: unknown): unknown;
  loadMarkets(reload?: boolean): Promise<{ readonly [symbol: string]: UnifiedMarket }>;
  close(): Promise<void>;
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: string,
    price: string | undefined,
    params: object,
  ): Promise<unknown>;
  cancelOrder(id: string, symbol: string, params: object): Promise<unknown>;
  fetchOrder(id: string, symbol: string, params: object): Promise<unknown>;
  fetchOrderTrades(id: string, symbol: string, since: undefined, limit: number): Promise<unknown>;
  fetchOpenOrders(symbol?: string, since?: undefined, limit?: number, params?: object): Promise<unknown>;
  fetchMyTrades(symbol: string, since: number, limit: number, params: object): Promise<unknown>;
  fetchBalance(): Promise<unknown>;
  fetchTime(): Promise<unknown>;
  watchOrders(): Promise<unknown>;
  watchMyTrades(): Promise<unknown>;
  watchBalance(): Promise<unknown>;
  watchTrades(symbol: string): Promise<unknown>;
  watchTicker(symbol: string): Promise<unknown>;
  watchOrderBook(symbol: string): Promise<unknown>;
  watchOHLCV(symbol: string, timeframe: string): Promise<unknown>;
}

export type CcxtClass = new (config: object) => CcxtExchange;

interface CcxtModule {
  readonly pro: { readonly [id: string]: CcxtClass };
}

/** Throws an ExchangeFault that says what to install, or which ids there are. */
export async function loadExchange(
  id: string,
  load: () => Promise<unknown> = () => import('ccxt'),
): Promise<CcxtClass> {
  const { pro } = await load().then(moduleOf, () => {
    const message = `the package ccxt is not installed, which the exchange ${idOf(id)} needs: npm install ccxt`;
    throw new ExchangeFault(message, { retryable: false });
  });
  const found = Object.hasOwn(pro, id) ? pro[id] : undefined;
  if (found && id !== 'exchanges') return found;
  const some = Object.keys(pro).filter((name) => name !== 'exchanges');
  const message = `exchange=${idOf(id)}, allowed: an exchange of ccxt with streams (${some.length}), such as okx`;
  throw new ExchangeFault(message, { retryable: false });
}

function moduleOf(loaded: unknown): CcxtModule {
  return (loaded as { readonly default: CcxtModule }).default;
}

function idOf(id: string): string {
  return JSON.stringify(id.slice(0, 40));
}
