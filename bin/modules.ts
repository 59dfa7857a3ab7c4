// Strategy modules as files: a name, a source, and the hash that pins an instance to it.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export interface Modules {
  /** The text of a pinned revision; rejects when no file of that name has that hash. */
  source(name: string, revision: string): Promise<string>;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** `sha256:<hex>` of the module's file. Throws when there is none. */
export function revisionOf(folder: string, name: string): string {
  return hash(read(folder, name));
}

export function createModules(folder: string): Modules {
  return {
    async source(name, revision) {
      const text = read(folder, name);
      const found = hash(text);
      if (found !== revision) {
        throw new Error(
          `strategy module ${name} is pinned to ${revision}, ${folder} has ${found}: put the pinned file back`,
        );
      }
      return text;
    },
  };
}

function read(folder: string, name: string): string {
  if (!NAME.test(name))
    throw new Error(
      `${JSON.stringify(name)} is no module name: 1 to 64 of a-z, 0-9 and -, beginning with a letter or digit`,
    );
  const file = path.join(folder, `${name}.js`);
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`strategy module ${name} cannot be read from ${file}`, { cause: error });
  }
}

function hash(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
