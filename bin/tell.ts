// meltica tell KEY MESSAGE: a message to an actor, by the running supervisor. MESSAGE is JSON with a type that the kind
// takes from outside; a refusal lists those.
import { parseArgs } from 'node:util';
import { askSupervisor } from './operator.ts';

const USAGE = `usage: meltica tell KEY MESSAGE [--url URL]

  meltica tell risk/main '{"type":"EngageKillSwitch","reason":"venue behaves oddly"}'`;

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { url: { type: 'string' } },
  });
  const [key = '', text = ''] = positionals;
  const body = messageIn(text);
  const [kind, id, ...rest] = key.split('/');
  if (body === null || !kind || !id || rest.length > 0 || positionals.length !== 2) {
    console.error(USAGE);
    return 2;
  }
  const route = `/debug/actors/${encodeURIComponent(kind)}/${encodeURIComponent(id)}/messages`;
  const answer = await askSupervisor(route, { url: values.url, body });
  if (answer.error !== undefined) throw new Error(answer.error);
  console.log(JSON.stringify(answer));
  return 0;
}

function messageIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
