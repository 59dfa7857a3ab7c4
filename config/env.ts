// The only reader of the environment.

export type Environment = { readonly [name: string]: string | undefined };

export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}
