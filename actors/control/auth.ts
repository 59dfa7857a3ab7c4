// Who may ask. Three questions to every request, before anything else is looked at:
//
// 1. Is it meant for us? The Host header names a loopback name, a configured host, or the very address of the
//    connection. A web page that points its own name at 127.0.0.1 (DNS rebinding) fails here.
// 2. Did another site's page send it? Sec-Fetch-Site and Origin tell; another port of this machine is another site.
// 3. Does it know the token? As `Authorization: Bearer`, or by the cookie that `GET /?token=…` has set. Routes whose
//    access is `public` (health) are not asked.
//
// The cookie holds a value derived from the token, not the token: cookies reach every port of a host.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { hostName } from './address.ts';
import { Problem } from './problem.ts';
import { isToken } from './token.ts';

/** `public`: without token. `page`: takes `?token=`, sets the cookie. `operator`: the token. */
export type Access = 'public' | 'page' | 'operator';

export interface AuthOptions {
  readonly token: string;
}

export interface Asked {
  readonly access: Access;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly cookies: { readonly [name: string]: string | undefined };
  /** The `token` of the query; looked at on pages only. */
  readonly queryToken: string | undefined;
  /** Of the server's end of the connection. */
  readonly localAddress: string | undefined;
}

export interface Guard {
  /** Throws the Problem a request is refused with. `login`: the token was in the query, so set the cookie. */
  admit(asked: Asked): 'login' | 'admitted';
  readonly cookie: { readonly name: string; readonly value: string };
}

export function createGuard(auth: AuthOptions, allowedHosts: readonly string[]): Guard {
  if (!isToken(auth.token)) {
    throw new TypeError('the API token must have at least 32 characters, of A-Z a-z 0-9 . _ ~ + / -');
  }
  const hosts = new Set(['localhost', '127.0.0.1', '::1', ...allowedHosts.map((host) => hostName(host) ?? host)]);
  const isOurToken = sameAs(auth.token);
  const session = createHmac('sha256', auth.token).update('meltica console session').digest('base64url');
  const isOurSession = sameAs(session);
  // Two instances on one machine share the host, so also its cookies: the name keeps them apart.
  const cookie = { name: `meltica_${createHash('sha256').update(session).digest('hex').slice(0, 8)}`, value: session };

  return {
    cookie,
    admit(asked) {
      refuseForeignHost(asked, hosts);
      refuseForeignSite(asked);
      if (asked.access === 'public') return 'admitted';
      const bearer = bearerOf(asked.headers['authorization']);
      if (bearer !== null) return isOurToken(bearer) ? 'admitted' : refuseToken();
      if (asked.access === 'page' && asked.queryToken !== undefined) {
        return isOurToken(asked.queryToken) ? 'login' : refuseToken();
      }
      const held = asked.cookies[cookie.name];
      if (held !== undefined && isOurSession(held)) return 'admitted';
      throw new Problem('TOKEN_REQUIRED', NO_TOKEN, CHALLENGE);
    },
  };
}

const NO_TOKEN =
  'this needs the API token: send it as "Authorization: Bearer …", or open /?token=… in a browser once; ' +
  'the supervisor says at start where the token is kept';
const CHALLENGE = { 'www-authenticate': 'Bearer realm="meltica"' };

function refuseToken(): never {
  throw new Problem('TOKEN_WRONG', 'the API token is not the one of this supervisor', CHALLENGE);
}

function refuseForeignHost(asked: Asked, hosts: ReadonlySet<string>): void {
  const name = hostName(single(asked.headers['host']));
  if (name !== null && (hosts.has(name) || name === asked.localAddress?.replace(/^::ffff:/, ''))) return;
  const sentence = 'the Host header names a host this supervisor does not answer for; add it to the allowed hosts';
  throw new Problem('HOST_NOT_ALLOWED', sentence);
}

function refuseForeignSite(asked: Asked): void {
  const site = asked.headers['sec-fetch-site'];
  const origin = single(asked.headers['origin']);
  const own = site === undefined || site === 'same-origin' || site === 'none';
  if (own && (origin === undefined || isOwnOrigin(origin, single(asked.headers['host'])))) return;
  const sentence = 'another site sent this request; open the address in a tab of its own by typing or pasting it';
  throw new Problem('CROSS_SITE', sentence);
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const of = origin.toLowerCase();
  return of === `http://${host?.toLowerCase()}` || of === `https://${host?.toLowerCase()}`;
}

/** Null when the header is absent; an empty text, which is nobody's token, when it is of another scheme. */
function bearerOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  return /^bearer +([^\s]+) *$/i.exec(single(header) ?? '')?.[1] ?? '';
}

/** Takes the same time whatever is compared: digests have one length, and no byte of them is the secret's. */
function sameAs(secret: string): (given: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}
