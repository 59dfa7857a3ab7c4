// Errors become answers, once, here. Every error answer has the form `{ status: 'error', error, code }` (the first
// two as upstream had them). What is expected says what to do; what is not says only a number to look up in the log.
import { type RuntimeCode, RuntimeError } from '../runtime/errors.ts';
import { StoreFault } from '../runtime/ports.ts';
import { scrubText } from '../telemetry/redact.ts';

/** Each code, its HTTP status, and by that the whole catalogue of this edge. */
export const PROBLEMS = {
  QUERY_INVALID: 400,
  URL_INVALID: 400,
  REQUEST_INVALID: 400,
  TOKEN_REQUIRED: 401,
  TOKEN_WRONG: 401,
  CROSS_SITE: 403,
  ROUTE_NOT_FOUND: 404,
  ACTOR_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  URL_TOO_LONG: 414,
  MEDIA_TYPE_UNSUPPORTED: 415,
  HOST_NOT_ALLOWED: 421,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  DATABASE_UNAVAILABLE: 503,
  NOT_READY: 503,
  STREAMS_EXHAUSTED: 503,
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemBody {
  readonly status: 'error';
  readonly error: string;
  readonly code: string;
  /** Looks the detail of an unexpected error up in the log. */
  readonly requestId?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: ProblemBody;
  /** True when nobody foresaw it, so that the log must tell what the answer does not. */
  readonly unexpected: boolean;
}

/** A refusal this edge decided itself. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly headers: { readonly [name: string]: string };
  constructor(code: ProblemCode, message: string, headers: { readonly [name: string]: string } = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

/** What to answer to an error. Never more than a sentence of ours: no stack, no statement, no value of a secret. */
export function answerTo(error: unknown, requestId: string): Answer {
  if (error instanceof Problem) return known(PROBLEMS[error.code], error.code, error.message, error.headers);
  if (error instanceof RuntimeError) return ofRuntime(error, requestId);
  if (error instanceof StoreFault && (error.kind === 'transient' || error.kind === 'unknown')) {
    return databaseUnavailable(requestId);
  }
  return ofFramework(error) ?? internal(requestId);
}

const RUNTIME_STATUS: { readonly [Code in RuntimeCode]?: number } = {
  ACTOR_UNKNOWN: 404,
  KIND_UNKNOWN: 404,
  KEY_INVALID: 400,
  MESSAGE_INVALID: 400,
  MESSAGE_UNHANDLED: 409,
  MESSAGE_POISONOUS: 409,
  ACTOR_FAILED: 409,
  MAILBOX_FULL: 503,
  LEASE_HELD: 503,
  LEASE_LOST: 503,
  NOT_RUNNING: 503,
};

function ofRuntime(error: RuntimeError, requestId: string): Answer {
  const status = RUNTIME_STATUS[error.code];
  if (status === undefined) return internal(requestId);
  return known(status, error.code, scrubText(error.message.replace(`${error.code}: `, '')));
}

interface FrameworkError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly validation?: readonly {
    readonly params?: unknown;
    readonly message?: string;
    readonly instancePath: string;
  }[];
}

const FRAMEWORK: { readonly [code: string]: readonly [ProblemCode, string] } = {
  FST_ERR_BAD_URL: ['URL_INVALID', 'the path is not valid percent-encoded UTF-8'],
  FST_ERR_MAX_PARAM_LENGTH: ['URL_TOO_LONG', 'a part of the path is longer than any id'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'the body is larger than the limit of 1 MiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE_UNSUPPORTED', 'the body must be application/json'],
};

function ofFramework(error: unknown): Answer | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, statusCode, message, validation } = error as FrameworkError;
  if (validation !== undefined) return known(400, 'QUERY_INVALID', validationSentence(validation));
  const entry = FRAMEWORK[String(code)];
  if (entry !== undefined) return known(PROBLEMS[entry[0]], entry[0], entry[1]);
  const refused = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return refused && String(code).startsWith('FST_') ? known(statusCode, 'REQUEST_INVALID', String(message)) : null;
}

function validationSentence(issues: NonNullable<FrameworkError['validation']>): string {
  const issue = issues[0];
  const extra = (issue?.params as { additionalProperty?: string } | undefined)?.additionalProperty;
  if (extra !== undefined) return `there is no parameter ${JSON.stringify(extra.slice(0, 64))} here`;
  return `${issue?.instancePath.slice(1) || 'the request'} ${issue?.message ?? 'is not valid'}`;
}

function known(status: number, code: string, message: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers, body: { status: 'error', error: message, code }, unexpected: false };
}

function databaseUnavailable(requestId: string): Answer {
  const error = `the database did not answer; try again, or look at ${requestId} in the log`;
  return {
    status: 503,
    headers: { 'retry-after': '1' },
    body: body('DATABASE_UNAVAILABLE', error, requestId),
    unexpected: true,
  };
}

function internal(requestId: string): Answer {
  const error = `an unexpected error happened; its detail is in the log under ${requestId}`;
  return { status: 500, headers: {}, body: body('INTERNAL', error, requestId), unexpected: true };
}

function body(code: ProblemCode, error: string, requestId: string): ProblemBody {
  return { status: 'error', error, code, requestId };
}
