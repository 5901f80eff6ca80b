/**
 * The dialogs that change a token. Name and purpose, fewer scopes, an earlier end, where it works from: nothing but the
 * addresses can become wider, and that takes the password. And its secret: a new one, shown once, while the former works on.
 * @module
 */
import { ApiError, call, callFull } from '../../lib/api.js';
import { openDialog } from '../../lib/dialog.js';
import { field, fieldErrors, focusError, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { errorText, relative, t } from '../../lib/i18n.js';
import { whenConfirmed } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { addressField, addressList } from './addresses.js';
import { dayText, endOfDay } from './draft.js';
import { picker } from './picker.js';
import { TokenReveal } from './reveal.js';
import { closed } from './rights.js';
import { fullTime, onceKey, spanText } from './words.js';

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
      <details class="token-more" ?open=${Boolean(errors['Scopes'])}><summary>${t('tokens.picker.open', { chosen: form.scopes.length, all: token.Scopes.length })}</summary>
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

/** The longest that the former secret may work on, hours, and what is usual. */
const OVERLAP_MAX = 168;
const OVERLAP_USUAL = 24;
const HOUR = 3_600_000;

/**
 * Asks for the overlap, rotates, and shows the new secret.
 * @param {Token} token
 * @returns {Promise<boolean>} whether it was rotated
 */
export async function rotateDialog(token) {
  let hours = OVERLAP_USUAL;
  let error = '';
  let isBusy = false;
  let key = onceKey();
  /** @type {TokenReveal | null} */
  let reveal = null;
  /** @typedef {import('../../lib/dialog.js').Dialog<boolean>} Opened */
  /** @param {Event} event @param {Opened} dialog */
  const submit = async (event, dialog) => {
    event.preventDefault();
    if (isBusy || reveal) return;
    isBusy = true;
    dialog.update();
    try {
      const minted = await whenConfirmed(() => call(`/odata/AccessTokens(${token.Id})/Tessera.Rotate`, { body: { OverlapHours: hours }, key }));
      reveal = new TokenReveal({ minted, name: token.Name, scopes: token.EffectiveScopes, isRotation: true, onkept: () => dialog.update() });
    } catch (caught) {
      if (!(caught instanceof ApiError) || caught.status !== 0) key = onceKey();
      error = caught instanceof ApiError && caught.code === 'SecretAlreadyShown' ? t('tokens.new.lost') : errorText(caught);
    }
    isBusy = false;
    dialog.update();
    const first = dialog.element.querySelector(reveal ? '#secret-copy' : 'button.primary');
    if (first instanceof HTMLElement) first.focus();
  };
  const mayClose = async () => !reveal || reveal.mayLeave();
  const opened = openDialog(/** @param {Opened} dialog */ (dialog) => (reveal
    ? html`${reveal}<p class="actions"><button type="button" class="button primary" @click=${async () => { if (await mayClose()) dialog.close(true); }}>${t('tokens.made.done')}</button></p>`
    : html`<form @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p>${t('tokens.rotate.text')}</p>
      ${overlap(hours, (next) => { hours = next; dialog.update(); })}
      ${token.LastUsedDateTime ? html`<p class="soft">${t('tokens.rotate.last', { when: relative(token.LastUsedDateTime), address: token.LastUsedAddress ?? '' })}</p>` : null}
      ${formError(error)}
      <p class="actions"><button class="button primary" ?disabled=${isBusy}>${t('tokens.rotate.action')}</button>
        <button type="button" class="button" @click=${() => dialog.close(false)}>${t('cancel')}</button></p>
    </form>`), { label: t('tokens.rotate.title', { name: token.Name }), guard: mayClose });
  const unload = (/** @type {BeforeUnloadEvent} */ event) => { if (reveal && !reveal.isKept) event.preventDefault(); };
  addEventListener('beforeunload', unload);
  const isRotated = await opened.result;
  removeEventListener('beforeunload', unload);
  return isRotated === true || reveal !== null;
}

/**
 * The slider, a number beside it, and the sentence that says what it means.
 * @param {number} hours
 * @param {(hours: number) => void} onchange
 */
function overlap(hours, onchange) {
  const set = (/** @type {Event} */ event) => onchange(Math.min(OVERLAP_MAX, Math.max(0, Math.round(Number(/** @type {HTMLInputElement} */ (event.target).value) || 0))));
  const until = new Date(Date.now() + hours * HOUR);
  return html`<div class="field">
    <label for="overlap">${t('tokens.rotate.overlap')}</label>
    <div class="control">
      <input type="range" id="overlap" min="0" max=${OVERLAP_MAX} step="1" .value=${String(hours)} aria-describedby="overlap-says" @input=${set}>
      <input type="number" class="hours" aria-label=${t('tokens.rotate.hours')} min="0" max=${OVERLAP_MAX} .value=${String(hours)} @change=${set}>
    </div>
    <p id="overlap-says" role="status" class="sentence">${hours ? t('tokens.rotate.until', { when: fullTime(until), span: spanText(hours * HOUR) }) : t('tokens.rotate.now')}</p>
  </div>`;
}
