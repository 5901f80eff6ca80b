/**
 * Who is signed in and what they may do; signing out; signing in again on the same page; the password again.
 * @module
 */
import { ApiError, call, onSessionEnded } from './api.js';
import { openDialog } from './dialog.js';
import { field, formValues } from './field.js';
import { html } from './html.js';
import { errorText, t } from './i18n.js';

/**
 * @typedef {object} Me
 * @property {number} UserId
 * @property {string} Name
 * @property {string} Email
 * @property {string} Role
 * @property {string[]} Scopes
 * @property {number} SessionId
 * @property {string} ExpiresDateTime
 * @property {string | null} ConfirmedUntilDateTime
 */

/** @type {Me | null} */
let known = null;

/** Hears `change` when somebody else, or nobody, is signed in. */
export const session = new EventTarget();

/** Who is signed in, as far as was heard. */
export function me() {
  return known;
}

/** Whether the one signed in holds a scope; the server decides all the same. @param {string} scope */
export function can(scope) {
  return known?.Scopes.includes(scope) ?? false;
}

/** @param {Me | null} next */
export function setMe(next) {
  known = next;
  session.dispatchEvent(new Event('change'));
}

/** Asks the server who is signed in. */
export async function loadMe() {
  try {
    setMe(await call('/session', { noSignIn: true }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    setMe(null);
  }
  return known;
}

/**
 * @param {string} email
 * @param {string} password
 */
export async function signIn(email, password) {
  setMe(await call('/session', { body: { Email: email, Password: password }, noSignIn: true }));
}

/** Ends the session, and forgets drafts. */
export async function signOut() {
  await call('/session', { method: 'DELETE', noSignIn: true });
  for (const name of Object.keys(localStorage)) if (name.startsWith('tessera:draft:')) localStorage.removeItem(name);
  setMe(null);
}

/**
 * A dialog that asks for the password and does something with it; true once that succeeded.
 * @param {{ label: string, text: string, action: string, email?: string, send: (password: string) => Promise<void>, other?: boolean }} options
 */
async function askPassword({ label, text, action, email, send, other = false }) {
  let error = '';
  let isBusy = false;
  /** @param {Event} event @param {import('./dialog.js').Dialog<boolean>} dialog */
  const submit = async (event, dialog) => {
    const values = formValues(event);
    if (isBusy) return;
    isBusy = true;
    try {
      await send(values['again-password'] ?? '');
      dialog.close(true);
      return;
    } catch (caught) {
      error = errorText(caught);
    }
    isBusy = false;
    dialog.update();
    const input = dialog.element.querySelector('input[type=password]');
    if (input instanceof HTMLInputElement) input.select();
  };
  const opened = openDialog(/** @param {import('./dialog.js').Dialog<boolean>} dialog */ (dialog) => html`
    <form @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p>${text}</p>
      ${email && html`<p class="field"><label for="again-email">${t('email')}</label>
        <input id="again-email" name="email" type="email" autocomplete="username" readonly .value=${email}></p>`}
      ${field({ label: t('password'), name: 'again-password', type: 'password', autocomplete: 'current-password', required: true, autofocus: true, error })}
      <p class="actions">
        <button class="button primary">${action}</button>
        <button class="button" type="button" @click=${() => dialog.close(false)}>${t('cancel')}</button>
        ${other && html`<a href="/sign-in" @click=${() => dialog.close(false)}>${t('session.other')}</a>`}
      </p>
    </form>`, { label, className: 'narrow' });
  return (await opened.result) === true;
}

/** Asks for the password again; true when the session is confirmed. */
export function confirmAgain() {
  return askPassword({
    label: t('confirm.title'),
    text: t('confirm.text'),
    action: t('confirm.action'),
    send: async (password) => { await call('/session/confirm', { body: { Password: password } }); },
  });
}

/**
 * Does `action`; where the server wants the password again, asks for it and does it once more.
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function whenConfirmed(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'ConfirmationRequired') throw error;
    if (!(await confirmAgain())) throw error;
    return action();
  }
}

onSessionEnded(async () => {
  const former = known;
  if (!former) return false;
  return askPassword({
    label: t('ended.title'),
    text: t('ended.text'),
    action: t('sign-in'),
    email: former.Email,
    other: true,
    send: (password) => signIn(former.Email, password),
  });
});
