// A network between clients and a server: it can be cut, stalled in one direction, and slowed.
import net from 'node:net';

export type Direction = 'toServer' | 'toClient';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The same database, through the proxy. */
  urlOf(databaseUrl: string): string;
  /** Holds what the connections of this moment send in a direction; later connections are not touched. */
  stall(...directions: readonly Direction[]): void;
  /** Lets everything held go on its way, also of clients that have left meanwhile. */
  resume(): void;
  /** What the connections of this moment send in a direction arrives twice, piece by piece, from now on. */
  repeat(direction: Direction): void;
  /** Pieces that arrived twice so far. */
  readonly repeated: number;
  /** Resets every connection; what is held is lost. */
  cut(): void;
  /** Refuses new connections until called with false. */
  refuse(refused: boolean): void;
  /** Every byte takes this much longer from now on, both ways. */
  delay(ms: number): void;
  /** Bytes held back right now. */
  held(direction: Direction): number;
}

interface Pipe {
  stalled: boolean;
  repeated: boolean;
  /** The source has ended; the target is told when nothing is held any more. */
  ended: boolean;
  held: Buffer[];
  readonly target: net.Socket;
}
interface Link {
  readonly toServer: Pipe;
  readonly toClient: Pipe;
}

export async function tcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let delayMs = 0;
  let repeated = 0;
  let refused = false;
  const server = net.createServer((client) => {
    if (refused) {
      client.resetAndDestroy();
      return;
    }
    const upstream = net.connect(target.port, target.host);
    const link: Link = { toServer: pipe(upstream), toClient: pipe(client) };
    links.add(link);
    const forget = (): void => {
      if (client.destroyed && upstream.destroyed) links.delete(link);
    };
    const onRepeat = (): void => {
      repeated += 1;
    };
    const weather = { delayMs: () => delayMs, onRepeat };
    forward(client, link.toServer, weather, forget);
    forward(upstream, link.toClient, weather, forget);
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
    get repeated() {
      return repeated;
    },
    repeat: (direction) => {
      for (const link of links) link[direction].repeated = true;
    },
    resume: () => {
      for (const { toServer, toClient } of links) for (const each of [toServer, toClient]) release(each);
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
    held: (direction) => [...links].reduce((sum, link) => sum + Buffer.concat(link[direction].held).length, 0),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pipe(target: net.Socket): Pipe {
  return { stalled: false, repeated: false, ended: false, held: [], target };
}

interface Weather {
  readonly delayMs: () => number;
  readonly onRepeat: () => void;
}

function forward(source: net.Socket, into: Pipe, { delayMs, onRepeat }: Weather, forget: () => void): void {
  source.setNoDelay(true);
  source.on('error', () => {});
  source.on('data', (bytes) => {
    const pass = (): void => {
      into.held.push(bytes);
      if (into.repeated) {
        into.held.push(bytes);
        onRepeat();
      }
      if (!into.stalled) release(into);
    };
    if (delayMs() === 0) pass();
    else setTimeout(pass, delayMs()).unref();
  });
  source.on('close', () => {
    into.ended = true;
    if (!into.stalled) release(into);
    forget();
  });
}

function release(into: Pipe): void {
  into.stalled = false;
  for (const bytes of into.held.splice(0)) into.target.write(bytes);
  if (into.ended) into.target.end();
}
