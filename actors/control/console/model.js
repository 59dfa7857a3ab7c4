// What the page knows of the actors: a bounded map, fed by lists (complete, now and then) and transitions (at once).

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} kind
 * @property {string} id
 * @property {string} state
 * @property {string} status
 * @property {number} version
 * @property {number | null} mailboxDepth
 * @property {number | null} pendingTimers
 * @property {number | null} pendingEffects
 * @property {number | null} lastTransitionAt
 * @property {string | null} lastMessage
 * @property {number} rank place among its kind: newest first, and never changed, so rows do not jump about
 * @property {number} birth breaks ties of rank
 * @property {number} heardAt when a transition of it was last heard, by our clock
 * @property {number | null} goneAt when it was first missing from the list: its work is over
 * @property {boolean} touched changed since it was last drawn
 */

const ROWS_MAX = 3000;
const GONE_MAX = 200;
/** An actor whose work is over stays in sight for this long. */
const GONE_MS = 30_000;
/** A kind with more rows than this comes after the others, or it would push them out of sight. */
const CROWD = 12;

export class Model {
  /** @type {Map<string, Row>} */
  rows = new Map();
  /** @type {Set<string>} */
  #crowds = new Set();
  #births = 0;

  /** A transition that was committed now. */
  apply(/** @type {any} */ view) {
    const row = this.rows.get(view.key) ?? this.#add(view.key, view.at);
    if (view.number <= row.version) return;
    row.version = view.number;
    row.state = view.to;
    row.lastTransitionAt = view.at;
    row.lastMessage = view.type;
    row.heardAt = Date.now();
    row.touched = true;
    if (row.goneAt === null) return;
    row.goneAt = null;
    row.status = 'active';
  }

  /**
   * One page of a kind's list, asked for at `askedAt`. Keys between `after` and the page's end that are not on it are
   * gone, unless they were heard of since: those may have been born while the answer was on its way.
   *
   * @param {any[]} summaries
   * @param {{ kind: string, after: string, last: boolean, askedAt: number }} page
   */
  list(summaries, { kind, after, last, askedAt }) {
    const listed = new Set();
    for (const summary of summaries) {
      listed.add(summary.key);
      const known = this.rows.get(summary.key);
      const row = known ?? this.#add(summary.key, summary.lastTransitionAt ?? 0);
      row.mailboxDepth = summary.mailboxDepth;
      row.pendingTimers = summary.pendingTimers;
      row.pendingEffects = summary.pendingEffects;
      row.status = summary.status;
      row.goneAt = null;
      if (known !== undefined && summary.version <= row.version) continue;
      row.version = summary.version;
      row.state = summary.state;
      row.lastTransitionAt = summary.lastTransitionAt;
      row.lastMessage = summary.lastMessage;
    }
    const end = last ? null : summaries.at(-1)?.key;
    for (const row of this.rows.values()) {
      if (row.kind !== kind || listed.has(row.key) || row.goneAt !== null) continue;
      const covered = row.key > after && (end === null || row.key <= end);
      if (covered && row.heardAt < askedAt) this.#over(row);
    }
  }

  /** A kind that has no live actor is not listed at all. */
  kinds(/** @type {string[]} */ alive, /** @type {number} */ askedAt) {
    for (const row of this.rows.values()) {
      if (!alive.includes(row.kind) && row.goneAt === null && row.heardAt < askedAt) this.#over(row);
    }
  }

  /** Forgets what is over, and the oldest beyond the bound. */
  sweep() {
    const now = Date.now();
    const gone = [...this.rows.values()].filter((row) => row.goneAt !== null);
    gone.sort((a, b) => Number(a.goneAt) - Number(b.goneAt));
    const excess = Math.max(gone.length - GONE_MAX, this.rows.size - ROWS_MAX);
    for (const [index, row] of gone.entries()) {
      if (index < excess || now - Number(row.goneAt) > GONE_MS) this.rows.delete(row.key);
    }
    for (const key of this.rows.keys()) {
      if (this.rows.size <= ROWS_MAX) break;
      this.rows.delete(key);
    }
  }

  /** Actors whose work is not over, by kind. */
  counts() {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const row of this.rows.values()) {
      if (row.goneAt === null && row.status !== 'done') counts.set(row.kind, (counts.get(row.kind) ?? 0) + 1);
    }
    return counts;
  }

  /** The rows to show, best first. */
  select(/** @type {string | null} */ kind, /** @type {string} */ words) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...this.rows.values()].filter((row) => (kind === null || row.kind === kind) && matches(row, wanted));
    this.#findCrowds(rows);
    const place = (/** @type {Row} */ row) => (this.#crowds.has(row.kind) ? 1 : 0);
    const age = (/** @type {Row} */ a, /** @type {Row} */ b) => b.rank - a.rank || b.birth - a.birth;
    return rows.sort((a, b) => place(a) - place(b) || compare(a.kind, b.kind) || age(a, b));
  }

  /** Once a crowd, always a crowd: a kind at the edge of it would jump up and down. */
  #findCrowds(/** @type {Row[]} */ rows) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { kind } of rows) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const [kind, count] of counts) if (count > CROWD) this.#crowds.add(kind);
  }

  #add(/** @type {string} */ key, /** @type {number} */ rank) {
    if (this.rows.size > ROWS_MAX + GONE_MAX) this.sweep();
    const slash = key.indexOf('/');
    this.#births += 1;
    /** @type {Row} */
    const row = {
      key,
      kind: key.slice(0, slash),
      id: key.slice(slash + 1),
      state: '',
      status: 'active',
      version: 0,
      mailboxDepth: null,
      pendingTimers: null,
      pendingEffects: null,
      lastTransitionAt: null,
      lastMessage: null,
      rank,
      birth: this.#births,
      heardAt: 0,
      goneAt: null,
      touched: false,
    };
    this.rows.set(key, row);
    return row;
  }

  #over(/** @type {Row} */ row) {
    row.goneAt = Date.now();
    row.status = row.status === 'failed' ? 'failed' : 'done';
    row.mailboxDepth = row.pendingTimers = row.pendingEffects = 0;
  }
}

function matches(/** @type {Row} */ row, /** @type {string[]} */ words) {
  if (words.length === 0) return true;
  const text = `${row.key} ${row.state} ${row.lastMessage ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function compare(/** @type {string} */ a, /** @type {string} */ b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
