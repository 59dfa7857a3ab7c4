// A group of prepared statements as one message to the server and one answer.
// Without BEGIN the server makes everything before one Sync a single transaction: it commits at the Sync, and
// at the first error skips to it and rolls back. So no statement of a group can ever run outside of the
// group's transaction, which BEGIN as a statement of its own cannot promise (were BEGIN itself cancelled, the
// statements pipelined behind it would each commit alone).
import type pg from 'pg';
import type { Call, Statement } from './row-set.ts';

/** What failed, and which statement was being executed. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly operation: string;
  constructor(operation: string, cause: unknown) {
    super(operation, { cause });
    this.operation = operation;
  }
}

/** Resolves once the server has committed all of it; rejects with a PipelineError. */
export function runPipelined(client: pg.Client, calls: readonly Call[]): Promise<void> {
  const operations = calls.map(({ statement }) => statement.name);
  return submit(client, [...operations, 'commit'], (connection) => {
    for (const { statement, values } of calls) {
      connection.bind({ statement: statement.name, values }, true);
      connection.execute(null, true);
    }
  });
}

/** Parses all statements on this session, so that a group only binds and executes. */
export function preparePipelined(client: pg.Client, statements: readonly Statement[]): Promise<void> {
  return submit(client, ['prepare statements'], (connection) => {
    for (const { name, text } of statements) connection.parse({ name, text, types: [] }, true);
  });
}

/** pg's Submittable, the interface that pg-cursor uses: the client hands it the connection and the answers. */
function submit(
  client: pg.Client,
  operations: readonly string[],
  send: (connection: pg.Connection) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let done = 0;
    const ignore = (): void => {};
    const batch = {
      submit(connection: pg.Connection): void {
        connection.stream.cork();
        send(connection);
        connection.sync();
        connection.stream.uncork();
      },
      handleCommandComplete: () => {
        done += 1;
      },
      handleError: (error: unknown) => reject(new PipelineError(operations[done] ?? '', error)),
      handleReadyForQuery: () => resolve(),
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handlePortalSuspended: ignore,
      handleEmptyQuery: ignore,
      handleCopyInResponse: ignore,
      handleCopyData: ignore,
    };
    client.query(batch);
  });
}
