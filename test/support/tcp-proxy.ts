// A network between clients and a server: it can be cut, stalled in one direction, slowed, and made to repeat itself.
// Like TCP it never puts bytes in another order.
import net from 'node:net';

export type Direction = 'toServer' | 'toClient';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The same database, through the proxy. */
  urlOf(databaseUrl: string): string;
  /** Holds what the connections of this moment send in a direction; later connections are not touched. */
  stall(...directions: readonly Direction[]): void;
  /** The same, for later connections as well. */
  stallAll(...directions: readonly Direction[]): void;
  /** Lets everything held go on its way, also of clients that have left meanwhile. */
  resume(): void;
  /** What is sent in a direction arrives twice, piece by piece, until called with false. */
  repeat(direction: Direction, on?: boolean): void;
  /** Pieces that arrived twice so far. */
  readonly repeated: number;
  /** Resets every connection; what is held is lost. */
  cut(): void;
  /** Refuses new connections until called with false. */
  refuse(refused: boolean): void;
  /** Every byte takes this much longer from now on, both ways; none overtakes another. */
  delay(ms: number): void;
  /** Bytes held back right now, by a stall or by a delay. */
  held(direction: Direction): number;
}

/** One direction of a connection: everything leaves in the order in which it came. */
interface Pipe {
  stalled: boolean;
  repeated: boolean;
  readonly queue: Piece[];
  timer: NodeJS.Timeout | null;
  readonly target: net.Socket;
}
/** `bytes` null: the source has ended, and the target is told when everything before has gone. */
interface Piece {
  readonly bytes: Buffer | null;
  readonly dueAt: number;
}
interface Link {
  readonly toServer: Pipe;
  readonly toClient: Pipe;
}

export async function tcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const links = new Set<Link>();
  /** Of connections to come. */
  const coming = { toServer: { stalled: false, repeated: false }, toClient: { stalled: false, repeated: false } };
  let delayMs = 0;
  let repeated = 0;
  let refused = false;
  const onRepeat = (): void => {
    repeated += 1;
  };
  const weather: Weather = { delayMs: () => delayMs, onRepeat };
  const server = net.createServer((client) => {
    if (refused) client.resetAndDestroy();
    else join(links, client, net.connect(target.port, target.host), coming, weather);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const sockets = (): net.Socket[] =>
    [...links].flatMap(({ toServer, toClient }) => [toServer.target, toClient.target]);
  return {
    port,
    urlOf: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
    stall: (...directions) => {
      for (const link of links) for (const direction of directions) link[direction].stalled = true;
    },
    stallAll: (...directions) => {
      for (const each of [coming, ...links]) for (const direction of directions) each[direction].stalled = true;
    },
    get repeated() {
      return repeated;
    },
    repeat: (direction, on = true) => {
      for (const each of [coming, ...links]) each[direction].repeated = on;
    },
    resume: () => {
      for (const each of Object.values(coming)) each.stalled = false;
      for (const { toServer, toClient } of links) {
        for (const each of [toServer, toClient]) {
          each.stalled = false;
          pass(each);
        }
      }
    },
    cut: () => {
      for (const socket of sockets()) socket.resetAndDestroy();
      links.clear();
    },
    refuse: (now) => {
      refused = now;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    held: (direction) => [...links].flatMap((link) => link[direction].queue).reduce((sum, one) => sum + sizeOf(one), 0),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Coming = Readonly<Record<Direction, Pick<Pipe, 'stalled' | 'repeated'>>>;

function join(links: Set<Link>, client: net.Socket, upstream: net.Socket, coming: Coming, weather: Weather): void {
  const link: Link = { toServer: pipe(upstream, coming.toServer), toClient: pipe(client, coming.toClient) };
  links.add(link);
  const forget = (): void => {
    if (client.destroyed && upstream.destroyed) links.delete(link);
  };
  forward(client, link.toServer, weather, forget);
  forward(upstream, link.toClient, weather, forget);
}

function pipe(target: net.Socket, { stalled, repeated }: Pick<Pipe, 'stalled' | 'repeated'>): Pipe {
  return { stalled, repeated, queue: [], timer: null, target };
}

function sizeOf({ bytes }: Piece): number {
  return bytes?.length ?? 0;
}

interface Weather {
  readonly delayMs: () => number;
  readonly onRepeat: () => void;
}

function forward(source: net.Socket, into: Pipe, { delayMs, onRepeat }: Weather, forget: () => void): void {
  source.setNoDelay(true);
  source.on('error', () => {});
  const take = (bytes: Buffer | null): void => {
    // Never before what came first, also when that was slower.
    const dueAt = Math.max(performance.now() + delayMs(), into.queue.at(-1)?.dueAt ?? 0);
    into.queue.push({ bytes, dueAt });
  };
  source.on('data', (bytes) => {
    // In one go, so that nobody can say anything in between.
    take(into.repeated ? Buffer.concat([bytes, bytes]) : bytes);
    if (into.repeated) onRepeat();
    pass(into);
  });
  source.on('close', () => {
    take(null);
    pass(into);
    forget();
  });
}

/** Lets everything go that is due, and comes back for the rest. */
function pass(into: Pipe): void {
  if (into.timer !== null) clearTimeout(into.timer);
  into.timer = null;
  for (let next = into.queue[0]; next !== undefined && !into.stalled; next = into.queue[0]) {
    const waitMs = next.dueAt - performance.now();
    if (waitMs > 0) {
      into.timer = setTimeout(() => pass(into), Math.ceil(waitMs)).unref();
      return;
    }
    into.queue.shift();
    if (next.bytes === null) into.target.end();
    else into.target.write(next.bytes);
  }
}
