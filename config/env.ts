// The only reader of the environment, and what its variables mean.

export type Environment = { readonly [name: string]: string | undefined };

export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}

/** Read elsewhere or by other names: no keys of the file. */
const RESERVED: readonly string[] = ['MELTICA_CONFIG_PATH', 'MELTICA_DATA_DIR', 'MELTICA_CRASH_POINT'];
/** Credentials that references point at. */
const CREDENTIALS = 'MELTICA_SECRET_';
/** Shorter names, and names that other tools share. */
const SHORT: { readonly [name: string]: string } = {
  DATABASE_URL: 'database.dsn',
  MELTICA_API_ADDR: 'apiServer.addr',
  MELTICA_ENV: 'environment',
};

/** What a variable says about one key. */
export interface Override {
  readonly variable: string;
  readonly text: string;
}

export interface ReadOverrides {
  /** By key: `database.poolSize`. */
  readonly byKey: ReadonlyMap<string, Override>;
  /** Variables that look like ours and mean nothing. */
  readonly unknown: readonly string[];
  readonly known: readonly string[];
}

/** `database.poolSize` → `MELTICA_DATABASE_POOL_SIZE` */
export function variableOf(key: string): string {
  return `MELTICA_${key
    .replaceAll(/([A-Z])/g, '_$1')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

/** An empty variable counts as not set. A short name wins over the long one. */
export function readOverrides(environment: Environment, keys: readonly string[]): ReadOverrides {
  const names = [...keys.map((key) => [variableOf(key), key] as const), ...Object.entries(SHORT)];
  const byKey = new Map<string, Override>();
  for (const [variable, key] of names) {
    const text = environment[variable];
    if (text !== undefined && text !== '') byKey.set(key, { variable, text });
  }
  const known = [...RESERVED, ...names.map(([variable]) => variable)];
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('MELTICA_') && !name.startsWith(CREDENTIALS) && !known.includes(name),
  );
  return { byKey, unknown, known };
}
