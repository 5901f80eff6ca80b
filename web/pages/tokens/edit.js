/**
 * The dialog that changes a token: name and purpose, fewer scopes, an earlier end, where it works from.
 * Nothing but the addresses can become wider, and that takes the password.
 * @module
 */
import { call, callFull } from '../../lib/api.js';
import { openDialog } from '../../lib/dialog.js';
import { field, fieldErrors, focusError, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { whenConfirmed } from '../../lib/session.js';
import { toast } from '../../lib/toast.js';
import { addressField } from './address-field.js';
import { addressList } from './addresses.js';
import { dayText, endOfDay } from './expiry.js';
import { picker } from './picker.js';
import { closed } from './rights.js';
import { fullTime } from './sentences.js';

/** @typedef {import('./facts.js').Token} Token */
/** @typedef {{ name: string, purpose: string, scopes: string[], day: string, addresses: string }} Form */

const FIELDS = ['Name', 'Purpose', 'Scopes', 'ExpiresDateTime', 'AllowedAddresses'];

/**
 * What of the form differs, as the server takes it; null while something in it cannot be sent.
 * @param {Token} token
 * @param {Form} form
 * @returns {Record<string, unknown> | null}
 */
export function changesOf(token, form) {
  const addresses = addressList(form.addresses);
  const end = form.day === dayText(new Date(token.ExpiresDateTime)) ? null : endOfDay(form.day);
  if (!addresses) return null;
  return {
    ...(form.name.trim() === token.Name ? {} : { Name: form.name.trim() }),
    ...(form.purpose.trim() === (token.Purpose ?? '') ? {} : { Purpose: form.purpose.trim() || null }),
    ...(String(closed(form.scopes)) === String(closed(token.Scopes)) ? {} : { Scopes: closed(form.scopes) }),
    ...(end ? { ExpiresDateTime: end.toISOString() } : {}),
    ...(String(addresses) === String(token.AllowedAddresses) ? {} : { AllowedAddresses: addresses }),
  };
}

/**
 * @param {Token} seen
 * @returns {Promise<boolean>} whether it was changed
 */
export async function editDialog(seen) {
  const [answer, caller] = await Promise.all([callFull(`/odata/AccessTokens(${seen.Id})`), call('/odata/Me()')]);
  const token = /** @type {Token} */ (answer.body);
  const version = answer.headers.get('ETag') ?? '';
  /** @type {Form} */
  const form = { name: token.Name, purpose: token.Purpose ?? '', scopes: [...token.Scopes], day: dayText(new Date(token.ExpiresDateTime)), addresses: token.AllowedAddresses.join('\n') };
  /** @type {Record<string, string>} */
  let errors = {};
  let search = '';
  let isBusy = false;
  /** @typedef {import('../../lib/dialog.js').Dialog<boolean>} Opened */
  /** @param {Event} event @param {Opened} dialog */
  const submit = async (event, dialog) => {
    event.preventDefault();
    const changes = changesOf(token, form);
    if (!changes || isBusy) return focusError(dialog.element);
    if (!Object.keys(changes).length) return dialog.close(false);
    isBusy = true;
    try {
      await whenConfirmed(() => call(`/odata/AccessTokens(${token.Id})`, { method: 'PATCH', body: changes, ifMatch: version }));
      dialog.close(true);
      toast(t('tokens.edit.done', { name: form.name.trim() }));
    } catch (error) {
      errors = fieldErrors(error, FIELDS);
      dialog.update();
      focusError(dialog.element);
    }
    isBusy = false;
  };
  const opened = openDialog(/** @param {Opened} dialog */ (dialog) => {
    const set = (/** @type {Partial<Form>} */ change) => { Object.assign(form, change); errors = {}; dialog.update(); };
    const value = (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).value;
    return html`<form novalidate autocomplete="off" @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p class="soft">${t('tokens.edit.text')}</p>
      ${field({ label: t('tokens.name'), name: 'Name', id: 'edit-name', value: form.name, required: true, maxlength: 256, autofocus: true, error: errors['Name'] ?? null, oninput: (event) => set({ name: value(event) }) })}
      ${field({ label: t('tokens.purpose'), name: 'Purpose', id: 'edit-purpose', value: form.purpose, maxlength: 1000, error: errors['Purpose'] ?? null, oninput: (event) => set({ purpose: value(event) }) })}
      ${field({ label: t('tokens.expiry.day'), name: 'ExpiresDateTime', id: 'edit-day', type: 'date', value: form.day, min: dayText(new Date()), max: dayText(new Date(token.ExpiresDateTime)), error: errors['ExpiresDateTime'] ?? null,
        hint: t('tokens.edit.end', { when: fullTime(new Date(token.ExpiresDateTime)) }), oninput: (event) => set({ day: value(event) }) })}
      <details class="more" ?open=${Boolean(errors['Scopes'])}><summary>${t('tokens.picker.open', { chosen: form.scopes.length, all: token.Scopes.length })}</summary>
        ${picker({ id: 'edit-scope', scopes: token.Scopes, chosen: form.scopes, search, onsearch: (text) => { search = text; dialog.update(); }, onchange: (scopes) => set({ scopes }) })}</details>
      ${errors['Scopes'] ? html`<p class="error">${errors['Scopes']}</p>` : null}
      ${addressField({ id: 'edit-addresses', text: form.addresses, address: caller.Address, lastUsed: token.LastUsedAddress, error: errors['AllowedAddresses'] ?? null, onchange: (text) => set({ addresses: text }) })}
      ${formError(errors['form'])}
      <p class="actions"><button class="button primary">${t('save')}</button>
        <button type="button" class="button" @click=${() => dialog.close(false)}>${t('cancel')}</button></p>
    </form>`;
  }, { label: t('tokens.edit.title', { name: token.Name }) });
  return (await opened.result) === true;
}
