/**
 * Asking for the password where one stands: to confirm, or to go on after the session has ended.
 * @module
 */
import { openDialog } from './dialog.js';
import { field, formValues } from './field.js';
import { html } from './html.js';
import { errorText, t } from './i18n.js';

/** @typedef {(password: string) => Promise<void>} Send */

/** Asks for the password of who is signed in; true once it was taken. @param {Send} send */
export function askToConfirm(send) {
  return askPassword({ label: t('confirm.title'), text: t('confirm.text'), action: t('confirm.action'), send });
}

/** Asks the same person to sign in again; true once they have. @param {string} email @param {Send} send */
export function askToSignIn(email, send) {
  return askPassword({ label: t('ended.title'), text: t('ended.text'), action: t('sign-in'), email, send });
}

/**
 * @param {{ label: string, text: string, action: string, email?: string, send: Send }} options
 * @returns {Promise<boolean>}
 */
async function askPassword({ label, text, action, email, send }) {
  let error = '';
  let isBusy = false;
  /** @param {Event} event @param {import('./dialog.js').Dialog<boolean>} dialog */
  const submit = async (event, dialog) => {
    const password = formValues(event)['again-password'] ?? '';
    if (isBusy) return;
    isBusy = true;
    try {
      await send(password);
      dialog.close(true);
      return;
    } catch (caught) {
      error = errorText(caught);
    }
    isBusy = false;
    dialog.update();
    const input = dialog.element.querySelector('#again-password');
    if (input instanceof HTMLInputElement) input.select();
  };
  const opened = openDialog(/** @param {import('./dialog.js').Dialog<boolean>} dialog */ (dialog) => html`
    <form @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p>${text}</p>
      ${email && html`<p class="field"><label for="again-email">${t('email')}</label>
        <input id="again-email" type="email" autocomplete="username" readonly .value=${email}></p>`}
      ${field({ label: t('password'), name: 'again-password', type: 'password', autocomplete: 'current-password', required: true, autofocus: true, error })}
      <p class="actions">
        <button class="button primary">${action}</button>
        <button class="button" type="button" @click=${() => dialog.close(false)}>${t('cancel')}</button>
        ${email && html`<a href="/sign-in?other" @click=${() => dialog.close(false)}>${t('session.other')}</a>`}
      </p>
    </form>`, { label, className: 'narrow', stays: Boolean(email) });
  return (await opened.result) === true;
}
