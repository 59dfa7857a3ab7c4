// The rows on the screen: at most ROWS_SHOWN, drawn once per animation frame, cells written only when they change.
import { el, setText, spell, stateChips } from './dom.js';

const ROWS_SHOWN = 200;
/** When more change at once, marking each says nothing and costs a repaint. */
const FLASHES_MAX = 40;

const COLUMNS = ['kind', 'id', 'states', ...Array(4).fill('number wide'), 'wide last', 'number'];
const FLASH = [{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }];
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** @typedef {import('./model.js').Row} Row */
/** @typedef {{ tr: HTMLElement, cells: HTMLElement[], drawn: string, row: Row }} Line */

export class Table {
  /** @type {Map<string, Line>} */
  #lines = new Map();
  #body;
  #select;

  constructor(/** @type {HTMLElement} */ body, /** @type {(key: string) => void} */ select) {
    this.#body = body;
    this.#select = select;
    // On press, not on click: a row that moves between press and release would lose the click.
    body.addEventListener('mousedown', (event) => {
      const tr = /** @type {Element} */ (event.target).closest('tr');
      if (event.button === 0 && tr !== null && tr.dataset['key']) this.#select(tr.dataset['key']);
    });
  }

  /** Shows the first of these rows, in this order. Returns how many. */
  draw(/** @type {Row[]} */ rows, /** @type {string | null} */ selected, /** @type {number} */ now) {
    const shown = rows.slice(0, ROWS_SHOWN);
    const keys = new Set(shown.map((row) => row.key));
    for (const [key, line] of this.#lines) {
      if (keys.has(key)) continue;
      line.tr.remove();
      this.#lines.delete(key);
    }
    const flash = calm.matches ? false : shown.filter((row) => row.touched).length <= FLASHES_MAX;
    let next = this.#body.firstElementChild;
    for (const row of shown) {
      const line = this.#line(row);
      if (line.tr === next) next = next.nextElementSibling;
      else this.#body.insertBefore(line.tr, next);
      this.#write(line, selected);
      if (row.touched && flash) line.tr.animate(FLASH, 900);
      row.touched = false;
    }
    this.tick(now);
    return shown.length;
  }

  /** Ages only. */
  tick(/** @type {number} */ now) {
    for (const { row, cells } of this.#lines.values()) {
      const age = row.lastTransitionAt === null ? null : now - row.lastTransitionAt;
      setText(/** @type {Element} */ (cells.at(-1)), spell(age));
    }
  }

  #line(/** @type {Row} */ row) {
    const known = this.#lines.get(row.key);
    if (known !== undefined) return known;
    const link = el('a', '', row.id);
    link.setAttribute('href', `#${encodeURI(row.key)}`);
    const cells = COLUMNS.map((name) => el('td', name));
    cells[0]?.append(row.kind);
    cells[1]?.append(el('small', '', row.kind), link);
    const tr = el('tr', '', ...cells);
    tr.dataset['key'] = row.key;
    const line = { tr, cells, drawn: '', row };
    this.#lines.set(row.key, line);
    return line;
  }

  #write(/** @type {Line} */ line, /** @type {string | null} */ selected) {
    const { tr, cells, row } = line;
    tr.classList.toggle('selected', row.key === selected);
    tr.classList.toggle('over', row.goneAt !== null || row.status === 'done');
    const face = `${row.state}\n${row.status}`;
    if (line.drawn !== face) cells[2]?.replaceChildren(...stateChips(row.state, row.status));
    line.drawn = face;
    const texts = [row.version, row.mailboxDepth, row.pendingTimers, row.pendingEffects, row.lastMessage];
    for (const [index, value] of texts.entries()) {
      const cell = /** @type {HTMLElement} */ (cells[index + 3]);
      setText(cell, value === null ? '–' : String(value));
      if (typeof value === 'number') cell.classList.toggle('zero', value === 0);
    }
  }
}
