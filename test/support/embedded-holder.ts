// A process that runs an embedded server until it is killed: node embedded-holder.ts <folder> [removeOnStop]
import { startEmbedded } from '../../persistence/embedded/index.ts';

const [dataDir = '', remove] = process.argv.slice(2);
const { url, data, reused } = await startEmbedded({ dataDir, durable: false, removeOnStop: remove === 'removeOnStop' });
console.log(JSON.stringify({ url, data, reused }));
setInterval(() => undefined, 60_000);
