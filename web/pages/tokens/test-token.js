/**
 * A secret tried at the server: what `Me()` says of it, from this browser's address. Keeps no secret.
 * @module
 */
import { openDialog } from '../../lib/dialog.js';
import { field, formValues } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { dateTime, errorText, relative, t } from '../../lib/i18n.js';
import { roleName } from './words.js';

/**
 * @typedef {object} TestResult
 * @property {number} status  0 where there was no answer
 * @property {any} caller  what the server told, where it let it in
 * @property {string} error
 * @property {boolean} isCounted  whether the server counts it as a use of the token
 */

/**
 * @param {string} secret
 * @param {AbortSignal} [signal]
 * @returns {Promise<TestResult>}
 */
export async function runTest(secret, signal) {
  try {
    // Without the session's cookie: the token alone is to open the door.
    const response = await fetch('/odata/Me()', {
      headers: { Authorization: `Bearer ${secret}`, Accept: 'application/json' }, credentials: 'omit', cache: 'no-store', signal: signal ?? null,
    });
    const body = await response.json();
    if (response.ok) return { status: response.status, caller: body, error: '', isCounted: true };
    return { status: response.status, caller: null, error: String(body?.error?.message ?? ''), isCounted: false };
  } catch (error) {
    return { status: 0, caller: null, error: errorText(error), isCounted: false };
  }
}

/** @param {TestResult} result */
export function testResult({ status, caller, error }) {
  if (!caller) return html`<p class="notice warn"><strong>${status || t('tokens.test.none')}</strong> ${error}</p>`;
  return html`<div class="notice good"><p><strong>${status}</strong> ${t('tokens.test.works', { address: caller.Address ?? '' })}</p>
    <dl class="facts">
      <dt>${t('tokens.col.rights')}</dt><dd>${roleName(caller.Role)}: ${caller.Scopes.join(', ')}</dd>
      <dt>${t('tokens.col.expires')}</dt><dd>${relative(caller.ExpiresDateTime)}, ${dateTime(caller.ExpiresDateTime)}</dd>
    </dl></div>`;
}

/**
 * Asks for the secret of a token that is already in use, and tries it.
 * @param {import('./facts.js').Token} token
 */
export async function testDialog(token) {
  /** @type {TestResult | null} */
  let result = null;
  let error = '';
  const ends = new AbortController();
  /** @param {Event} event @param {import('../../lib/dialog.js').Dialog<void>} dialog */
  const submit = async (event, dialog) => {
    const secret = (formValues(event)['secret'] ?? '').trim();
    result = null;
    error = secret ? '' : t('tokens.test.paste');
    if (secret) result = await runTest(secret, ends.signal);
    dialog.update();
  };
  const other = () => (result?.caller && result.caller.TokenId !== token.Id ? html`<p class="notice warn">${t('tokens.test.other', { name: result.caller.TokenName ?? '' })}</p>` : null);
  const opened = openDialog(/** @param {import('../../lib/dialog.js').Dialog<void>} dialog */ (dialog) => html`
    <form autocomplete="off" @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p>${t('tokens.test.text', { prefix: token.KeyPrefix })}</p>
      ${field({ label: t('tokens.secret'), name: 'secret', id: 'test-secret', type: 'password', autocomplete: 'off', autofocus: true, error })}
      <div role="status">${result && testResult(result)}${other()}</div>
      <p class="actions"><button class="button primary">${t('tokens.test.now')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('close')}</button></p>
    </form>`, { label: t('tokens.test.title', { name: token.Name }) });
  await opened.result;
  ends.abort();
}
