// The runtime's own refusals and faults. A code says what kind; the message says what failed, with which value,
// and what is allowed or what to do.

export type RuntimeCode =
  | 'MACHINE_UNFIT'
  | 'ACTOR_UNKNOWN'
  | 'ACTOR_FAILED'
  | 'KIND_UNKNOWN'
  | 'KEY_INVALID'
  | 'MESSAGE_INVALID'
  | 'MESSAGE_UNHANDLED'
  | 'MESSAGE_POISONOUS'
  | 'MAILBOX_FULL'
  | 'SNAPSHOT_UNREADABLE'
  | 'SNAPSHOT_VERSION'
  | 'LEASE_HELD'
  | 'LEASE_LOST'
  | 'NOT_RUNNING';

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeCode;
  constructor(code: RuntimeCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

/** The text of whatever was thrown, bounded: it goes into dead letters and logs. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text;
}
