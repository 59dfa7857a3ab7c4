// From the orders of earlier machine versions to those of this one.
import type { StoredSnapshot } from '../runtime/actor.ts';
import type { Json } from '../runtime/message.ts';

type Fields = { readonly [name: string]: Json };

/** The same facts, decided on in another way. */
export function fromVersion2(stored: StoredSnapshot): StoredSnapshot {
  return stored;
}

/** Orders with fixed terms, without ties, and with executions whose fees nobody kept: they are taken as known. */
export function fromVersion1(stored: StoredSnapshot): StoredSnapshot {
  const context = stored.c as Fields;
  const before = context['order'] as Fields;
  const { quantity = '0', price = null } = before;
  const executions = (context['executions'] as readonly string[]).map((entry) => `${entry}~0 `);
  const order: Fields = {
    ...before,
    stopPrice: null,
    asked: null,
    goodTillAt: null,
    amends: 'none',
    replaces: null,
    external: null,
  };
  const terms: Fields = { quantity, price, wordAt: 0, amendment: null, amends: 0, amendRefusal: null };
  const ties: Fields = {
    cancelRefusals: 0,
    replacement: null,
    replacedBy: null,
    linkedTo: null,
    unlinked: false,
    canceling: false,
  };
  const books: Fields = { busted: null, inferred: 0, locked: '0', locks: 0 };
  return { ...stored, c: { ...context, executions, ...terms, ...ties, ...books, order } };
}
