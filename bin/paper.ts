// The paper venue of a gateway: adopted when it runs on this data folder, else started, and started again when it dies.
import path from 'node:path';
import { textOf } from '../actors/runtime/errors.ts';
import type { Log } from '../actors/runtime/ports.ts';
import type { Settings } from '../config/index.ts';
import { startOrAdoptVenue, type VenueHandle } from './venue.ts';

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
  let released = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      await current.lost;
      if (released) return;
      log.error({}, 'the paper venue ended by itself and is started again on its ledger');
      current = await start(first.port);
    }
  };
  void watch().catch((error: unknown) => {
    log.error({ error: textOf(error) }, 'the paper venue could not be started again: start this process anew');
  });
  return {
    handle: first,
    release() {
      released = true;
      current.release();
    },
  };
}
