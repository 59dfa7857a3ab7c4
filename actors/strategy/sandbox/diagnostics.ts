// What is wrong with a module, in upstream's words: the body of a 422 answer.

export interface Diagnostic {
  readonly stage: 'compile' | 'execute' | 'validation';
  /** One line, at most 256 characters. */
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  /** For validation the path, e.g. `metadata.config[1].type`. */
  readonly hint?: string;
}

/** A module that cannot run, or an instance whose configuration its module does not take. */
export class ModuleRejected extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, options: ErrorOptions & { readonly diagnostics: readonly Diagnostic[] }) {
    const { diagnostics } = options;
    super(diagnostics.length > 0 ? `${message}: ${diagnostics.map(shown).join('; ')}` : message, options);
    this.name = 'ModuleRejected';
    this.diagnostics = diagnostics.map((one) => ({ ...one, message: firstLine(one.message) }));
  }
}

/** First line, without a trailing " at <place>", cut to 256 characters. */
export function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.replace(/ at \S+:\d+(:\d+)?\)?$/, '').slice(0, 256);
}

/** `TypeError: x is not a function`. The parts come from inside: they may be anything. */
export function faultText(name: unknown, message: unknown): string {
  const text = firstLine(String(message));
  return typeof name === 'string' && name !== '' ? `${name}: ${text}` : text;
}

/** The words of QuickJS. A module that throws them itself ends only its own sandbox. */
export function isOutOfMemory(name: unknown, message: unknown): boolean {
  return name === 'InternalError' && message === 'out of memory';
}

function shown({ message, hint }: Diagnostic): string {
  return hint ? `${hint}: ${firstLine(message)}` : firstLine(message);
}
