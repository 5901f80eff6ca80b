/** The lists tickets choose from: making, renaming, ordering, archiving their entries. @module */
import { call, callAll, newKey, odata } from '../../lib/api.js';
import { announce, copyButton, menu, toast } from '../../lib/above.js';
import { ask } from '../../lib/dialog.js';
import { field, fieldErrors, focusError, formError, formValues } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { errorText, pageTexts, t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { can } from '../../lib/session.js';
import { table } from '../../lib/table.js';
import { editEntity } from './edit.js';

await pageTexts(async (language) => (await import(`../../i18n/people.${language}.js`))[language]);

/** @typedef {import('./list.js').Row} Row */

const LISTS = ['Statuses', 'Priorities', 'Categories', 'Types', 'Sources', 'Resolutions'];
const KINDS = ['New', 'Open', 'Pending', 'Resolved', 'Closed'];

class PickersPage extends Page {
  /** @type {Row[]} */
  #rows = [];
  /** @type {Record<string, string>} */
  #errors = {};
  #isBusy = false;

  get #list() {
    const asked = this.query.get('list') ?? '';
    return LISTS.includes(asked) ? asked : 'Statuses';
  }

  get #url() {
    return odata(this.#list, { orderby: 'Position,Id' });
  }

  get #hasKind() {
    return this.#list === 'Statuses';
  }

  pageTitle() {
    return t('nav.pickers');
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    this.#rows = await callAll(this.#url, { signal });
  }

  queryChanged() {
    this.#rows = [];
    this.#errors = {};
    super.queryChanged();
  }

  view() {
    const name = t(`pickers.${this.#list}`);
    return html`<div class="page medium">
      <div class="stack"><h1 tabindex="-1">${t('nav.pickers')}</h1><p class="lead">${t('pickers.lead')}</p></div>
      <nav class="tabs" aria-label=${t('nav.pickers')}>${LISTS.map((list) => html`
        <a key=${list} href=${`?list=${list}`} aria-current=${list === this.#list ? 'page' : null}>${t(`pickers.${list}`)}</a>`)}</nav>
      <div class="page-head"><h2>${name}</h2>
        <div class="end">${copyButton({ text: () => location.origin + this.#url, label: t('copy.url') })}</div></div>
      ${this.isLoaded ? this.#entries(name) : html`<p class="waiting">${t('loading')}</p>`}
      ${can('settings:write') ? this.#newEntry() : html`<p class="notice">${t('pickers.read-only')}</p>`}
    </div>`;
  }

  /** @param {string} name */
  #entries(name) {
    const canWrite = can('settings:write');
    return table({
      caption: name,
      stacks: true,
      rows: this.#rows,
      rowKey: (row) => row['Id'],
      empty: html`<h3>${t('pickers.empty')}</h3><p>${t('pickers.empty-text')}</p>`,
      columns: [
        ...(canWrite ? [{ key: 'order', label: t('pickers.order'), className: 'narrow', cell: (/** @type {Row} */ row) => this.#arrows(row) }] : []),
        { key: 'name', label: t('name'), isHead: true, className: 'grow', cell: (row) => html`<span class="row">${row['Name']}${row['IsDefault'] && html`<span class="chip on">${t('pickers.default')}</span>`}</span>` },
        ...(this.#hasKind ? [{ key: 'kind', label: t('pickers.kind'), cell: (/** @type {Row} */ row) => t(`pickers.kind.${row['Kind']}`) }] : []),
        { key: 'state', label: t('people.state'), className: 'narrow', cell: (row) => html`<span class=${`state ${row['IsArchived'] ? 'off' : 'good'}`}>${t(row['IsArchived'] ? 'people.archived' : 'people.in-use')}</span>` },
        ...(canWrite ? [{ key: 'menu', label: t('people.actions'), hideLabel: true, className: 'actions-cell', cell: (/** @type {Row} */ row) => this.#menu(row) }] : []),
      ],
    });
  }

  /** @param {Row} row */
  #arrows(row) {
    const at = this.#rows.indexOf(row);
    /** @param {number} by @param {string} sign @param {string} label */
    const arrow = (by, sign, label) => html`<button class="icon-button" aria-label=${label} aria-disabled=${!this.#rows[at + by]}
      data-by=${by} @click=${(/** @type {Event} */ event) => this.#move(at, by, event)}>${sign}</button>`;
    return [arrow(-1, '↑', t('pickers.up', { name: row['Name'] })), arrow(1, '↓', t('pickers.down', { name: row['Name'] }))];
  }

  /** @param {Row} row */
  #menu(row) {
    return menu({
      id: `${this.#list}-${row['Id']}`,
      label: t('people.actions-of', { name: row['Name'] }),
      items: [
        { label: t('pickers.rename'), onclick: () => void this.#edit(row) },
        !row['IsDefault'] && !row['IsArchived'] && { label: t('pickers.make-default'), onclick: () => void this.#patch(row, { IsDefault: true }) },
        row['IsDefault'] && this.#list !== 'Statuses' && { label: t('pickers.no-default'), onclick: () => void this.#patch(row, { IsDefault: false }) },
        { label: t(row['IsArchived'] ? 'people.bring-back' : 'people.archive'), ...(row['IsDefault'] ? { reason: t('pickers.default-stays') } : {}), onclick: () => void this.#patch(row, { IsArchived: !row['IsArchived'] }) },
        { label: t('delete'), danger: true, onclick: () => void this.#delete(row) },
      ],
    });
  }

  #newEntry() {
    return html`<form class="card" @submit=${(/** @type {Event} */ event) => this.#create(event)}>
      <h2>${t('pickers.new')}</h2>
      ${formError(this.#errors['form'])}
      <div class="fields">
        ${field({ label: t('name'), name: 'Name', required: true, autocomplete: 'off', error: this.#errors['Name'] })}
        ${this.#hasKind && field({ label: t('pickers.kind'), name: 'Kind', type: 'select', value: 'Open', error: this.#errors['Kind'], options: KINDS.map((value) => ({ value, label: t(`pickers.kind.${value}`) })) })}
      </div>
      <p class="actions"><button class="button primary">${t('pickers.add')}</button></p>
    </form>`;
  }

  /** @param {Event} event */
  async #create(event) {
    const values = formValues(event);
    const form = /** @type {HTMLFormElement} */ (event.target);
    const last = Math.max(0, ...this.#rows.map((row) => row['Position']));
    try {
      await call(`/odata/${this.#list}`, { body: { ...values, Position: last + 1 }, key: newKey() });
      this.#errors = {};
      form.reset();
      announce(t('saved'));
      await this.reload();
    } catch (error) {
      this.#errors = fieldErrors(error, ['Name', 'Kind']);
      this.update();
      focusError(form);
    }
  }

  /** @param {Row} row */
  async #edit(row) {
    /** @type {import('./edit.js').Editable[]} */
    const fields = [{ name: 'Name', label: t('name'), required: true }];
    if (this.#hasKind) fields.push({ name: 'Kind', label: t('pickers.kind'), type: 'select', options: KINDS.map((value) => ({ value, label: t(`pickers.kind.${value}`) })) });
    const saved = await editEntity({ label: t('people.edit-of', { name: row['Name'] }), set: this.#list, row, fields });
    if (saved) await this.reload();
  }

  /** @param {Row} row @param {Row} body */
  async #patch(row, body) {
    await this.#tried(() => call(`/odata/${this.#list}(${row['Id']})`, { method: 'PATCH', body, ifMatch: row['@odata.etag'] }));
  }

  /** Moves an entry by one place: every entry whose place is another then gets it. @param {number} at @param {number} by @param {Event} event */
  async #move(at, by, event) {
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    const [one, other] = [this.#rows[at], this.#rows[at + by]];
    if (!one || !other || this.#isBusy) return;
    this.#isBusy = true;
    const order = [...this.#rows];
    [order[at], order[at + by]] = [other, one];
    const moved = order.map((row, place) => ({ row, place: place + 1 })).filter(({ row, place }) => row['Position'] !== place);
    await this.#tried(async () => {
      for (const { row, place } of moved) await call(`/odata/${this.#list}(${row['Id']})`, { method: 'PATCH', body: { Position: place } });
    });
    this.#isBusy = false;
    button.focus();
    announce(t('pickers.moved', { name: one['Name'], place: at + by + 1 }));
  }

  /** @param {Row} row */
  async #delete(row) {
    const isSure = await ask({ title: t('people.delete-title', { name: row['Name'] }), text: t('pickers.delete-text'), action: t('delete'), danger: true });
    if (isSure) await this.#tried(() => call(`/odata/${this.#list}(${row['Id']})`, { method: 'DELETE', ifMatch: row['@odata.etag'] }));
  }

  /** @param {() => Promise<unknown>} action */
  async #tried(action) {
    try {
      await action();
      announce(t('saved'));
    } catch (error) {
      toast(errorText(error), { tone: 'bad' });
    }
    await this.reload();
  }
}

customElements.define('pickers-page', PickersPage);
export default PickersPage;
