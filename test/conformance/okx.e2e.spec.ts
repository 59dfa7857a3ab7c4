// The ccxt adapter with ccxt's OKX class on the small OKX.
import { conform } from './conform.ts';
import { okxWorld } from './worlds/okx.ts';

conform('okx', () => okxWorld());
