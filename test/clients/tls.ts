// TLS in front of a venue, for clients that speak nothing else. The key and the certificate are made anew for each run,
// so that neither is kept anywhere nor runs out. Form of the certificate: RFC 5280, section 4.1.
import { generateKeyPairSync, sign } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import type { ExecutionContext } from 'ava';

export interface Terminator {
  readonly port: number;
  /** PEM, to be trusted by the client. */
  readonly certificate: string;
}

/** A TLS port of loopback whose bytes go to `port` and back. */
export async function terminateTls(t: ExecutionContext, port: number): Promise<Terminator> {
  const { key, certificate } = selfSigned();
  const open = new Set<net.Socket>();
  const server = tls.createServer({ key, cert: certificate }, (client) => {
    const venue = net.connect(port, '127.0.0.1');
    client.pipe(venue).pipe(client);
    for (const [one, other] of [
      [client, venue],
      [venue, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { port: (server.address() as net.AddressInfo).port, certificate };
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
/** 1.2.840.10045.4.3.2, 2.5.4.3 and 2.5.29.17. */
const ECDSA_WITH_SHA256 = der(OID, Buffer.from('2a8648ce3d040302', 'hex'));
const COMMON_NAME = der(OID, Buffer.from('550403', 'hex'));
const SUBJECT_ALT_NAME = der(OID, Buffer.from('551d11', 'hex'));
const LOOPBACK = Buffer.from([127, 0, 0, 1]);
const DAY_MS = 24 * 60 * 60_000;

function selfSigned(): { key: string; certificate: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, ECDSA_WITH_SHA256);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('paper venue')))));
  const address = der(OCTET_STRING, der(SEQUENCE, der(0x87, LOOPBACK)));
  const content = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.from([1])),
    algorithm,
    name,
    der(SEQUENCE, utc(Date.now() - DAY_MS), utc(Date.now() + DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, address))),
  );
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', content, privateKey));
  const body = der(SEQUENCE, content, algorithm, signature).toString('base64');
  const certificate = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate };
}

/** Tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

/** `261123120000Z` */
function utc(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(UTC_TIME, Buffer.from(`${text}Z`));
}
