// The page: draws what the feed tells, and what is selected. The address's part after # says what that is:
// `#order/abc`, `#dead-letters`, or nothing.
import { el, setText, tickTimes } from './dom.js';
import { Feed, get } from './feed.js';
import { Model } from './model.js';
import { actorPanel, lettersPanel, missingPanel } from './panel.js';
import { Table } from './table.js';

const DRAW_EVERY_MS = 100;
const DETAIL_EVERY_MS = 400;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const model = new Model();
const table = new Table(byId('rows'), (key) => select(key));
const view = {
  /** @type {string | null} */ kind: null,
  words: '',
  paused: false,
  dirty: true,
  /** The operator asked for other rows, which are drawn even while paused. */
  asked: false,
  listed: false,
  /** @type {string | null} */ selected: null,
  /** Shown text of the panel, to leave an unchanged one alone. */
  shown: '',
  detailAt: 0,
  detailWanted: false,
  /** @type {any[]} */ letters: [],
};
const feed = new Feed(model, {
  transition({ key }) {
    view.dirty = true;
    if (key === view.selected) view.detailWanted = true;
  },
  listed(runtime, letters) {
    view.dirty = view.listed = true;
    view.detailWanted = view.selected !== null;
    showRuntime(runtime);
    showLetters(letters);
  },
  lost() {
    notice('The connection is lost. Trying again…');
    phase('disconnected', 'bad');
  },
  notice,
});

// --- what is shown

function draw(/** @type {number} */ lastAt) {
  requestAnimationFrame((at) => {
    const due = view.asked || (view.dirty && !view.paused && at - lastAt >= DRAW_EVERY_MS);
    if (due) {
      view.dirty = view.asked = false;
      const rows = model.select(view.kind, view.words);
      const shown = table.draw(rows, view.selected, feed.now());
      showCount(shown, rows.length);
      showKinds();
    }
    if (view.detailWanted && Date.now() - view.detailAt > DETAIL_EVERY_MS) void showDetail();
    draw(due ? at : lastAt);
  });
}

function showCount(/** @type {number} */ shown, /** @type {number} */ known) {
  const more = feed.more.size > 0 && (view.kind === null || feed.more.has(view.kind)) ? '+' : '';
  const all = `${known.toLocaleString('en')}${more}`;
  const what = known === 1 && more === '' ? 'actor' : 'actors';
  const part = `Showing ${shown} of ${all} ${what}; filter to see others`;
  const text = shown < known || more !== '' ? part : `${all} ${what}`;
  setText(byId('count'), known === 0 ? none() : text);
}

function none() {
  if (!view.listed) return 'Loading…';
  return view.kind === null && view.words === '' ? 'No actor is alive.' : 'No actor matches.';
}

function showKinds() {
  const counts = model.counts();
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const entries = [['', total], ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1))];
  const box = byId('kinds');
  const wanted = JSON.stringify(entries.map(([kind]) => kind));
  if (box.dataset['kinds'] !== wanted) {
    box.dataset['kinds'] = wanted;
    box.replaceChildren(...entries.map(([kind]) => kindButton(String(kind))));
  }
  for (const [index, [kind, count]] of entries.entries()) {
    const button = /** @type {HTMLElement} */ (box.children[index]);
    const more = kind === '' ? feed.more.size > 0 : feed.more.has(kind);
    setText(
      /** @type {Element} */ (button.lastElementChild),
      `${Number(count).toLocaleString('en')}${more ? '+' : ''}`,
    );
    button.setAttribute('aria-pressed', String((view.kind ?? '') === kind));
  }
}

function kindButton(/** @type {string} */ kind) {
  const button = el('button', '', kind === '' ? 'all' : kind, el('b'));
  button.setAttribute('type', 'button');
  button.dataset['kind'] = kind;
  return button;
}

function showRuntime(/** @type {any} */ runtime) {
  for (const node of document.querySelectorAll('[data-figure]')) {
    const value = runtime[String(/** @type {HTMLElement} */ (node).dataset['figure'])];
    setText(node, Number(value).toLocaleString('en'));
  }
  const tone = runtime.phase === 'running' ? 'good' : runtime.phase === 'failed' ? 'bad' : 'warn';
  phase(runtime.phase, tone);
  byId('phase').title = runtime.reason ?? '';
}

function phase(/** @type {string} */ text, /** @type {string} */ tone) {
  const node = byId('phase');
  setText(node, text);
  node.className = `phase ${tone}`;
}

function notice(/** @type {string | null} */ text) {
  const node = byId('notice');
  node.hidden = text === null;
  setText(node, text ?? '');
}

function showLetters(/** @type {any[]} */ letters) {
  view.letters = letters;
  const link = byId('letters');
  setText(/** @type {Element} */ (link.lastElementChild), letters.length >= 100 ? '100+' : String(letters.length));
  link.classList.toggle('some', letters.length > 0);
  if (location.hash === '#dead-letters') panel(lettersPanel(letters, feed.now()), JSON.stringify(letters));
}

// --- what is selected

function select(/** @type {string} */ key) {
  location.hash = `#${encodeURI(key)}`;
}

/** A hash typed by hand may be no valid encoding; then it names nothing. */
function hashText() {
  try {
    return decodeURI(location.hash.slice(1));
  } catch {
    return '';
  }
}

function readHash() {
  const hash = hashText();
  view.selected = hash.includes('/') ? hash : null;
  view.asked = true;
  view.shown = '';
  document.body.classList.toggle('detailed', hash !== '');
  byId('panel').hidden = hash === '';
  byId('panel').scrollTop = 0;
  byId('panel').replaceChildren();
  if (hash === 'dead-letters') panel(lettersPanel(view.letters, feed.now()), JSON.stringify(view.letters));
  if (view.selected !== null) void showDetail();
}

async function showDetail() {
  const key = view.selected;
  if (key === null) return;
  view.detailWanted = false;
  view.detailAt = Date.now();
  const slash = key.indexOf('/');
  const url = `/debug/actors/${encodeURIComponent(key.slice(0, slash))}/${encodeURIComponent(key.slice(slash + 1))}`;
  try {
    const actor = await get(`${url}?transitions=30`);
    if (view.selected === key) panel(actorPanel(actor, feed.now()), JSON.stringify(actor));
  } catch (error) {
    const why = String(/** @type {Error} */ (error).message);
    if (view.selected === key) panel(missingPanel(key, why), why);
  }
}

/** Drawn anew only when what it shows has changed, and not while a part of it is being copied. */
function panel(/** @type {Node[]} */ parts, /** @type {string} */ shown) {
  const selection = getSelection();
  const node = byId('panel');
  const copying = selection !== null && !selection.isCollapsed && node.contains(selection.anchorNode);
  if (view.shown === shown || (copying && view.shown !== '')) return;
  view.shown = shown;
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset['name'];
  node.replaceChildren(...parts);
  if (focused === undefined) return;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll('[data-name]'))) {
    if (part.dataset['name'] === focused) part.focus({ preventScroll: true });
  }
}

byId('kinds').addEventListener('click', (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('button'));
  if (button === null) return;
  view.kind = button.dataset['kind'] || null;
  view.asked = true;
});
byId('search').addEventListener('input', (event) => {
  view.words = /** @type {HTMLInputElement} */ (event.target).value;
  view.asked = true;
});
byId('pause').addEventListener('click', () => {
  view.paused = !view.paused;
  byId('pause').setAttribute('aria-pressed', String(view.paused));
  setText(byId('pause'), view.paused ? 'Resume' : 'Pause');
});
addEventListener('hashchange', readHash);
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') location.hash = '';
});
setInterval(() => {
  table.tick(feed.now());
  tickTimes(byId('panel'), feed.now());
}, 1000);
feed.start();
readHash();
draw(0);
