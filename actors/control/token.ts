// The operator's token: 32 random bytes in a file that only its owner can read.
//
// It is made once, whole or not at all: written beside under another name, then linked to its own, which fails
// when another process was first; that process's token is then the one. A crash before the link leaves a file
// `<name>.<random>.new`, which nobody reads.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';

const TOKEN = /^[A-Za-z0-9._~+/-]{32,512}=*$/;

/** The token file is there and cannot be trusted. Its message is for the operator and never holds the token. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

/** Whether a text can serve as a token: at least 32 characters, of those a Bearer header may carry. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Reads the token of this file; makes the file when there is none. */
export async function loadOrCreateToken(file: string): Promise<string> {
  const found = await read(file);
  if (found !== null) return found;
  await create(file);
  const made = await read(file);
  if (made === null) throw new TokenFault(`the token file ${file} vanished while it was made; start again`);
  return made;
}

async function read(file: string): Promise<string | null> {
  const handle = await openExisting(file);
  if (handle === null) return null;
  try {
    check(file, await handle.stat());
    const text = (await handle.readFile('utf8')).trim();
    if (isToken(text)) return text;
    throw new TokenFault(`${file} does not hold a token of at least 32 characters; delete it to have a new one made`);
  } finally {
    await handle.close();
  }
}

/** A symbolic link is not followed: whoever can make one there could choose what is read. */
async function openExisting(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    const why = codeOf(error) === 'ELOOP' ? 'it is a symbolic link' : codeOf(error);
    throw new TokenFault(`the token file ${file} cannot be read: ${why}`, { cause: error });
  }
}

/** Refused rather than repaired: a token that others could read may be known to them, whatever its mode is next. */
function check(file: string, stats: Stats): void {
  if (!stats.isFile()) throw new TokenFault(`the token file ${file} is not a regular file`);
  if (process.platform === 'win32') return; // modes say nothing there
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  if ((stats.mode & 0o077) !== 0) {
    const choice = `delete it to have a new token made, or run: chmod 600 ${file}`;
    throw new TokenFault(`the token file ${file} can be read by others (mode ${mode}, allowed 0600): ${choice}`);
  }
  const self = process.geteuid?.();
  if (self !== undefined && self !== 0 && stats.uid !== self) {
    throw new TokenFault(`the token file ${file} belongs to user ${stats.uid}, this process runs as user ${self}`);
  }
}

async function create(file: string): Promise<void> {
  const fresh = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(fresh, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw new TokenFault(`the token file ${file} cannot be made: ${codeOf(error)}`, { cause: error });
  } finally {
    await rm(fresh, { force: true });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
