// Snapshots of older versions of the machine, brought up to this one.
import type { StoredSnapshot } from '../runtime/actor.ts';
import type { Json } from '../runtime/message.ts';

type Entries = { readonly [key: string]: { readonly [name: string]: Json } };

/** What its providers could do with orders was not asked then; their next word says it. */
const PLAIN_LINK = { amends: 'none', orderTypes: ['Limit', 'Market'] };
const PLAIN_ORDER = { stopPrice: null, linked: false, replacement: null };

export const upgrade: { readonly [fromVersion: number]: (snapshot: StoredSnapshot) => StoredSnapshot } = {
  1: (snapshot) => {
    const context = snapshot.c as { readonly [name: string]: Json };
    const links = each(context['links'] as Entries, PLAIN_LINK);
    return { ...snapshot, c: { ...context, links, open: each(context['open'] as Entries, PLAIN_ORDER) } };
  },
};

function each(entries: Entries, more: { readonly [name: string]: Json }): Entries {
  return Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, { ...entry, ...more }]));
}
