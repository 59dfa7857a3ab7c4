// Takes credentials out of texts that leave the adapter: a venue, or a proxy before it, may echo a request.
import { Buffer } from 'node:buffer';

export type Redact = (text: string) => string;

const TEXT_MAX = 300;
const SIGNATURE = /[0-9a-f]{64}/gi;

export function redactor(secrets: readonly string[]): Redact {
  const forms = secrets.filter((secret) => secret !== '').flatMap(disguises);
  // The longest first: a short form may be inside a long one.
  const longestFirst = forms.sort((left, right) => right.length - left.length);
  const any = new RegExp(longestFirst.map((form) => form.replace(/[^\w]/g, '\\$&')).join('|') || '(?!)', 'g');
  return (text) => {
    const clean = text.replace(any, '[secret]').replace(SIGNATURE, '[signature]');
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
