// Where the control plane listens, and the host names of addresses.
import { isIP } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The address cannot be listened on. Its message is for the operator. */
export class ListenFault extends Error {
  override readonly name = 'ListenFault';
}

/** `127.0.0.1:8880`, `localhost:8880`, `[::1]:8880`, `0.0.0.0:8880`; port 0 takes a free one. */
export function parseAddress(text: string): Address {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/i.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port > 65_535) {
    const allowed = 'give host:port, such as 127.0.0.1:8880, [::1]:8880, or 0.0.0.0:8880 for every interface';
    throw new ListenFault(`${JSON.stringify(text)} is not an address to listen on; ${allowed} (MELTICA_API_ADDR)`);
  }
  return { host, port };
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `http://host:port` as a browser on this machine would call it. */
export function urlOf(address: Address): string {
  const everywhere: { readonly [host: string]: string } = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = everywhere[address.host] ?? address.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** The host name of a Host header: lower case, no port, no brackets, no final dot; null when it is none. */
export function hostName(header: string | undefined): string | null {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  const name = parts?.[1] ?? parts?.[2];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, '');
}

/** Says what to do about an error of listen(). */
export function listenFault(error: unknown, address: Address): ListenFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const where = `the control API cannot listen on ${address.host}:${address.port}`;
  const elsewhere = 'set MELTICA_API_ADDR to another host:port (port 0 takes any free one)';
  const why: { readonly [code: string]: string } = {
    EADDRINUSE: `another process has it: stop that process, or ${elsewhere}`,
    EACCES: `this user may not open that port: ${elsewhere}`,
    EADDRNOTAVAIL: `this machine has no such address: ${elsewhere}`,
    ENOTFOUND: `that host name is unknown: ${elsewhere}`,
  };
  return new ListenFault(`${where}: ${why[code] ?? `${code}; ${elsewhere}`}`, { cause: error });
}
