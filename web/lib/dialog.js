/**
 * Dialogs: the browser's own `<dialog>`, made for one question and gone with its answer, or with the page it stands over.
 * @module
 */
import { html, render } from './html.js';
import { t } from './i18n.js';

/**
 * An open dialog.
 * @template T
 * @typedef {object} Dialog
 * @property {HTMLDialogElement} element
 * @property {Promise<T | undefined>} result  what it was closed with; undefined if it was cancelled
 * @property {(value?: T) => void} close
 * @property {() => void} update  shows its view anew
 */

let count = 0;

/**
 * Opens a dialog. Its view is a template, or a function that makes one of the dialog.
 * @template T
 * @param {unknown | ((dialog: Dialog<T>) => unknown)} view
 * @param {{ label: string, className?: string, guard?: () => boolean | Promise<boolean>, stays?: boolean }} options  `guard`: whether Escape, or going to another page, may close it; `stays`: over whatever page
 * @returns {Dialog<T>}
 */
export function openDialog(view, { label, className = '', guard, stays = false }) {
  const element = document.createElement('dialog');
  const back = document.activeElement;
  element.className = `dialog ${className}`.trim();
  element.setAttribute('aria-labelledby', `dialog-${++count}`);
  const title = `dialog-${count}`;
  /** @type {(value: T | undefined) => void} */
  let answer = () => {};
  /** @type {Promise<T | undefined>} */
  const result = new Promise((resolve) => { answer = resolve; });
  /** @type {Dialog<T>} */
  const dialog = {
    element,
    result,
    close(value) {
      element.close();
      element.remove();
      if (back instanceof HTMLElement && back.isConnected) back.focus();
      answer(value);
    },
    update() {
      const content = typeof view === 'function' ? view(dialog) : view;
      render(element, html`<h2 id=${title} tabindex="-1">${label}</h2>${content}`);
    },
  };
  const cancel = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!guard || (await guard())) dialog.close();
  };
  element.addEventListener('cancel', cancel);
  if (!stays) element.addEventListener('left', cancel);
  dialog.update();
  document.body.append(element);
  element.showModal();
  if (!element.querySelector('[autofocus]')) {
    const first = element.querySelector('input, select, textarea');
    if (first instanceof HTMLElement) first.focus();
  }
  return dialog;
}

/**
 * Asks before something is done.
 * @param {object} question
 * @param {string} question.title
 * @param {unknown} [question.text]  a text or a template
 * @param {string} question.action  what the button says: the verb
 * @param {string} [question.cancel]
 * @param {boolean} [question.danger]
 * @param {string} [question.typeToConfirm]  must be typed before the button works
 * @returns {Promise<boolean>}
 */
export async function ask({ title, text, action, cancel = t('cancel'), danger = false, typeToConfirm = '' }) {
  let typed = '';
  const dialog = openDialog(
    /** @param {Dialog<boolean>} self */ (self) => html`
      <form method="dialog" @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        if (typed.trim() === typeToConfirm) self.close(true);
      }}>
        ${typeof text === 'string' ? html`<p>${text}</p>` : text}
        ${typeToConfirm && html`<p class="field">
          <label for="dialog-typed">${t('dialog.type', { text: typeToConfirm })}</label>
          <input id="dialog-typed" autocomplete="off" spellcheck="false" @input=${(/** @type {Event} */ event) => {
            typed = /** @type {HTMLInputElement} */ (event.target).value;
            self.update();
          }}>
        </p>`}
        <p class="actions">
          <button class=${danger ? 'button danger' : 'button primary'} ?disabled=${typed.trim() !== typeToConfirm}>${action}</button>
          <button class="button" type="button" ?autofocus=${danger && !typeToConfirm} @click=${() => self.close(false)}>${cancel}</button>
        </p>
      </form>`,
    { label: title, className: 'narrow' },
  );
  return (await dialog.result) === true;
}
