// Takes credentials out of texts that leave the adapter: a venue, or a proxy before it, may echo a request.
import { Buffer } from 'node:buffer';

export type Redact = (text: string) => string;

const TEXT_MAX = 300;
/** A venue's words can be megabytes. */
const READ_LEAST = 16_384;
/** HMAC-SHA256 and longer ones in hex; in base64 (OKX, OK-ACCESS-SIGN), also as JSON and addresses write that. */
const SIGNATURE = /[0-9a-f]{64}|(?:[\w+/-]|\\\/|%2[bf]){43,128}(?:=|%3d){1,2}/gi;

export function redactor(secrets: readonly string[]): Redact {
  const forms = secrets.filter((secret) => secret !== '').flatMap(disguises);
  // The longest first: a short form may be inside a long one.
  const longestFirst = forms.sort((left, right) => right.length - left.length);
  const any = new RegExp(longestFirst.map((form) => form.replace(/[^\w]/g, '\\$&')).join('|') || '(?!)', 'g');
  // So many secrets, each as its mark, are more than is shown: one that is cut in two here is not.
  const readMax = READ_LEAST + TEXT_MAX * (longestFirst[0]?.length ?? 0);
  return (text) => {
    const clean = text.slice(0, readMax).replace(any, '[secret]').replace(SIGNATURE, '[signature]');
    return clean.length > TEXT_MAX ? `${clean.slice(0, TEXT_MAX)}…` : clean;
  };
}

/** As itself, in a URL, in base64 and in hex. */
function disguises(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const hex = bytes.toString('hex');
  const base64 = bytes.toString('base64');
  const forms = [
    secret,
    encodeURIComponent(secret),
    base64,
    base64.replace(/=+$/, ''),
    bytes.toString('base64url'),
    hex,
  ];
  return [...new Set([...forms, hex.toUpperCase()])];
}
