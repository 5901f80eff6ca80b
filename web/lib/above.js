/**
 * What stands above the page for a while: menus behind buttons, toasts, and the word that something was copied.
 * @module
 */
import { html, render } from './html.js';
import { t } from './i18n.js';

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {(() => void)} [onclick]
 * @property {string} [href]  a link instead of a deed
 * @property {boolean} [danger]
 * @property {string} [reason]  why it cannot be done now; the item is shown and does nothing
 */

/**
 * A button that opens a list of deeds and links.
 * @param {{ id: string, label: string, items: readonly (Item | null | false | undefined)[], face?: unknown, className?: string }} menu
 *   `label` names the button to who does not see it; `face` is what it looks like
 */
export function menu({ id, label, items, face = '⋯', className = 'icon-button' }) {
  return html`<span class="menu-home" key=${id}>
    <button type="button" class=${className} aria-label=${label} aria-haspopup="menu" popovertarget=${`menu-${id}`}>${face}</button>
    <div class="menu" id=${`menu-${id}`} popover role="menu" aria-label=${label} @toggle=${opened} @keydown=${moved}>
      ${items.map((item) => item && entry(item))}
    </div>
  </span>`;
}

/** @param {Item} item */
function entry(item) {
  const className = item.danger ? 'danger' : null;
  if (item.href) return html`<a role="menuitem" class=${className} href=${item.href} @click=${close}>${item.label}</a>`;
  return html`<button type="button" role="menuitem" class=${className} aria-disabled=${item.reason ? 'true' : null} @click=${(/** @type {Event} */ event) => {
    if (item.reason) return;
    close(event);
    item.onclick?.();
  }}>${item.label}${item.reason && html`<small>${item.reason}</small>`}</button>`;
}

/** @param {Event} event */
function close(event) {
  const list = /** @type {Element} */ (event.currentTarget).closest('[popover]');
  if (list instanceof HTMLElement) list.hidePopover();
}

/**
 * Places the list at its button, within the window, and goes to the first entry.
 * @param {Event} event
 */
function opened(event) {
  const list = /** @type {HTMLElement} */ (event.target);
  if (/** @type {ToggleEvent} */ (event).newState !== 'open') return;
  const button = /** @type {HTMLElement} */ (list.previousElementSibling).getBoundingClientRect();
  const box = list.getBoundingClientRect();
  const left = Math.max(8, Math.min(button.right - box.width, innerWidth - box.width - 8));
  const below = button.bottom + 4;
  const top = below + box.height > innerHeight ? Math.max(8, button.top - box.height - 4) : below;
  list.style.setProperty('left', `${left}px`);
  list.style.setProperty('top', `${top}px`);
  const first = list.querySelector('[role=menuitem]');
  if (first instanceof HTMLElement) first.focus();
}

/** @param {Event} event */
function moved(event) {
  const { key } = /** @type {KeyboardEvent} */ (event);
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role=menuitem]')]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[key];
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
}

const SHOWN_MS = 6000;
const UNDO_MS = 10_000;

/** @typedef {{ id: number, text: string, undo: (() => void) | undefined, tone: string }} Toast */

/** @type {Toast[]} */
let toasts = [];
let last = 0;

/**
 * Says something to who does not see the screen. In an open dialog, because the rest of the page is silent then.
 * @param {string} text
 */
export function announce(text) {
  const dialogs = [...document.querySelectorAll('dialog[open]')];
  const home = dialogs.at(-1) ?? document.body;
  let region = home.querySelector(':scope > .live');
  if (!region) {
    region = document.createElement('p');
    region.className = 'live';
    region.setAttribute('role', 'status');
    home.append(region);
  }
  region.textContent = '';
  const said = region;
  setTimeout(() => { said.textContent = text; }, 60);
}

/**
 * Shows a toast and announces it.
 * @param {string} text
 * @param {{ undo?: () => void, tone?: 'calm' | 'bad' }} [options]
 */
export function toast(text, { undo, tone = 'calm' } = {}) {
  const id = ++last;
  toasts = [...toasts.slice(-3), { id, text, undo, tone }];
  show();
  announce(text);
  // What went wrong stays until it is closed.
  if (tone !== 'bad') leaveLater(id, undo ? UNDO_MS : SHOWN_MS);
}

/**
 * @param {number} id
 * @param {number} ms
 */
function leaveLater(id, ms) {
  setTimeout(() => {
    const isRead = document.querySelector(`#toasts [data-toast="${id}"]:is(:hover, :focus-within)`);
    if (isRead) leaveLater(id, 1000);
    else dismiss(id);
  }, ms);
}

/** @param {number} id */
function dismiss(id) {
  toasts = toasts.filter((toast) => toast.id !== id);
  show();
}

function show() {
  let home = document.getElementById('toasts');
  if (!home) {
    home = document.createElement('div');
    home.id = 'toasts';
    home.popover = 'manual';
    home.setAttribute('role', 'region');
    document.body.append(home);
  }
  home.setAttribute('aria-label', t('toasts'));
  render(home, toasts.map((toast) => html`
    <div class=${`toast ${toast.tone}`} key=${toast.id} data-toast=${toast.id}>
      <span>${toast.text}</span>
      ${toast.undo && html`<button class="button small" @click=${() => { dismiss(toast.id); toast.undo?.(); }}>${t('undo')}</button>`}
      <button class="icon-button" aria-label=${t('close')} @click=${() => dismiss(toast.id)}>×</button>
    </div>`));
  // Opened anew, so that it stands above a dialog that came later.
  if (home.matches(':popover-open')) home.hidePopover();
  if (toasts.length) home.showPopover();
}

/**
 * Puts a text on the clipboard; also where the page does not come over TLS.
 * @param {string} text
 * @returns {Promise<boolean>} whether it is there
 */
export async function copyText(text) {
  const isDone = await put(text);
  announce(isDone ? t('copied') : t('copy.failed'));
  return isDone;
}

/** @param {string} text */
async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return putBySelection(text);
  }
}

/** @param {string} text */
function putBySelection(text) {
  const back = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'live';
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  if (back instanceof HTMLElement) back.focus();
  return isDone;
}

/**
 * A button that copies and says so on itself for a while.
 * @param {{ text: string | (() => string), label?: string, className?: string, oncopy?: () => void }} options
 */
export function copyButton({ text, label = t('copy'), className = 'button small', oncopy }) {
  return html`<button type="button" class=${className} @click=${async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    if (!(await copyText(typeof text === 'function' ? text() : text))) return;
    oncopy?.();
    button.dataset['said'] = t('copied');
    setTimeout(() => delete button.dataset['said'], 2000);
  }}>${label}</button>`;
}

/**
 * A snippet to copy.
 * @param {{ text: string, label: string }} snippet  `label` says what it is
 */
export function snippet({ text, label }) {
  return html`<div class="snippet">
    <pre tabindex="0" role="group" aria-label=${label}><code>${text}</code></pre>${copyButton({ text })}
  </div>`;
}
