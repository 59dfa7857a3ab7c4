// What the page hears: every transition by the stream, at once, and the whole picture by lists, now and then.

const LIST_EVERY_MS = 2000;
/** A system that is slow to answer is asked less: at most this share of the time. */
const ASKING_SHARE = 0.1;
const PAGE = 500;
const PAGES_PER_KIND = 2;
/** The stream beats every 10 s; silence for longer means that the connection is dead without saying so. */
const SILENCE_MS = 25_000;
const RETRY_MS = 3000;

/**
 * @typedef {object} Listener
 * @property {(transition: any) => void} transition
 * @property {(runtime: any, letters: any[]) => void} listed
 * @property {() => void} lost the stream broke off; it is tried again
 * @property {(text: string | null) => void} notice
 */

export class Feed {
  /** Kinds with more live actors than were listed. */
  more = new Set();
  /** Server's clock minus ours. */
  #skewMs = 0;
  /** @type {EventSource | null} */
  #source = null;
  #connectedAt = 0;
  #heardAt = 0;
  #listing = false;
  #listAt = 0;
  #model;
  #listener;

  constructor(/** @type {import('./model.js').Model} */ model, /** @type {Listener} */ listener) {
    this.#model = model;
    this.#listener = listener;
  }

  start() {
    this.#connect();
    setInterval(() => this.#watch(), 1000);
    document.addEventListener('visibilitychange', () => void this.#list());
  }

  now() {
    return Date.now() + this.#skewMs;
  }

  #connect() {
    this.#source?.close();
    const source = new EventSource('/debug/stream');
    this.#source = source;
    this.#heardAt = this.#connectedAt = Date.now();
    const hear = (/** @type {string} */ name, /** @type {(data: any) => void} */ then) =>
      source.addEventListener(name, (event) => {
        this.#heardAt = Date.now();
        then(JSON.parse(event.data));
      });
    hear('opened', () => void this.#list());
    hear('heartbeat', ({ at }) => {
      this.#skewMs = at - Date.now();
    });
    hear('dropped', () => {
      this.#listAt = 0;
    });
    hear('transition', (transition) => {
      this.#model.apply(transition);
      this.#listener.transition(transition);
    });
    source.addEventListener('error', () => this.#listener.lost());
  }

  /** A stream that was refused stays closed, and one whose peer vanished stays silent. */
  #watch() {
    if (Date.now() >= this.#listAt) void this.#list();
    const closed = this.#source?.readyState === EventSource.CLOSED && Date.now() - this.#connectedAt > RETRY_MS;
    if (closed || Date.now() - this.#heardAt > SILENCE_MS) this.#connect();
  }

  async #list() {
    if (this.#listing || document.hidden) return;
    this.#listing = true;
    const askedAt = Date.now();
    try {
      const runtime = await get('/debug/runtime');
      this.#skewMs = runtime.now - Date.now();
      for (const kind of runtime.kinds) await this.#listKind(kind);
      this.#model.kinds(runtime.kinds, askedAt);
      this.#model.sweep();
      const { deadLetters } = await get('/debug/dead-letters?limit=100');
      this.#listener.listed(runtime, deadLetters);
      if (this.#source?.readyState === EventSource.OPEN) this.#listener.notice(null);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.#listener.notice(error instanceof TypeError ? 'The supervisor does not answer. Trying again…' : message);
    } finally {
      this.#listing = false;
      this.#listAt = Date.now() + Math.max(LIST_EVERY_MS, (Date.now() - askedAt) / ASKING_SHARE);
    }
  }

  async #listKind(/** @type {string} */ kind) {
    let after = `${kind}/`;
    for (let page = 0; page < PAGES_PER_KIND; page += 1) {
      const query = new URLSearchParams({ kind, after, limit: String(PAGE) });
      const askedAt = Date.now();
      const { actors, next } = await get(`/debug/actors?${query}`);
      this.#model.list(actors, { kind, after, last: next === null, askedAt });
      if (next === null) return void this.more.delete(kind);
      after = next;
    }
    this.more.add(kind);
  }
}

/** The answer's body; an error's own sentence is thrown, and a TypeError when there was no answer. */
export async function get(/** @type {string} */ url) {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  const body = await response.json();
  if (response.ok) return body;
  throw new Error(body.error ?? `HTTP ${response.status}`);
}
