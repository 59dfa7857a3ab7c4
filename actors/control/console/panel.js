// The detail of one actor, or the dead letters.
import { clockTime, el, isQuiet, jsonBlock, relativeTime, stateChips } from './dom.js';

/** Which parts the operator has unfolded, kept while the panel is redrawn: `actor key` + name of the part. */
const unfolded = new Set();

export function actorPanel(/** @type {any} */ actor, /** @type {number} */ now) {
  return [
    heading(actor.key.slice(actor.key.indexOf('/') + 1), actor.kind),
    el('div', 'states', ...stateChips(actor.state, actor.status)),
    facts(actor, now),
    section('Accepts now', chips(actor.accepts)),
    ...lines('Timers', actor.timers, (timer) => timerLine(timer, now)),
    ...lines('Effects', actor.effects, effectLine),
    section('Last transitions', transitions(actor)),
    section('Snapshot', jsonBlock(actor.snapshot)),
  ];
}

export function lettersPanel(/** @type {any[]} */ letters, /** @type {number} */ now) {
  const none = el('p', 'none', 'None. A message that no actor could take would be listed here.');
  const items = letters.map((letter) => letterLine(letter, now));
  return [
    heading('Dead letters', 'messages no actor could take'),
    items.length > 0 ? el('ul', 'list', ...items) : none,
  ];
}

function letterLine(/** @type {any} */ letter, /** @type {number} */ now) {
  const link = el('a', 'key', letter.key);
  link.setAttribute('href', `#${encodeURI(letter.key)}`);
  const reason = el('span', 'state bad', letter.reason);
  const head = el('div', 'line', el('b', '', letter.type), reason, relativeTime(letter.createdAt, now));
  return el('li', '', head, link, el('p', 'error', letter.error));
}

export function missingPanel(/** @type {string} */ key, /** @type {string} */ why) {
  return [heading(key, 'not shown'), el('p', 'none', why)];
}

function heading(/** @type {string} */ text, /** @type {string} */ kind) {
  const close = el('a', 'close', '×');
  close.setAttribute('href', '#');
  close.setAttribute('aria-label', 'Close');
  return el('div', 'heading', el('div', '', el('small', '', kind), el('h2', '', text)), close);
}

function facts(/** @type {any} */ actor, /** @type {number} */ now) {
  const age = actor.lastTransitionAt === null ? 'none since boot' : relativeTime(actor.lastTransitionAt, now);
  /** @type {[string, Node | string][]} */
  const pairs = [
    ['Status', actor.status],
    ['Version', String(actor.version)],
    ['Machine', `v${actor.machineVersion}`],
    ['Mailbox', String(actor.mailboxDepth)],
    ['Last message', actor.lastMessage ?? '–'],
    ['Last change', age],
  ];
  const items = pairs.map(([name, value]) => el('div', '', el('dt', '', name), el('dd', '', value)));
  return el('dl', 'facts', ...items);
}

/** Nothing when there is nothing to list. */
function lines(/** @type {string} */ title, /** @type {any[]} */ things, /** @type {(thing: any) => Node} */ line) {
  return things.length > 0 ? [section(title, el('ul', 'list', ...things.map(line)))] : [];
}

function section(/** @type {string} */ title, /** @type {Node} */ content) {
  return el('section', '', el('h3', '', title), content);
}

function chips(/** @type {string[]} */ names) {
  if (names.length === 0) return el('p', 'none', 'Nothing: its work is over.');
  return el('div', 'chips', ...names.map((name) => el('code', '', name)));
}

function timerLine(/** @type {any} */ timer, /** @type {number} */ now) {
  const name = timer.message.replace(/^xstate\.(?:after|raise)\./, '');
  const head = el('div', 'line', el('b', '', name), relativeTime(timer.dueAt, now));
  return el('li', '', head, el('small', '', timer.id));
}

function effectLine(/** @type {any} */ effect) {
  const tries = effect.attempts > 1 ? `, attempt ${effect.attempts}` : '';
  const head = el('div', 'line', el('b', '', effect.name), el('span', '', effect.state + tries));
  return el('li', '', head, el('small', '', effect.key));
}

function transitions(/** @type {any} */ actor) {
  if (actor.transitions.length === 0) return el('p', 'none', 'None.');
  return el('ol', 'list transitions', ...actor.transitions.map(transitionLine));
}

/** Only the regions that moved; the whole of both states is in what is unfolded. */
function movement(/** @type {any} */ view) {
  if (view.from === null) return `starts in ${view.to}`;
  const [from, to] = [view.from.split(' '), view.to.split(' ')];
  const left = from.filter((/** @type {string} */ part) => !to.includes(part)).join(' ');
  const entered = to.filter((/** @type {string} */ part) => !from.includes(part)).join(' ');
  if (left === '' && entered === '')
    return `stays ${to.find((/** @type {string} */ part) => !isQuiet(part)) ?? view.to}`;
  return `${left} → ${entered}`;
}

function transitionLine(/** @type {any} */ view) {
  const time = el('time', '', clockTime(view.at));
  time.title = new Date(view.at).toISOString();
  const cause = view.cause === null ? [] : [`cause ${view.cause}`];
  const causes = [`from ${view.sender ?? 'outside'}`, ...cause, `id ${view.messageId}`];
  const name = `${view.key}#${view.number}`;
  const number = el('span', 'version', `#${view.number}`);
  const head = el('summary', '', number, el('b', '', view.type), time, el('span', 'moved', movement(view)));
  head.dataset['name'] = name;
  const body = el('details', '', head);
  body.toggleAttribute('open', unfolded.has(name));
  body.addEventListener('toggle', () => (body.hasAttribute('open') ? unfolded.add(name) : unfolded.delete(name)));
  const whole = view.from === null ? view.to : `${view.from} → ${view.to}`;
  body.append(el('p', 'cause', whole), el('p', 'cause', causes.join(' · ')), jsonBlock(view.body));
  return el('li', '', body);
}
