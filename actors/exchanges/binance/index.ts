// Binance Spot. One adapter for the real venue, its test network and the paper venue: addresses and keys differ.
import type { OpenExchange } from '../exchange.ts';
import { BOUNDS } from '../wire/bounds.ts';
import { systemClock } from '../wire/clock.ts';
import { openSession } from './session.ts';

export const openBinance: OpenExchange = (settings, listener, signal) =>
  openSession({ settings, listener, clock: systemClock, bounds: BOUNDS }, signal);
