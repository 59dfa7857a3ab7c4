// The data folder: made once, by initdb beside it and a rename, so an interrupted start leaves no half folder.
//
//   <folder>/data        what initdb made (elsewhere when the server's account cannot reach it: see `elsewhere`)
//   <folder>/password    of the role postgres, readable by us alone
//   <folder>/port        the last port, taken again when it is free, so that a URL outlives a restart
//   <folder>/owner       who started the running server
//   <folder>/lock        who is starting one at this moment
//   <folder>/elsewhere   where the data are when they are not here
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type Account, give, serverAccount } from './account.ts';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresFault, explain, explainFile } from './failure.ts';
import { run } from './run.ts';

export interface Cluster {
  readonly folder: string;
  readonly data: string;
  readonly password: string;
  readonly account: Account;
}

const SYSTEM_FOLDER = '/var/lib';

/** Makes the folder itself, before anything else is written to it. */
export function openFolder(folder: string): void {
  try {
    makeFolder(folder);
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    throw explainFile('keep the database', folder, error);
  }
}

/** One level at a time: made recursively, a folder on a read-only file system fails as "no such file". */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder, { mode: 0o755 });
  } catch (error) {
    if (!fs.existsSync(folder)) throw error;
  }
}

/** Opens the cluster of `folder`, making it on the first start. The caller holds the folder's lock. */
export async function openCluster(folder: string, binaries: (account: Account) => Promise<Binaries>, durable: boolean) {
  const known = dataFolder(folder);
  const account = serverAccount(known);
  const programs = await binaries(account);
  const data = fs.existsSync(known) ? known : await chooseDataFolder(folder, account);
  const made = fs.existsSync(path.join(data, 'PG_VERSION'));
  const password = readPassword(folder, made);
  if (made) checkVersion(data, programs.major);
  else await initialise({ folder, data, password, account }, programs, durable);
  return { cluster: { folder, data, password, account } satisfies Cluster, programs };
}

export function checkVersion(data: string, major: string): void {
  const found = readOwn(path.join(data, 'PG_VERSION'), data).trim();
  if (found === major) return;
  throw new EmbeddedPostgresFault(
    `the data in ${data} were made by PostgreSQL ${found} and this is PostgreSQL ${major}: ` +
      'move them with pg_dump or pg_upgrade, or set MELTICA_DATA_DIR to an empty folder',
  );
}

async function initialise(cluster: Cluster, { initdb }: Binaries, durable: boolean): Promise<void> {
  const { folder, data, account } = cluster;
  if (fs.existsSync(data) && fs.readdirSync(data).length > 0) {
    throw new EmbeddedPostgresFault(
      `${data} is not empty and holds no database (no PG_VERSION): move its files away, or choose another folder`,
    );
  }
  const parent = path.dirname(data);
  removeRemains(parent);
  try {
    const fresh = fs.mkdtempSync(path.join(parent, 'init-'));
    const pwfile = path.join(fresh, 'password');
    fs.writeFileSync(pwfile, `${cluster.password}\n`, { mode: 0o600 });
    for (const file of [fresh, pwfile]) give(file, account);
    const made = path.join(fresh, 'data');
    const how = ['-D', made, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', pwfile, '-E', 'UTF8'];
    // The builtin provider sorts alike on every machine and needs no locale installed.
    const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const { code, output } = await run(initdb, [...how, ...locale, ...(durable ? [] : ['--no-sync'])], account);
    if (code !== 0) throw explain('make a database', folder, output);
    fs.rmSync(data, { recursive: true, force: true });
    fs.renameSync(made, data);
  } catch (error) {
    throw explainFile('make a database', folder, error);
  } finally {
    removeRemains(parent);
  }
}

/** Of an initdb that was interrupted; it may be running still, so some of it may come back. */
function removeRemains(parent: string): void {
  for (const name of fs.readdirSync(parent)) {
    if (!name.startsWith('init-')) continue;
    try {
      fs.rmSync(path.join(parent, name), { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // The next start tries again; what is left is in no one's way.
    }
  }
}

function dataFolder(folder: string): string {
  const pointer = path.join(folder, 'elsewhere');
  if (!fs.existsSync(pointer)) return path.join(folder, 'data');
  const parent = readOwn(pointer, folder).trim();
  // Removed by hand: begin anew, here or in another place.
  return path.join(fs.existsSync(parent) ? parent : folder, 'data');
}

/** Beside our own files, unless the server's account cannot get there (a project under /root). */
async function chooseDataFolder(folder: string, account: Account): Promise<string> {
  if (account.uid === undefined) return path.join(folder, 'data');
  const { code } = await run('/bin/sh', ['-c', '[ -x "$1" ]', 'sh', folder], account);
  if (code === 0) return path.join(folder, 'data');
  try {
    const parent = fs.mkdtempSync(path.join(SYSTEM_FOLDER, 'meltica-postgres-'));
    fs.chmodSync(parent, 0o755);
    fs.writeFileSync(path.join(folder, 'elsewhere'), `${parent}\n`);
    return path.join(parent, 'data');
  } catch (error) {
    throw explainFile(`keep the database, which its account cannot reach in ${folder},`, SYSTEM_FOLDER, error);
  }
}

function readPassword(folder: string, made: boolean): string {
  const file = path.join(folder, 'password');
  if (!fs.existsSync(file)) {
    if (made) {
      throw new EmbeddedPostgresFault(
        `${file} is missing, without which its database cannot be opened: restore it, or choose another folder`,
      );
    }
    fs.writeFileSync(file, crypto.randomBytes(18).toString('base64url'), { mode: 0o600 });
  }
  return readOwn(file, folder).trim();
}

function readOwn(file: string, folder: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw explainFile(`read ${path.basename(file)}`, folder, error);
  }
}
