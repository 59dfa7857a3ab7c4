// Credentials are references, resolved at use; what they resolve to never prints.
//   env:NAME          a variable of the environment
//   file:PATH         a file, without the white space around its text
//   file:PATH#/0/key  one text of a JSON file, by JSON pointer
import fs from 'node:fs';
import { inspect } from 'node:util';

const SHOWN = '[secret]';

/** A text that shows as [secret] wherever it is printed, logged or serialised. */
export class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  /** The text itself, for the one place that needs it. */
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return SHOWN;
  }
  toJSON(): string {
    return SHOWN;
  }
  [inspect.custom](): string {
    return SHOWN;
  }
}

/** There is nothing behind a reference. Its message holds the reference, never what was found. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
}

const REFERENCE = /^(env|file):(\S+)$/;

export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/** Throws SecretMissing with the reference and what is wrong with it. */
export function resolveReference(
  reference: string,
  environment: { readonly [name: string]: string | undefined },
): string {
  const [, scheme, target = ''] = REFERENCE.exec(reference) ?? [];
  // The text may be the credential itself.
  if (scheme === undefined) throw new SecretMissing('a credential must be a reference, env:NAME or file:PATH');
  if (scheme === 'env') return nonEmpty(environment[target], reference, `set the environment variable ${target}`);
  return nonEmpty(readSecret(target, reference), reference, `put the credential into ${target}`);
}

function readSecret(target: string, reference: string): string | undefined {
  const [file = '', pointer] = target.split('#', 2);
  const text = readFile(file, reference).trim();
  return pointer === undefined ? text : textAt(parse(text, reference), pointer);
}

function readFile(file: string, reference: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SecretMissing(`the credential ${reference} cannot be read: ${code}`, { cause: error });
  }
}

function parse(text: string, reference: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the file, so it is no cause to hand on.
    return notJson(reference);
  }
}

function notJson(reference: string): never {
  throw new SecretMissing(`the credential ${reference} is to be found in a JSON file, and that file is none`);
}

function textAt(document: unknown, pointer: string): string | undefined {
  let at: unknown = document;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
  }
  return typeof at === 'string' ? at : undefined;
}

function nonEmpty(text: string | undefined, reference: string, mend: string): string {
  if (text === undefined || text === '') throw new SecretMissing(`the credential ${reference} is empty: ${mend}`);
  return text;
}
