// The Binance adapter on the paper venue.
import { conform } from './conform.ts';
import { paperWorld, throughBinance } from './worlds/paper.ts';

conform('binance', (t, isLive) => paperWorld(t, throughBinance, isLive));
