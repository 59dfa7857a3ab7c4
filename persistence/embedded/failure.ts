// Why the embedded server could not run, in one sentence: what failed, with which value, what to do.

export class EmbeddedPostgresFault extends Error {
  override readonly name = 'EmbeddedPostgresFault';
}

const OWN_SERVER = 'or set DATABASE_URL to a PostgreSQL of your own';

/** What initdb and postgres say, matched on their own (untranslated) words, and what to do about it. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT|Check free disk space/,
    'the disk is full: free at least 200 MB there, or choose another folder',
  ],
  [/Read-only file system|EROFS/, 'the file system is read-only: choose a folder on one that can be written'],
  [/Permission denied|EACCES|EPERM/, 'the account may not write there: change its owner, or choose another folder'],
  [/could not look up effective user ID/, `the user id has no entry in /etc/passwd: add one, ${OWN_SERVER}`],
  [/has wrong ownership/, 'it belongs to another account: run as that account, or choose another folder'],
  [/has invalid permissions/, 'its permissions are too open: set them to 0700'],
  [/could not (map|create|resize) (anonymous )?shared memory/i, `memory is short: free about 400 MB, ${OWN_SERVER}`],
  [
    /GLIBC_|spawn .*ENOENT|error while loading shared libraries/,
    `the binaries need Linux with glibc 2.27 or newer: use such a system, ${OWN_SERVER}`,
  ],
  [/invalid .*checkpoint record|PANIC/, 'its files are damaged: restore a backup into it, or choose an empty folder'],
];

/** A fault for `doing` in `folder`, with the advice that fits the program's output, else its last line. */
export function explain(doing: string, folder: string, output: string, cause?: unknown): EmbeddedPostgresFault {
  const advice = ADVICE.find(([pattern]) => pattern.test(output))?.[1];
  const said = causeIn(output);
  const reason = advice ?? `see its message, choose another folder, ${OWN_SERVER}`;
  return new EmbeddedPostgresFault(`could not ${doing} in ${folder}: ${reason}${said ? ` (${said})` : ''}`, { cause });
}

/** The line that says what went wrong: the first error, as later ones follow from it, or else the last line. */
function causeIn(output: string): string {
  const cause = linesOf(output).find((line) => /FATAL|PANIC|error:|ERROR|\bE[A-Z]{4,}:/.test(line));
  return cause ?? lastWords(output);
}

export function lastWords(output: string): string {
  return linesOf(output).at(-1) ?? '';
}

function linesOf(output: string): string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  // A line of the server's log begins with its time and process; initdb puts what it was doing before that.
  return lines.map((line) =>
    line
      .replace(/^.*?\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] /, '')
      .trim()
      .slice(0, 300),
  );
}

/** Our own file access, with the same advice as for the server's. */
export function explainFile(doing: string, folder: string, error: unknown): EmbeddedPostgresFault {
  if (error instanceof EmbeddedPostgresFault) return error;
  return explain(doing, folder, error instanceof Error ? error.message : String(error), error);
}
