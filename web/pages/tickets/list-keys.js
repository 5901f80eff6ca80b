/**
 * What the single keys do in the list.
 */
import { t } from '../../lib/i18n.js';
import { navigate } from '../../lib/router.js';
import { announce } from '../../lib/above.js';
import { showKeys } from './help.js';
import { actionOf, areOn, pressOf } from './keys.js';

/** @typedef {import('./list.js').default} TicketsPage */

/** Hears keys as long as the page is shown. The row in focus is the one they are about. */
export class Keyboard {
  #page;
  /** The row that was in focus last, so that one goes on from there. @type {number|null} */
  #last = null;

  /** @param {TicketsPage} page @param {AbortSignal} signal */
  constructor(page, signal) {
    this.#page = page;
    document.addEventListener('keydown', (event) => this.#pressed(event), { signal });
    page.addEventListener('focusin', (event) => {
      const id = rowId(event.target);
      if (id !== null) this.#last = id;
    }, { signal });
  }

  /** The row that is in focus, else the last that was and still is there. */
  get #row() {
    const focused = rowId(document.activeElement);
    if (focused !== null) return focused;
    return this.#page.pages.rows.some((row) => row.Id === this.#last) ? this.#last : null;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const action = actionOf(pressOf(event), 'list', areOn(localStorage));
    if (action === null) return;
    // Escape goes on to what the browser does with it, such as closing a menu.
    if (action !== 'clear') event.preventDefault();
    void this.#do(action);
  }

  /** @param {string} action */
  async #do(action) {
    const page = this.#page;
    const row = this.#row;
    switch (action) {
      case 'down': return this.#move(1);
      case 'up': return this.#move(-1);
      case 'select':
        if (row === null) return announce(t('tickets.noRow'));
        page.select(row, !page.selected.has(row));
        return announce(t('tickets.selected', { count: page.selected.size }));
      case 'open': return row === null ? announce(t('tickets.noRow')) : void navigate(`/tickets/${row}`);
      case 'assign': case 'status': case 'priority': return page.act(action, row);
      case 'search': return /** @type {HTMLElement|null} */ (page.querySelector('#ticket-search'))?.focus();
      case 'new': return void navigate('/tickets/new');
      case 'clear': return page.selected.size > 0 ? page.selectAll(false) : undefined;
      case 'help': return void showKeys();
    }
  }

  /** @param {1|-1} by */
  async #move(by) {
    const { rows } = this.#page.pages;
    const at = rows.findIndex((row) => row.Id === this.#row);
    let next = at < 0 ? 0 : at + by;
    if (next >= rows.length) {
      await this.#page.grow();
      next = Math.min(next, this.#page.pages.rows.length - 1);
    }
    const id = this.#page.pages.rows[Math.max(0, next)]?.Id;
    const link = this.#page.querySelector(`tr[data-id="${id}"] .ticket-link`);
    if (!(link instanceof HTMLElement)) return;
    link.focus({ preventScroll: true });
    link.closest('tr')?.scrollIntoView({ block: 'nearest' });
  }
}

/** The ticket of the row an element stands in. @param {EventTarget|null} target */
function rowId(target) {
  const row = target instanceof Element ? target.closest('tr[data-id]') : null;
  return row instanceof HTMLElement ? Number(row.dataset['id']) : null;
}
