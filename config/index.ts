// loadConfig: the file, then the environment over it, checked and frozen. Connection settings come from here and never
// from the database.
import fs from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { Environment } from './env.ts';
import { type Config, schema } from './schema.ts';

export type { Config } from './schema.ts';

export class ConfigFault extends Error {
  override readonly name = 'ConfigFault';
}

export interface Settings extends Config {
  /** Absolute. */
  readonly dataDir: string;
  /** The file it was read from, absolute. */
  readonly file: string;
}

/** Where the program's own files are: the checkout, or the installed package's dist. */
export const HOME = path.resolve(import.meta.dirname, '..');

/** Throws ConfigFault with every wrong key, its value and what is allowed. */
export function loadConfig(environment: Environment, folder: string = process.cwd()): Settings {
  const file = path.resolve(folder, environment['MELTICA_CONFIG_PATH'] ?? defaultFile(folder));
  const tree = readTree(file);
  const read = new Set(['MELTICA_CONFIG_PATH', 'MELTICA_DATA_DIR', 'MELTICA_API_ADDR', 'MELTICA_CRASH_POINT']);
  for (const { name, keys, usual } of overridable()) {
    const value = environment[name];
    read.add(name);
    if (value !== undefined) put(tree, keys, valueLike(usual, value));
  }
  if (environment['DATABASE_URL'] !== undefined) put(tree, ['database', 'dsn'], environment['DATABASE_URL']);
  if (environment['MELTICA_API_ADDR'] !== undefined) put(tree, ['apiServer', 'addr'], environment['MELTICA_API_ADDR']);
  const unknown = Object.keys(environment).filter((name) => name.startsWith('MELTICA_') && !read.has(name) && !name.startsWith('MELTICA_SECRET_'));
  if (unknown.length > 0) throw new ConfigFault(`unknown environment variables ${unknown.join(', ')}: known are ${[...read].join(', ')}, and MELTICA_SECRET_… for credentials`);
  const checked = schema.safeParse(tree);
  if (!checked.success) throw new ConfigFault(`${file}: ${checked.error.issues.map((issue) => complaint(issue, tree)).join('; ')}`);
  return freeze({ ...checked.data, file, dataDir: path.resolve(folder, environment['MELTICA_DATA_DIR'] ?? '.meltica') });
}

/** The folder's own file where there is one, else the one that comes with the program. */
function defaultFile(folder: string): string {
  const own = path.resolve(folder, 'config/app.yaml');
  return fs.existsSync(own) ? own : path.join(HOME, 'config/app.yaml');
}

type Tree = { [key: string]: unknown };

function readTree(file: string): Tree {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigFault(`the configuration ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): set MELTICA_CONFIG_PATH to one that can`);
  }
  const document = parseDocument(text, { strict: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new ConfigFault(`${file}: ${problem.message}`);
  const tree: unknown = document.toJS({ maxAliasCount: 20 });
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== 'object' || Array.isArray(tree)) throw new ConfigFault(`${file}: a mapping of keys is expected`);
  return tree as Tree;
}

interface Overridable {
  readonly name: string;
  readonly keys: readonly string[];
  /** The value it has by default: an override is read as one of the same type. */
  readonly usual: unknown;
}

/** MELTICA_DATABASE_POOL_SIZE and its like: one name for every key of the fixed part of the schema. */
function overridable(): readonly Overridable[] {
  const { providers: _, environment, ...sections } = schema.parse({});
  const names: Overridable[] = [
    { name: 'MELTICA_ENVIRONMENT', keys: ['environment'], usual: environment },
    { name: 'MELTICA_DATABASE_CA_FILE', keys: ['database', 'caFile'], usual: '' },
  ];
  for (const [section, values] of Object.entries(sections)) {
    for (const [key, usual] of Object.entries(values)) {
      if (key !== 'instances') names.push({ name: `MELTICA_${shout(section)}_${shout(key)}`, keys: [section, key], usual });
    }
  }
  return names;
}

function shout(key: string): string {
  return key.replace(/([A-Z])/g, '_$1').toUpperCase();
}

/** Amounts of money are texts by default, and stay texts. Lists are separated by commas. */
function valueLike(usual: unknown, text: string): unknown {
  if (Array.isArray(usual)) return text.split(',').map((item) => item.trim());
  if (typeof usual === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return typeof usual === 'number' && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function put(tree: Tree, keys: readonly string[], value: unknown): void {
  const [key = '', ...rest] = keys;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const below = tree[key];
  const branch: Tree = typeof below === 'object' && below !== null ? { ...(below as Tree) } : {};
  tree[key] = branch;
  put(branch, rest, value);
}

function complaint(issue: { readonly path: readonly PropertyKey[]; readonly message: string; readonly code?: string }, tree: Tree): string {
  const key = issue.path.map(String).join('.');
  let value: unknown = tree;
  for (const part of issue.path) value = typeof value === 'object' && value !== null ? (value as Tree)[String(part)] : undefined;
  const shown = key === 'database.dsn' ? '[hidden]' : JSON.stringify(value);
  return `${key === '' ? 'the file' : key}${value === undefined || issue.code === 'unrecognized_keys' ? '' : ` was ${shown}`}: ${issue.message}`;
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const below of Object.values(value)) freeze(below);
  }
  return value;
}
