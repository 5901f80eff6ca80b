/**
 * The single keys of the list and of a ticket, what they do, the switch that turns them off (WCAG 2.1.4), and the way
 * from one ticket of a list to the next.
 */
import { announce } from '../../lib/above.js';
import { t } from '../../lib/i18n.js';
import { isMoving, navigate } from '../../lib/router.js';

/** @typedef {{action: string, keys: readonly string[], where: 'list'|'ticket'}} Shortcut */

/** All of them, in the order `?` lists them; what each does is the text `tickets.key.ACTION`. @type {readonly Shortcut[]} */
export const SHORTCUTS = [
  { action: 'down', keys: ['j'], where: 'list' },
  { action: 'up', keys: ['k'], where: 'list' },
  { action: 'select', keys: ['x'], where: 'list' },
  { action: 'open', keys: ['o', 'Enter'], where: 'list' },
  { action: 'assign', keys: ['a'], where: 'list' },
  { action: 'status', keys: ['s'], where: 'list' },
  { action: 'priority', keys: ['p'], where: 'list' },
  { action: 'search', keys: ['/'], where: 'list' },
  { action: 'new', keys: ['n'], where: 'list' },
  { action: 'clear', keys: ['Escape'], where: 'list' },
  { action: 'reply', keys: ['r'], where: 'ticket' },
  { action: 'note', keys: ['i'], where: 'ticket' },
  { action: 'assign', keys: ['a'], where: 'ticket' },
  { action: 'status', keys: ['s'], where: 'ticket' },
  { action: 'priority', keys: ['p'], where: 'ticket' },
  { action: 'next', keys: ['j'], where: 'ticket' },
  { action: 'previous', keys: ['k'], where: 'ticket' },
  { action: 'back', keys: ['u'], where: 'ticket' },
];

/** The key that lists the others. It works even where they are off, for that is where they are turned on. */
export const HELP = '?';

const OFF = 'tessera:pref:shortcuts';

/** Whether single keys do something. @param {Storage} storage */
export const areOn = (storage) => storage.getItem(OFF) !== 'off';

/** @param {Storage} storage @param {boolean} on */
export function turn(storage, on) {
  if (on) storage.removeItem(OFF);
  else storage.setItem(OFF, 'off');
}

/**
 * @typedef {object} Press
 * @property {string} key
 * @property {boolean} ctrlKey
 * @property {boolean} altKey
 * @property {boolean} metaKey
 * @property {boolean} isComposing
 * @property {boolean} typing whether it goes into a field
 * @property {boolean} onControl whether the focused control does something with it by itself
 */

/**
 * What a press asks for; null if it is no shortcut, or goes to where one types.
 * @param {Press} press @param {'list'|'ticket'} where @param {boolean} on
 * @returns {string|null}
 */
export function actionOf(press, where, on) {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing || press.typing) return null;
  if (press.key === HELP) return 'help';
  if (!on) return null;
  // A link or button that is focused answers Enter itself.
  if (press.key === 'Enter' && press.onControl) return null;
  const found = SHORTCUTS.find((shortcut) => shortcut.where === where && shortcut.keys.includes(press.key));
  return found?.action ?? null;
}

/** What a browser's event says of a press. @param {KeyboardEvent} event @returns {Press} */
export function pressOf(event) {
  const target = event.target instanceof Element ? event.target : null;
  const typing = target?.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]') ?? null;
  const inDialog = target?.closest('dialog, [popover]') ?? null;
  return {
    key: event.key, ctrlKey: event.ctrlKey, altKey: event.altKey, metaKey: event.metaKey,
    isComposing: event.isComposing, typing: typing !== null || inDialog !== null,
    onControl: target?.closest('a, button, input, summary') !== null && target !== null,
  };
}

/** @type {{ids: number[], address: string}} */
let walk = { ids: [], address: '/tickets' };

/** The list one looked at last. @param {number[]} ids @param {string} address */
export function rememberWalk(ids, address) {
  walk = { ids, address };
}

/** Where the list is that one came from. */
export const listAddress = () => walk.address;

/** The tickets beside one in that list. @param {number} id */
export function neighbours(id) {
  const at = walk.ids.indexOf(id);
  return {
    previous: at > 0 ? walk.ids[at - 1] : null,
    next: at >= 0 && at < walk.ids.length - 1 ? walk.ids[at + 1] : null,
    place: at + 1,
    of: walk.ids.length,
  };
}

/** @typedef {import('./list.js').default} TicketsPage */

/** Hears keys as long as the page is shown. The row in focus is the one they are about. */
export class ListKeys {
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
    if (event.defaultPrevented || isMoving() || document.querySelector('dialog[open]')) return;
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
      case 'help': return page.showKeys();
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

/** @typedef {import('./ticket.js').default} TicketPage */

/** Hears keys as long as the page is shown. */
export class TicketKeys {
  #page;

  /** @param {TicketPage} page @param {AbortSignal} signal */
  constructor(page, signal) {
    this.#page = page;
    document.addEventListener('keydown', (event) => {
      if (event.defaultPrevented || isMoving() || document.querySelector('dialog[open]')) return;
      const action = actionOf(pressOf(event), 'ticket', areOn(localStorage));
      if (action === null) return;
      event.preventDefault();
      void this.#do(action);
    }, { signal });
  }

  /** @param {string} action */
  async #do(action) {
    const page = this.#page;
    switch (action) {
      case 'reply': case 'note': return page.composer?.show(action);
      case 'assign': case 'status': case 'priority': return page.deed(action);
      case 'next': case 'previous': {
        const to = neighbours(page.number)[action];
        return to === null ? announce(t('tickets.walk.end')) : void navigate(`/tickets/${to}`);
      }
      case 'back': return void navigate(listAddress());
      case 'help': return page.showKeys();
    }
  }
}
