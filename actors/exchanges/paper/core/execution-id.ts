/** More than the reports of one command. */
const REPORTS_PER_LINE = 100_000;

/** Unique and the same for ever: from the number of the command's line and the report's place in it. */
export function executionId(line: number, index: number): number {
  return line * REPORTS_PER_LINE + index;
}
