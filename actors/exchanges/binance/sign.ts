// Signatures: HMAC-SHA256 over the parameters as they are sent (rest-api.md, "SIGNED Endpoint security").
import { createHmac } from 'node:crypto';

export type Parameters = readonly (readonly [name: string, value: string])[];

export function queryOf(parameters: Parameters): string {
  return parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

/** The query with its signature last, for the REST API. */
export function signedQuery(parameters: Parameters, secret: string): string {
  const query = queryOf(parameters);
  return `${query}&signature=${sign(query, secret)}`;
}

export interface SignedParameters {
  readonly [name: string]: string | number;
}

/** For the WebSocket API, which signs the parameters sorted by name. */
export function signedParameters(parameters: SignedParameters, secret: string): SignedParameters {
  const names = Object.keys(parameters).sort();
  const payload = names.map((name) => `${name}=${parameters[name]}`).join('&');
  return { ...parameters, signature: sign(payload, secret) };
}

function sign(payload: string, secret: string): string {
  return createHmac('sha256', secret).update(payload).digest('hex');
}
