/**
 * Copying, and saying that it was done.
 * @module
 */
import { html } from './html.js';
import { t } from './i18n.js';
import { announce } from './toast.js';

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
