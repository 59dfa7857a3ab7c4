/** What a `get…` throws where a `find…` answers undefined. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly code = 'ROW_NOT_FOUND';
  constructor(table: string, key: string) {
    super(`ROW_NOT_FOUND: ${table} has no row ${key}`);
  }
}

export function found<Row>(row: Row | undefined, table: string, key: string): Row {
  if (row === undefined) throw new NotFound(table, key);
  return row;
}
