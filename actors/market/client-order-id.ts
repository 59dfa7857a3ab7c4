// Client order ids: `<prefix><sequence>`. The sequence takes the last eight characters, so an id splits in one way
// only and two instances never share one, even where one prefix begins with the other.
// Letters and digits alone, at most 28 of them: OKX takes no others and at most 32 (docs v5, `clOrdId`).

const SEQUENCE_CHARS = 8;
const SEQUENCE_MAX = 36 ** SEQUENCE_CHARS - 1;
const PREFIX_FORM = /^[A-Za-z0-9]{1,20}$/;
const ID_FORM = /^([A-Za-z0-9]{1,20})([0-9a-z]{8})$/;

export interface ClientOrderIdParts {
  readonly prefix: string;
  readonly sequence: number;
}

export function isOrderPrefix(text: string): boolean {
  return PREFIX_FORM.test(text);
}

/** Throws CLIENT_ORDER_ID_INVALID for a prefix or sequence an id cannot hold. */
export function clientOrderId(prefix: string, sequence: number): string {
  if (!isOrderPrefix(prefix)) {
    throw new RangeError(
      `CLIENT_ORDER_ID_INVALID: prefix=${JSON.stringify(prefix)}, allowed: 1 to 20 letters or digits`,
    );
  }
  if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > SEQUENCE_MAX) {
    throw new RangeError(`CLIENT_ORDER_ID_INVALID: sequence=${sequence}, allowed: 0 to ${SEQUENCE_MAX}`);
  }
  return prefix + sequence.toString(36).padStart(SEQUENCE_CHARS, '0');
}

/** Null for an id that was not made here: an order of somebody else. */
export function parseClientOrderId(id: string): ClientOrderIdParts | null {
  const [, prefix, sequence] = ID_FORM.exec(id) ?? [];
  if (prefix === undefined || sequence === undefined) return null;
  return { prefix, sequence: Number.parseInt(sequence, 36) };
}

/** Whether the instance with this prefix made the id. */
export function isClientOrderIdOf(prefix: string, id: string): boolean {
  return parseClientOrderId(id)?.prefix === prefix;
}

/**
 * Under which id an order of somebody else is kept here: of letters and digits, `extpapero77`. Whatever provider and
 * venue call their own, no two orders share one: after the last `o` comes the venue's id, every letter o in it and
 * every sign written as `z` and its code.
 */
export function externalOrderId(provider: string, venueOrderId: string): string {
  return `ext${escaped(provider, /[^A-Za-y0-9]/g)}o${escaped(venueOrderId, /[^A-Za-np-y0-9]/g)}`;
}

function escaped(text: string, signs: RegExp): string {
  return text.replace(signs, (sign) => `z${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
