/**
 * Making and changing one entity in a dialog: what is wrong is said beside its field, and when somebody else was
 * faster both versions are seen before one is chosen.
 * @module
 */
import { ApiError, call, callFull, newKey } from '../../lib/api.js';
import { openDialog } from '../../lib/dialog.js';
import { check, field, fieldErrors, focusError, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';

/** @typedef {import('./list.js').Row} Row */

/**
 * A property that can be changed.
 * @typedef {object} Editable
 * @property {string} name
 * @property {string} label
 * @property {'text' | 'email' | 'tel' | 'textarea' | 'select' | 'check'} [type]
 * @property {boolean} [required]
 * @property {string} [hint]
 * @property {readonly import('../../lib/field.js').Choice[]} [options]
 */

/**
 * Opens the dialog. The row that was made or changed; nothing if it was closed.
 * @param {object} edit
 * @param {string} edit.label
 * @param {string} edit.set
 * @param {readonly Editable[]} edit.fields
 * @param {Row} [edit.row]  what is changed; without it one is made
 * @param {Row} [edit.initial]  what a new one begins with
 * @param {unknown} [edit.more]
 * @returns {Promise<Row | undefined>}
 */
export function editEntity({ label, set, fields, row, initial = {}, more }) {
  const path = row ? `/odata/${set}(${row['Id']})` : `/odata/${set}`;
  let version = row?.['@odata.etag'];
  /** @type {Record<string, string>} */
  let errors = {};
  /** What somebody else wrote meanwhile. @type {Row} */
  let theirs = {};
  let base = row ?? {};
  let isBusy = false;
  let sent = { words: '', key: '' };

  /** @param {Event} event @param {import('../../lib/dialog.js').Dialog<Row>} dialog */
  const save = async (event, dialog) => {
    event.preventDefault();
    if (isBusy) return;
    const form = /** @type {HTMLFormElement} */ (event.target);
    const body = changes(form, fields, base, row);
    if (row && !Object.keys(body).length) return dialog.close();
    isBusy = true;
    try {
      const answer = row
        ? await call(path, { method: 'PATCH', body, ifMatch: version, prefer: 'return=representation' })
        : await call(path, { body: { ...initial, ...body }, key: keyOf(body) });
      dialog.close(answer ?? {});
    } catch (error) {
      errors = fieldErrors(error, fields.map((one) => one.name));
      if (error instanceof ApiError && error.code === 'PreconditionFailed') await lookAgain();
      dialog.update();
      focusError(form);
    } finally {
      isBusy = false;
    }
  };

  /** The same key while the same is sent: what arrived without an answer is not made twice. @param {Row} body */
  const keyOf = (body) => {
    const words = JSON.stringify(body);
    if (sent.words !== words) sent = { words, key: newKey() };
    return sent.key;
  };

  /** Reads what is there now, so that the next saving is a decision. */
  const lookAgain = async () => {
    const { body, headers } = await callFull(path);
    theirs = Object.fromEntries(fields.filter(({ name }) => body[name] !== base[name]).map(({ name }) => [name, body[name]]));
    version = body['@odata.etag'] ?? headers.get('ETag');
    base = body;
    errors = { form: t('people.both') };
  };

  /** @param {Editable} one */
  const shown = (one) => {
    const value = row?.[one.name] ?? initial[one.name];
    const isTheirs = one.name in theirs;
    const hint = isTheirs ? t('people.theirs', { value: String(theirs[one.name] ?? '–') }) : one.hint;
    const id = `edit-${one.name}`;
    if (one.type === 'check') return check({ id, label: one.label, name: one.name, checked: Boolean(value), hint });
    return field({ ...one, id, value: value ?? '', hint, error: errors[one.name], autocomplete: 'off' });
  };

  return openDialog(/** @param {import('../../lib/dialog.js').Dialog<Row>} dialog */ (dialog) => html`
    <form @submit=${(/** @type {Event} */ event) => save(event, dialog)}>
      ${formError(errors['form'])}
      ${fields.map((one) => html`<div key=${one.name}>${shown(one)}</div>`)}
      ${more}
      <p class="actions">
        <button class="button primary">${t(row ? 'save' : 'create')}</button>
        <button class="button" type="button" @click=${() => dialog.close()}>${t('cancel')}</button>
      </p>
    </form>`, { label, className: 'narrow' }).result;
}

/**
 * What the form has otherwise than the row; of a new one all that is not empty.
 * @param {HTMLFormElement} form
 * @param {readonly Editable[]} fields
 * @param {Row} base
 * @param {Row | undefined} row
 */
function changes(form, fields, base, row) {
  const data = new FormData(form);
  /** @type {Row} */
  const body = {};
  for (const { name, type } of fields) {
    const text = String(data.get(name) ?? '').trim();
    const value = type === 'check' ? data.has(name) : text || null;
    const before = base[name] ?? (type === 'check' ? false : null);
    if (row ? value !== before : value !== null && value !== false) body[name] = value;
  }
  return body;
}
