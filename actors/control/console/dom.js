// Small pieces of the page. Texts become text nodes, never markup: ids and messages come from outside.

/**
 * @param {string} tag
 * @param {string} [className]
 * @param {...(Node | string)} children
 */
export function el(tag, className = '', ...children) {
  const node = document.createElement(tag);
  if (className !== '') node.className = className;
  node.append(...children);
  return node;
}

/** Writes only what changed, so that an unchanged cell costs nothing and a selection in it survives. */
export function setText(/** @type {Element} */ node, /** @type {string} */ text) {
  if (node.textContent !== text) node.textContent = text;
}

/** `life.working cancel.none` → a chip per region. */
export function stateChips(/** @type {string} */ state, /** @type {string} */ status) {
  const parts = state.split(' ').filter(Boolean);
  return parts.map((part) => el('span', `state ${toneOf(part, status)}`, part));
}

const TONES = [
  ['bad', /fail|reject|denied|halt|error|poison/i],
  ['warn', /unknown|degraded|pending|cancel(?!ed)|stopp|submitt|interrupt|resolv|reconcil|start(?!ed)|suspend/i],
  ['good', /running|working|live|ready|connected|filled|normal|active|watching|quoting|closed$/i],
];

/** A region in which nothing happens says nothing; it is left out where others speak. */
export function isQuiet(/** @type {string} */ part) {
  return /\.(?:none|idle)$/.test(part);
}

function toneOf(/** @type {string} */ state, /** @type {string} */ status) {
  if (isQuiet(state)) return 'quiet';
  if (status === 'failed') return 'bad';
  if (status === 'suspended') return 'warn';
  if (status === 'done') return 'over';
  const tone = TONES.find(([, words]) => /** @type {RegExp} */ (words).test(state));
  return tone === undefined ? 'plain' : String(tone[0]);
}

/** `4 s`, `3 m 20 s`, `2 h 5 m`, `3 d`; `–` without a time. */
export function spell(/** @type {number | null} */ ms) {
  if (ms === null) return '–';
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d`;
}

/** `4 s ago` or `in 4 s`, kept true by tickTimes. */
export function relativeTime(/** @type {number} */ at, /** @type {number} */ now) {
  const node = el('time');
  node.dataset['at'] = String(at);
  node.textContent = relative(at, now);
  return node;
}

export function tickTimes(/** @type {Element} */ root, /** @type {number} */ now) {
  for (const node of root.querySelectorAll('time[data-at]')) {
    setText(node, relative(Number(/** @type {HTMLElement} */ (node).dataset['at']), now));
  }
}

function relative(/** @type {number} */ at, /** @type {number} */ now) {
  return at > now ? `in ${spell(at - now)}` : `${spell(now - at)} ago`;
}

export function clockTime(/** @type {number} */ at) {
  const date = new Date(at);
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

const COLOURED_CHARS_MAX = 40_000;
const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON as people read it; coloured when it is not too long. */
export function jsonBlock(/** @type {unknown} */ value) {
  const text = JSON.stringify(value, null, 2) ?? 'undefined';
  if (text.length > COLOURED_CHARS_MAX) return el('pre', 'json', text);
  const block = el('pre', 'json');
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, string, colon] = match;
    block.append(text.slice(end, match.index), el('span', kindOfToken(string, colon), string ?? whole), colon ?? '');
    end = match.index + whole.length;
  }
  block.append(text.slice(end));
  return block;
}

function kindOfToken(/** @type {string | undefined} */ string, /** @type {string | undefined} */ colon) {
  if (string === undefined) return 'value';
  return colon === undefined ? 'text' : 'name';
}
