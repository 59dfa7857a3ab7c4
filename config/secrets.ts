// Credentials are references, resolved at use: `env:NAME` or `file:PATH`. What they resolve to never prints.
import fs from 'node:fs';
import { inspect } from 'node:util';

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
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Throws with the reference and what is wrong with it, never with what was found. */
export function resolveReference(reference: string, environment: { readonly [name: string]: string | undefined }): string {
  const [scheme, target] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)];
  if (scheme === 'env') return nonEmpty(environment[target], reference, `set the environment variable ${target}`);
  if (scheme === 'file') return nonEmpty(readSecret(target, reference), reference, `put the credential into ${target}`);
  throw new Error(`a credential must be a reference, env:NAME or file:PATH, was one with the scheme ${JSON.stringify(scheme)}`);
}

function readSecret(file: string, reference: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`the credential ${reference} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

function nonEmpty(text: string | undefined, reference: string, mend: string): string {
  if (text === undefined || text === '') throw new Error(`the credential ${reference} is empty: ${mend}`);
  return text;
}
