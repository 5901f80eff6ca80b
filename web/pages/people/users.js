/** Staff: who answers, with which role, and their way in. @module */
import { call } from '../../lib/api.js';
import { copyButton, menu, toast } from '../../lib/above.js';
import { ask, openDialog } from '../../lib/dialog.js';
import { field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { dateTime, errorText, t } from '../../lib/i18n.js';
import { can, me, whenConfirmed } from '../../lib/session.js';
import { editEntity } from './edit.js';
import { ListPage } from './list.js';
import { mailTo, peopleTabs } from './tabs.js';

/** @typedef {import('./list.js').Row} Row */

const ROLES = ['Administrator', 'ReadOnlyAdministrator', 'Agent', 'ReadOnlyAgent'];

class UsersPage extends ListPage {
  get of() {
    return {
      set: 'Users', title: 'people.users', searched: ['Name', 'Email'], sort: { key: 'Name', descending: false },
      ...(can('teams:read') ? { expand: 'Memberships($expand=Team($select=Id,Name))' } : {}),
    };
  }

  conditions() {
    const state = this.query.get('state');
    return state === 'active' ? ['IsActive'] : state === 'disabled' ? ['not IsActive'] : [];
  }

  head() {
    return {
      above: peopleTabs('users'),
      end: can('users:write') && html`<button class="button primary" @click=${() => this.#edit()}>${t('people.new-user')}</button>`,
    };
  }

  tools() {
    return field({
      label: t('people.state'), name: 'state', type: 'select', value: this.query.get('state') ?? '',
      options: [{ value: '', label: t('all') }, { value: 'active', label: t('people.active') }, { value: 'disabled', label: t('people.disabled') }],
      onchange: (event) => this.ask({ state: /** @type {HTMLSelectElement} */ (event.target).value }),
    });
  }

  columns() {
    return [
      { key: 'Name', label: t('name'), sortable: true, isHead: true, cell: (/** @type {Row} */ row) => html`<span class="row">${row['Name']}${row['Id'] === me()?.UserId && html`<span class="chip on">${t('people.you')}</span>`}</span>` },
      { key: 'Email', label: t('email'), sortable: true, cell: (/** @type {Row} */ row) => mailTo(row['Email']) },
      { key: 'Role', label: t('profile.role'), sortable: true, cell: (/** @type {Row} */ row) => t(`role.${row['Role']}`) },
      { key: 'Teams', label: t('nav.teams'), cell: (/** @type {Row} */ row) => (row['Memberships'] ?? []).map((/** @type {Row} */ one) => one['Team']?.Name).filter(Boolean).join(', ') },
      { key: 'IsActive', label: t('people.state'), sortable: true, className: 'narrow', cell: (/** @type {Row} */ row) => html`<span class=${`state ${row['IsActive'] ? 'good' : 'off'}`}>${t(row['IsActive'] ? 'people.active' : 'people.disabled')}</span>` },
      { key: 'menu', label: t('people.actions'), hideLabel: true, className: 'actions-cell', cell: (/** @type {Row} */ row) => this.#menu(row) },
    ];
  }

  /** @param {Row} row */
  #menu(row) {
    const canWrite = can('users:write');
    const id = row['Id'];
    return menu({
      id: `user-${id}`,
      label: t('people.actions-of', { name: row['Name'] }),
      items: [
        canWrite && { label: t('edit'), onclick: () => void this.#edit(row) },
        canWrite && row['IsActive'] && { label: t('people.link'), onclick: () => void this.#makeLink(row) },
        canWrite && { label: t('people.end-sessions'), onclick: () => void this.#endSessions(row) },
        can('tickets:read') && { label: t('people.tickets-of'), href: `/tickets?filter=${encodeURIComponent(`AssigneeId eq ${id} and ResolvedDate eq null`)}` },
        can('audit:read') && { label: t('people.deeds'), href: `/audit?actor=${id}` },
        canWrite && { label: t(row['IsActive'] ? 'people.disable' : 'people.enable'), danger: row['IsActive'], onclick: () => void this.#setActive(row) },
        can('users:delete') && { label: t('delete'), danger: true, onclick: () => void this.#delete(row) },
      ],
    });
  }

  /** @param {Row} [row] */
  async #edit(row) {
    const saved = await editEntity({
      label: row ? t('people.edit-of', { name: row['Name'] }) : t('people.new-user'),
      set: 'Users',
      row,
      initial: { Role: 'Agent' },
      fields: [
        { name: 'Name', label: t('name'), required: true },
        { name: 'Email', label: t('email'), type: 'email', required: true },
        { name: 'Role', label: t('profile.role'), type: 'select', options: ROLES.map((value) => ({ value, label: `${t(`role.${value}`)} – ${t(`people.role.${value}`)}` })) },
        { name: 'TimeZone', label: t('people.time-zone'), hint: t('people.time-zone-hint') },
      ],
      more: row ? null : html`<p class="hint">${t('people.link-next')}</p>`,
    });
    if (!saved) return;
    toast(t('saved'));
    await this.reload();
    if (!row && saved['Id']) await this.#makeLink(saved);
  }

  /** @param {Row} row */
  async #makeLink(row) {
    try {
      const made = await whenConfirmed(() => call(`/odata/Users(${row['Id']})/Tessera.MakeSetupLink`, { body: {} }));
      const link = `${location.origin}/#setup=${String(made.Url).split('#setup=')[1] ?? ''}`;
      await openDialog(/** @param {import('../../lib/dialog.js').Dialog<void>} dialog */ (dialog) => html`<div class="stack">
        <p>${t('people.link-text', { name: row['Name'], until: dateTime(made.ExpiresDateTime) })}</p>
        <p><output class="secret mono">${link}</output></p>
        <p class="actions">${copyButton({ text: link, className: 'button primary' })}
          <button class="button" @click=${() => dialog.close()}>${t('close')}</button></p>
      </div>`, { label: t('people.link-title') }).result;
    } catch (error) {
      toast(errorText(error), { tone: 'bad' });
    }
  }

  /** @param {Row} row */
  async #endSessions(row) {
    const isSure = await ask({ title: t('people.end-title', { name: row['Name'] }), text: t('people.end-text'), action: t('people.end-sessions'), danger: true });
    if (isSure) await this.tried(() => call(`/odata/Users(${row['Id']})/Tessera.EndSessions`, { body: {} }), t('people.ended', { name: row['Name'] }));
  }

  /** @param {Row} row */
  async #setActive(row) {
    const next = !row['IsActive'];
    const isSure = next || (await ask({ title: t('people.disable-title', { name: row['Name'] }), text: t('people.disable-text'), action: t('people.disable'), danger: true }));
    if (!isSure) return;
    const change = () => call(`/odata/Users(${row['Id']})`, { method: 'PATCH', body: { IsActive: next }, ifMatch: row['@odata.etag'] });
    await this.tried(change, t('saved'));
  }

  /** @param {Row} row */
  async #delete(row) {
    const isSure = await ask({ title: t('people.delete-title', { name: row['Name'] }), text: t('people.delete-user-text'), action: t('delete'), danger: true });
    if (isSure) await this.tried(() => call(`/odata/Users(${row['Id']})`, { method: 'DELETE', ifMatch: row['@odata.etag'] }), t('people.deleted', { name: row['Name'] }));
  }
}

customElements.define('users-page', UsersPage);
export default UsersPage;
