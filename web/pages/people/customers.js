/** Customers: who asks. @module */
import { call } from '../../lib/api.js';
import { ask } from '../../lib/dialog.js';
import { field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { dateTime, relative, t } from '../../lib/i18n.js';
import { menu, toast } from '../../lib/above.js';
import { can } from '../../lib/session.js';
import { editEntity } from './edit.js';
import { ListPage } from './list.js';
import { mailTo, peopleTabs } from './tabs.js';

/** @typedef {import('./list.js').Row} Row */

class CustomersPage extends ListPage {
  get of() {
    return {
      set: 'Customers', title: 'people.customers', searched: ['Name', 'Email', 'Company', 'Department', 'Phone'],
      sort: { key: 'Name', descending: false },
    };
  }

  conditions() {
    return this.query.get('vip') ? ['IsVip'] : [];
  }

  head() {
    return {
      above: peopleTabs('customers'),
      end: can('customers:write') && html`<button class="button primary" @click=${() => this.#edit()}>${t('people.new-customer')}</button>`,
    };
  }

  tools() {
    return field({
      label: t('people.which'), name: 'vip', type: 'select', value: this.query.get('vip') ?? '',
      options: [{ value: '', label: t('all') }, { value: '1', label: t('people.vip-only') }],
      onchange: (event) => this.ask({ vip: /** @type {HTMLSelectElement} */ (event.target).value }),
    });
  }

  columns() {
    return [
      { key: 'Name', label: t('name'), sortable: true, isHead: true, cell: (/** @type {Row} */ row) => html`<span class="row">${row['Name']}${row['IsVip'] && html`<span class="chip on">${t('people.vip')}</span>`}</span>` },
      { key: 'Email', label: t('email'), sortable: true, cell: (/** @type {Row} */ row) => row['Email'] && mailTo(row['Email']) },
      { key: 'Company', label: t('people.company'), sortable: true, cell: (/** @type {Row} */ row) => [row['Company'], row['Department']].filter(Boolean).join(' · ') },
      { key: 'Phone', label: t('people.phone'), cell: (/** @type {Row} */ row) => row['Phone'] },
      { key: 'UpdatedDateTime', label: t('people.changed'), sortable: true, className: 'narrow', cell: (/** @type {Row} */ row) => html`<time datetime=${row['UpdatedDateTime']} title=${dateTime(row['UpdatedDateTime'])}>${relative(row['UpdatedDateTime'])}</time>` },
      { key: 'menu', label: t('people.actions'), hideLabel: true, className: 'actions-cell', cell: (/** @type {Row} */ row) => this.#menu(row) },
    ];
  }

  /** @param {Row} row */
  #menu(row) {
    return menu({
      id: `customer-${row['Id']}`,
      label: t('people.actions-of', { name: row['Name'] }),
      items: [
        can('customers:write') && { label: t('edit'), onclick: () => void this.#edit(row) },
        can('tickets:read') && { label: t('people.tickets'), href: `/tickets?filter=${encodeURIComponent(`RequesterId eq ${row['Id']}`)}` },
        can('audit:read') && { label: t('people.history'), href: `/audit?set=Customers&id=${row['Id']}` },
        can('customers:delete') && { label: t('delete'), danger: true, onclick: () => void this.#delete(row) },
      ],
    });
  }

  /** @param {Row} [row] */
  async #edit(row) {
    const saved = await editEntity({
      label: row ? t('people.edit-of', { name: row['Name'] }) : t('people.new-customer'),
      set: 'Customers',
      row,
      fields: [
        { name: 'Name', label: t('name'), required: true },
        { name: 'Email', label: t('email'), type: 'email' },
        { name: 'Company', label: t('people.company') },
        { name: 'Department', label: t('people.department') },
        { name: 'Phone', label: t('people.phone'), type: 'tel' },
        { name: 'Tier', label: t('people.tier') },
        { name: 'IsVip', label: t('people.vip'), type: 'check' },
        { name: 'Notes', label: t('people.notes'), type: 'textarea' },
      ],
    });
    if (!saved) return;
    toast(t('saved'));
    await this.reload();
  }

  /** @param {Row} row */
  async #delete(row) {
    const isSure = await ask({ title: t('people.delete-title', { name: row['Name'] }), text: t('people.delete-text'), action: t('delete'), danger: true });
    if (isSure) await this.tried(() => call(`/odata/Customers(${row['Id']})`, { method: 'DELETE', ifMatch: row['@odata.etag'] }), t('people.deleted', { name: row['Name'] }));
  }

  empty() {
    return html`<h2>${t('people.none')}</h2><p>${t('people.none-customers')}</p>
      ${can('customers:write') && html`<p><button class="button primary" @click=${() => this.#edit()}>${t('people.new-customer')}</button></p>`}`;
  }
}

customElements.define('customers-page', CustomersPage);
export default CustomersPage;
