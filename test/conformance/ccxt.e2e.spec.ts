// The ccxt adapter with ccxt's Binance class on the paper venue.
import { conform } from './conform.ts';
import { paperWorld, throughCcxt } from './worlds/paper.ts';

conform('ccxt', (t, isLive) => paperWorld(t, throughCcxt, isLive));
