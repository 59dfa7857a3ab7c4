// What must never be shown: values under secret-like keys, and secrets inside texts. Applied where data leaves
// the process (log lines, HTTP answers), as the last of several nets: secrets are not put there to begin with.

const REDACTED = '[redacted]';
const DEPTH_MAX = 8;
const NODES_MAX = 2_000;

const SECRET_WORDS = /secret|passphrase|apikey|privatekey|privkey|token|password|passwd|accesskey|authorization|cookie/;

/** Up to the last @ of the run: a password may hold one that nobody encoded. Hides too much rather than too little. */
const CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s"'<>]+@/gi;

/** `apiKey`, `API_SECRET`, `access-token`, `client.secret` …: letter case and separators do not matter. */
export function isSecretKey(key: string): boolean {
  return SECRET_WORDS.test(bare(key));
}

/** True when this value must not be shown under this key. The number of `tokens` left in a bucket may. */
export function isSecret(key: string, value: unknown): boolean {
  if (value === null || value === undefined || !isSecretKey(key)) return false;
  return !(typeof value === 'number' && bare(key).endsWith('tokens'));
}

/** For JSON.stringify. */
export function hidingSecrets(key: string, value: unknown): unknown {
  return isSecret(key, value) ? REDACTED : value;
}

/** Removes credentials of URLs, bearer tokens, and the values of `secret=…` and `"secret":"…"`. */
export function scrubText(text: string): string {
  let clean = text;
  if (clean.includes('://')) clean = clean.replace(CREDENTIALS, `$1:${REDACTED}@`);
  if (/bearer/i.test(clean)) clean = clean.replace(/\b(bearer)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${REDACTED}`);
  if (clean.includes('=')) clean = clean.replace(/([\w.-]+)=([^&\s"',;]+)/g, hidePair);
  if (clean.includes('":')) clean = clean.replace(/"([\w .-]+)"\s*:\s*"(?:[^"\\]|\\.)*"/g, hideMember);
  return clean;
}

/** A copy that is safe to print: plain JSON, bounded, without secrets; errors with their stack and causes. */
export function scrub(value: unknown): unknown {
  return copy(value, { left: NODES_MAX, ancestors: [] });
}

interface Walk {
  left: number;
  readonly ancestors: object[];
}

function copy(value: unknown, walk: Walk): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (walk.ancestors.includes(value)) return '[circular]';
  if (walk.ancestors.length >= DEPTH_MAX || walk.left <= 0) return '[cut]';
  walk.ancestors.push(value);
  try {
    return copyObject(value, walk);
  } finally {
    walk.ancestors.pop();
  }
}

function copyObject(value: object, walk: Walk): unknown {
  walk.left -= 1;
  if (value instanceof Error) return copyMembers(errorMembers(value), walk);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (tellsItself(value)) return copy(value.toJSON(), walk);
  if (Array.isArray(value)) return value.slice(0, NODES_MAX).map((item) => copy(item, walk));
  if (value instanceof Map)
    return copyMembers(
      [...value].map(([key, item]) => [String(key), item]),
      walk,
    );
  if (value instanceof Set) return copy([...value], walk);
  return copyMembers(Object.entries(value), walk);
}

/** Dates, and secrets that print as nothing but that they are. */
function tellsItself(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function copyMembers(members: readonly (readonly [string, unknown])[], walk: Walk): object {
  const plain = members.map(([key, item]) => [key, isSecret(key, item) ? REDACTED : copy(item, walk)] as const);
  return Object.fromEntries(plain);
}

/** Only what says what happened: a driver's error also carries the statement and its parameters. */
function errorMembers(error: Error): [string, unknown][] {
  const members: [string, unknown][] = [
    ['type', error.name],
    ['message', error.message],
    ['stack', error.stack],
  ];
  if ('code' in error) members.push(['code', error.code]);
  if (error.cause !== undefined) members.push(['cause', error.cause]);
  return members;
}

function bare(key: string): string {
  return key.toLowerCase().replaceAll(/[-_. ]/g, '');
}

function hidePair(whole: string, key: string): string {
  return isSecretKey(key) ? `${key}=${REDACTED}` : whole;
}

function hideMember(whole: string, key: string): string {
  return isSecretKey(key) ? `"${key}":"${REDACTED}"` : whole;
}
