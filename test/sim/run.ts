// npm run test:sim [-- count [firstSeed [file]]]: the seeds kept in the file, then `count` new ones. Ends with status 1
// when any of them breaks an invariant; its seed is kept from then on.
import { type Campaign, campaign, keepFailed, keptSeeds, seedsFrom } from './campaign.ts';

const COUNT = 1_500;

function numberOf(text: string | undefined, name: string, usual: number): number {
  if (text === undefined) return usual;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RangeError(`${name}=${text}, allowed: a whole number from 0 to 999999999`);
}

function print(result: Campaign, ms: number): void {
  const { histories, failed, ...counts } = result;
  const perMinute = Math.round((histories / ms) * 60_000);
  const list = Object.entries(counts).map(([name, count]) => `${count} ${name.replace('Off', ' off')}`);
  console.log(`${histories} histories, ${perMinute} a minute: ${list.join(', ')}`);
  for (const { seed, finding } of failed) console.log(`seed ${seed}: ${finding}`);
  console.log(failed.length === 0 ? 'no invariant was broken' : `${failed.length} histories broke an invariant`);
}

const [countText, firstText, file] = process.argv.slice(2);
const count = numberOf(countText, 'count', COUNT);
const first = numberOf(firstText, 'firstSeed', 1);
const startedAt = performance.now();
const result = await campaign([...keptSeeds(file), ...seedsFrom(first, count)]);
print(result, performance.now() - startedAt);
keepFailed(result, file);
if (result.failed.length > 0) process.exitCode = 1;
