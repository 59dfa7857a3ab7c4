// A process that migrates: node migrator.ts <database url> [<migrations folder>]. Says what it applied.
import { migrateUp } from '../../persistence/migrate.ts';

const [url = '', folder] = process.argv.slice(2);
const applied = await migrateUp(url, folder === undefined ? {} : { folder });
console.log(JSON.stringify(applied));
