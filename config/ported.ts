// Keys of upstream's file that are spelled otherwise here, and those that have no meaning here. A file that was
// written for upstream is read; what it says in vain comes back as a warning.

export type Tree = { [key: string]: unknown };

const RENAMED: { readonly [key: string]: string } = {
  'database.maxConns': 'database.poolSize',
  'database.maxConnections': 'database.poolSize',
};

const RETIRED: { readonly [key: string]: string } = {
  pools: 'objects are not pooled',
  telemetry: 'metrics are read from /metrics',
  lambdaManifest: 'instances are listed under strategies.instances',
  'eventbus.fanoutWorkers': 'fan-out is a part of the commit',
  'database.minConns': 'sessions are opened when they are needed',
  'database.maxConnLifetime': 'sessions are kept as long as they answer',
  'database.maxConnIdleTime': 'sessions are kept as long as they answer',
  'database.healthCheckPeriod': 'a session is checked by using it',
  'risk.circuitBreaker': 'the kill switch never clears itself',
  'strategies.requireRegistry': 'instances are pinned to the content of their module',
};

/** Renames and removes in place; answers a sentence for every key that had no effect. */
export function portUpstreamKeys(tree: Tree): readonly string[] {
  for (const [old, key] of Object.entries(RENAMED)) {
    const value = take(tree, old.split('.'));
    if (value !== undefined && find(tree, key.split('.')) === undefined) put(tree, key.split('.'), value);
  }
  return Object.entries(RETIRED).flatMap(([key, why]) =>
    take(tree, key.split('.')) === undefined ? [] : [`${key} has no effect: ${why}`],
  );
}

/** The names under which the environment may say the renamed keys. */
export function renamedKey(key: string): string {
  return RENAMED[key] ?? key;
}
export const RENAMED_KEYS: readonly string[] = Object.keys(RENAMED);

export function find(tree: unknown, keys: readonly PropertyKey[]): unknown {
  let at = tree;
  for (const key of keys) at = isTree(at) ? at[String(key)] : undefined;
  return at;
}

export function put(tree: Tree, keys: readonly string[], value: unknown): void {
  const [key = '', ...rest] = keys;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const below = tree[key];
  const branch: Tree = isTree(below) ? below : {};
  tree[key] = branch;
  put(branch, rest, value);
}

function take(tree: Tree, keys: readonly string[]): unknown {
  const [key = '', ...rest] = keys;
  const below = tree[key];
  if (rest.length > 0) return isTree(below) ? take(below, rest) : undefined;
  delete tree[key];
  return below;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}
