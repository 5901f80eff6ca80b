/**
 * Short words about what just happened, seen and heard, with a way back where there is one.
 * @module
 */
import { html, render } from './html.js';
import { t } from './i18n.js';

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
  leaveLater(id, undo ? UNDO_MS : SHOWN_MS);
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
