/**
 * A menu behind a button, by the browser's own popover.
 * @module
 */
import { html } from './html.js';

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
