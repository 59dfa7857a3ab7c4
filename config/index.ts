// loadConfig: the file, then the environment over it, checked and frozen. Connection settings come from here and never
// from the database.
import fs from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { type Bounds, BoundsBroken, boundsWith, deepFrozen } from './bounds.ts';
import { type Environment, type Override, readOverrides } from './env.ts';
import { find, portUpstreamKeys, put, RENAMED_KEYS, renamedKey, type Tree } from './ported.ts';
import { type Config, schema } from './schema.ts';
import { isReference, resolveReference } from './secrets.ts';

export type { Config } from './schema.ts';

/** The configuration is wrong. The message names every wrong key, its value and what is allowed. */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault';
}

export interface Settings extends Config {
  /** Absolute. */
  readonly dataDir: string;
  /** The file it was read from, absolute. */
  readonly file: string;
  /** The bounds of the system with what the file says of them. */
  readonly bounds: Bounds;
  /** What the file says in vain, for the log. */
  readonly warnings: readonly string[];
}

/** Where the program's own files are: the checkout, or the installed package's dist. */
export const HOME = path.resolve(import.meta.dirname, '..');

/** Throws ConfigFault. */
export function loadConfig(environment: Environment, folder: string = process.cwd()): Settings {
  // 1. The file.
  const file = path.resolve(folder, environment['MELTICA_CONFIG_PATH'] || defaultFile(folder));
  const tree = readTree(file);
  const ported = portUpstreamKeys(tree);
  // 2. The environment over it.
  const sources = override(tree, environment);
  // 3. Each value for itself, then all of them together.
  const checked = schema.safeParse(tree);
  if (!checked.success) {
    const complaints = checked.error.issues.map((issue) => complaint(issue, tree, sources));
    throw new ConfigFault(`${file}: ${complaints.join('; ')}`);
  }
  const contradictions = contradictionsIn(checked.data);
  if (contradictions.length > 0) throw new ConfigFault(`${file}: ${contradictions.join('; ')}`);
  // 4. What is made of it.
  return deepFrozen({
    ...checked.data,
    database: withHiddenDsn(checked.data.database, environment),
    file,
    dataDir: path.resolve(folder, environment['MELTICA_DATA_DIR'] || '.meltica'),
    bounds: boundsOf(checked.data, file),
    warnings: [...ported, ...warningsOn(checked.data)],
  });
}

/** The folder's own file where there is one, else the one that comes with the program. */
function defaultFile(folder: string): string {
  const own = path.resolve(folder, 'config/app.yaml');
  return fs.existsSync(own) ? own : path.join(HOME, 'config/app.yaml');
}

function readTree(file: string): Tree {
  const document = parseDocument(readText(file), { strict: true, uniqueKeys: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new ConfigFault(`${file}: ${problem.message}`);
  const tree: unknown = document.toJS({ maxAliasCount: 20 });
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== 'object' || Array.isArray(tree)) throw new ConfigFault(`${file}: a mapping of keys is expected`);
  // A section of which every key is left out.
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== null));
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const text = `the configuration ${file} cannot be read (${code}): set MELTICA_CONFIG_PATH to one that can`;
    throw new ConfigFault(text, { cause: error });
  }
}

/** Every key of the fixed part that is one value, with the value it has by default. */
function singleValues(): ReadonlyMap<string, unknown> {
  const { providers: _, strategies, environment, ...sections } = schema.parse({});
  const values = new Map<string, unknown>([
    ['environment', environment],
    ['database.dsn', ''],
    ['database.caFile', ''],
    ['strategies.directory', strategies.directory],
  ]);
  for (const [section, keys] of Object.entries(sections)) {
    for (const [key, usual] of Object.entries(keys)) values.set(`${section}.${key}`, usual);
  }
  for (const key of RENAMED_KEYS) values.set(key, values.get(renamedKey(key)));
  return values;
}

/** Puts what the environment says into the tree; answers which variable each such key came from. */
function override(tree: Tree, environment: Environment): ReadonlyMap<string, Override> {
  const usual = singleValues();
  const { byKey, unknown, known } = readOverrides(environment, [...usual.keys()]);
  if (unknown.length > 0) {
    const list = `known are ${known.join(', ')}, and MELTICA_SECRET_… for credentials`;
    throw new ConfigFault(`unknown environment variables ${unknown.join(', ')}: ${list}`);
  }
  const sources = new Map<string, Override>();
  for (const [key, said] of byKey) {
    put(tree, renamedKey(key).split('.'), valueLike(usual.get(key), said.text));
    sources.set(renamedKey(key), said);
  }
  return sources;
}

/** Amounts of money are texts by default, and stay texts. Lists are separated by commas. */
function valueLike(usual: unknown, text: string): unknown {
  if (Array.isArray(usual)) return text.split(',').map((item) => item.trim());
  if (typeof usual === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return typeof usual === 'number' && /^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

/** Keys whose value may be a credential, or hold one. */
const HIDDEN = /dsn|key|secret|pass|token/i;
const SHOWN_CHARS = 80;

function complaint(
  issue: { readonly path: readonly PropertyKey[]; readonly message: string; readonly keys?: readonly string[] },
  tree: Tree,
  sources: ReadonlyMap<string, Override>,
): string {
  const key = issue.path.map(String).join('.');
  const variable = sources.get(key)?.variable;
  const where = variable === undefined ? key || 'the file' : `${variable} (${key})`;
  if (issue.keys !== undefined)
    return `${[...issue.path, issue.keys.join(', ')].join('.')} is unknown: ${issue.message}`;
  const value = find(tree, issue.path);
  if (value === undefined) return `${where}: ${issue.message}`;
  const shown = HIDDEN.test(String(issue.path.at(-1))) ? '[hidden]' : JSON.stringify(value).slice(0, SHOWN_CHARS);
  return `${where} was ${shown}: ${issue.message}`;
}

/** What each key may say and all of them together may not. */
function contradictionsIn({ providers, strategies, database }: Config): readonly string[] {
  const names = Object.keys(providers);
  const doubled = names.filter((name, i) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) < i);
  const strangers = Object.entries(strategies.instances).flatMap(([id, { scope }]) =>
    Object.keys(scope)
      .filter((provider) => !Object.hasOwn(providers, provider))
      .map(
        (provider) =>
          `strategies.instances.${id}.scope names provider ${provider}: configured are ${names.join(', ') || 'none'}`,
      ),
  );
  return [
    ...doubled.map((name) => `providers.${name} differs from another provider only by capitals: give it another name`),
    ...strangers,
    ...(database.caFile !== undefined && database.tls === 'disable'
      ? ['database.caFile is given while database.tls is disable']
      : []),
  ];
}

function warningsOn({ environment, database }: Config): readonly string[] {
  const isProduction = environment === 'prod';
  return isProduction && database.dsn === undefined
    ? ['environment is prod and database.dsn is not set: the data are in an embedded PostgreSQL without backups']
    : [];
}

/** A DSN holds a password: it is there for whoever asks for it by name, and in no print of the settings. */
function withHiddenDsn({ dsn, ...rest }: Config['database'], environment: Environment): Config['database'] {
  if (dsn === undefined) return rest;
  const get = (): string => (isReference(dsn) ? resolveReference(dsn, environment) : dsn);
  return Object.defineProperty(rest, 'dsn', { get, enumerable: false });
}

function boundsOf({ runtime, eventbus, database }: Config, file: string): Bounds {
  const { poolSize, connectTimeoutMs, answerTimeoutMs, lockTimeoutMs } = database;
  const { bufferSize: intakeDepth, extensionPayloadCapBytes: bodyChars } = eventbus;
  try {
    const ofDatabase = { poolSize, connectTimeoutMs, answerTimeoutMs, lockTimeoutMs };
    return boundsWith({ ...runtime, intakeDepth, bodyChars }, ofDatabase);
  } catch (error) {
    if (!(error instanceof BoundsBroken)) throw error;
    throw new ConfigFault(`${file}: ${error.message}`, { cause: error });
  }
}
