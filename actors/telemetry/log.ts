// The log: JSON lines by pino, one child per subsystem, scrubbed of secrets. On a terminal, lines for people.
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log } from '../runtime/ports.ts';
import { scrub, scrubText } from './redact.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** For people instead of machines. The caller decides, by whether standard output is a terminal. */
  readonly pretty: boolean;
  /** Standard output unless given. */
  readonly out?: { write(text: string): unknown };
}

export interface RootLog extends Log {
  /** The log of one subsystem: `runtime`, `persistence`, `control`, `provider`, `strategy`, … */
  subsystem(name: string): Log;
}

export function createLog(options: LogOptions): RootLog {
  const out = options.out ?? destination({ dest: 1, sync: true });
  const stream: DestinationStream = options.pretty
    ? { write: (line) => void out.write(forPeople(line)) }
    : { write: (line) => void out.write(line) };
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: (clean: unknown) => clean }, // scrubbed already, and pino's own would fold the causes
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return { ...logOf(root), subsystem: (name) => logOf(root.child({ subsystem: name })) };
}

function logOf(logger: Logger): Log {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (detail: object, text: string) => {
    if (logger.isLevelEnabled(level)) logger[level](members(detail), scrubText(text));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** An error handed over bare is told under `err`, as is usual. */
function members(detail: object): object {
  const clean = scrub(detail instanceof Error ? { err: detail } : detail);
  return typeof clean === 'object' && clean !== null ? clean : { detail: clean };
}

const COLOURS: { readonly [level: string]: string } = { debug: '2', info: '36', warn: '33', error: '31' };

/** What createLog itself writes. */
interface Line {
  readonly level: string;
  readonly time: string;
  readonly subsystem?: string;
  readonly msg: string;
  readonly [member: string]: unknown;
}

/** `12:00:00.000 INFO  control  listening  url="http://127.0.0.1:8880"`, errors with their stack below. */
function forPeople(line: string): string {
  const { level, time, subsystem = 'meltica', msg, err, ...rest } = JSON.parse(line) as Line;
  const label = paint(COLOURS[level] ?? '0', level.toUpperCase().padEnd(5));
  const pairs = Object.entries(rest).map(([key, value]) => paint('2', ` ${key}=`) + JSON.stringify(value));
  const head = `${paint('2', time.slice(11, 23))} ${label} ${paint('1', subsystem.padEnd(11))}`;
  return `${head} ${msg} ${pairs.join('')}\n${causes(err)}`;
}

function causes(error: unknown): string {
  if (error === undefined || error === null) return '';
  const { stack, cause } = error as { stack?: unknown; cause?: unknown };
  const text = typeof stack === 'string' ? stack : JSON.stringify(error);
  return `${text.replaceAll(/^/gm, '    ')}\n${causes(cause)}`;
}

function paint(code: string, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
