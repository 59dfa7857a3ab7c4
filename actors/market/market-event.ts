// Market data: the fast lane. Delivered in memory, conflated under pressure, never journaled.
// Field names and spellings are upstream's event payloads.

export interface PriceLevel {
  readonly price: string;
  readonly quantity: string;
}

export type MarketEvent =
  | {
      readonly type: 'Trade';
      readonly provider: string;
      readonly symbol: string;
      readonly payload: {
        readonly tradeId: string;
        readonly side: 'Buy' | 'Sell';
        readonly price: string;
        readonly quantity: string;
        readonly timestamp: number;
      };
    }
  | {
      readonly type: 'Ticker';
      readonly provider: string;
      readonly symbol: string;
      readonly payload: {
        readonly lastPrice: string;
        readonly bidPrice: string;
        readonly askPrice: string;
        readonly volume24h: string;
        readonly timestamp: number;
      };
    }
  | {
      readonly type: 'BookSnapshot';
      readonly provider: string;
      readonly symbol: string;
      readonly payload: {
        readonly bids: readonly PriceLevel[];
        readonly asks: readonly PriceLevel[];
        readonly checksum: string;
        readonly lastUpdate: number;
        readonly firstUpdateId: number;
        readonly finalUpdateId: number;
      };
    }
  | {
      readonly type: 'KlineSummary';
      readonly provider: string;
      readonly symbol: string;
      readonly payload: {
        readonly openPrice: string;
        readonly closePrice: string;
        readonly highPrice: string;
        readonly lowPrice: string;
        readonly volume: string;
        readonly openTime: number;
        readonly closeTime: number;
      };
    };
