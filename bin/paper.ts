// The paper venue of a gateway: adopted when it runs on this data folder, else started, and started again when it dies.
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { textOf } from '../actors/runtime/errors.ts';
import type { Log } from '../actors/runtime/ports.ts';
import type { Settings } from '../config/index.ts';
import { startOrAdoptVenue, type VenueHandle } from './venue.ts';

const RETRY_MS = 2_000;

export interface PaperVenue {
  /** Of the first one: those after it are at the same address. */
  readonly handle: VenueHandle;
  /** Lets go: the venue ends by itself a moment later, its ledger stays. */
  release(): void;
}

export async function keepVenue({ venue, dataDir }: Settings, log: Log): Promise<PaperVenue> {
  const { seed, speed, lingerMs } = venue;
  const start = (port: number): Promise<VenueHandle> =>
    startOrAdoptVenue({ dataDir: path.join(dataDir, 'venue'), port, seed, speed, lingerMs });
  const first = await start(venue.port);
  log.info({ url: first.restUrl, adopted: first.adopted }, 'the paper venue runs');
  let current = first;
  const released = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await current.lost;
      if (released.signal.aborted) return;
      log.error({}, 'the paper venue ended by itself and is started again on its ledger');
      const next = await restart(() => start(first.port), released.signal, log);
      if (next === null) return;
      current = next;
    }
  };
  void watch();
  return {
    handle: first,
    release() {
      released.abort();
      current.release();
    },
  };
}

/** Until it runs, whatever is in its way (a full disk, its port taken), or until it is wanted no more: then null. */
async function restart(start: () => Promise<VenueHandle>, signal: AbortSignal, log: Log): Promise<VenueHandle | null> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const venue = await start();
      if (signal.aborted) venue.release();
      log.info({ url: venue.restUrl, attempt }, 'the paper venue runs again');
      return venue;
    } catch (error) {
      const again = `the paper venue could not be started again; next try in ${RETRY_MS} ms`;
      log.error({ attempt, error: textOf(error) }, again);
      await pause(RETRY_MS, undefined, { signal }).catch(() => {}); // cut short when it is wanted no more
    }
  }
  return null;
}
