// A paper venue whose ledger begins anew again and again, for a test that kills it: `node … FOLDER`.
import { systemHost } from '../../actors/exchanges/paper/host.ts';
import { serveVenue } from '../../actors/exchanges/paper/serve.ts';
import { ADMIN_TOKEN, ALICE, BOB, EMPTY_MARKET } from './paper.ts';

const [dataDir = ''] = process.argv.slice(2);
const { venue, port } = await serveVenue({
  dataDir,
  port: 0,
  host: systemHost,
  accounts: [ALICE, BOB],
  adminToken: ADMIN_TOKEN,
  pid: process.pid,
  warn: (text) => process.stderr.write(`${text}\n`),
  fatal: (error) => {
    throw error;
  },
  onHolders: () => {},
  onStop: () => {},
  speed: 0,
  market: EMPTY_MARKET,
  ledgerBytesMax: 3_000,
  ordersKept: 5,
});
setInterval(() => venue.compactIfDue(), 1);
process.stdout.write(`${JSON.stringify({ port })}\n`);
