// PostgreSQL refuses to run as root, so as root its programs are started under another account.
import fs from 'node:fs';
import { EmbeddedPostgresFault } from './failure.ts';

/** Empty for the account we run as. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** The owner of existing data, else `postgres`, else `nobody`, else any account: initdb wants one with a name. */
export function serverAccount(data: string): Account {
  if (process.getuid?.() !== 0) return {};
  const owner = fs.statSync(data, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const others = accounts().filter(({ uid }) => uid !== 0);
  const chosen =
    others.find(({ name }) => name === 'postgres') ?? others.find(({ name }) => name === 'nobody') ?? others[0];
  if (chosen) return { uid: chosen.uid, gid: chosen.gid };
  throw new EmbeddedPostgresFault(
    'PostgreSQL does not run as root and /etc/passwd has no other account: add one, or set DATABASE_URL',
  );
}

export function give(file: string, account: Account): void {
  if (account.uid !== undefined) fs.chownSync(file, account.uid, account.gid ?? account.uid);
}

function accounts(): { name: string; uid: number; gid: number }[] {
  return fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}
