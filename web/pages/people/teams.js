/** Teams and who is in them. @module */
import { call, callAll, odata } from '../../lib/api.js';
import { ask, openDialog } from '../../lib/dialog.js';
import { check, field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { errorText, t } from '../../lib/i18n.js';
import { announce, menu, toast } from '../../lib/above.js';
import { can } from '../../lib/session.js';
import { editEntity } from './edit.js';
import { ListPage } from './list.js';

/** @typedef {import('./list.js').Row} Row */

class TeamsPage extends ListPage {
  get of() {
    return {
      set: 'Teams', title: 'nav.teams', searched: ['Name', 'Description'], sort: { key: 'Name', descending: false },
      expand: can('users:read') ? 'Members($expand=User($select=Id,Name))' : 'Members/$count',
    };
  }

  conditions() {
    return this.query.get('archived') ? [] : ['not IsArchived'];
  }

  head() {
    return { end: can('teams:write') && html`<button class="button primary" @click=${() => this.#edit()}>${t('people.new-team')}</button>` };
  }

  tools() {
    return field({
      label: t('people.state'), name: 'archived', type: 'select', value: this.query.get('archived') ?? '',
      options: [{ value: '', label: t('people.in-use') }, { value: '1', label: t('people.with-archived') }],
      onchange: (event) => this.ask({ archived: /** @type {HTMLSelectElement} */ (event.target).value }),
    });
  }

  columns() {
    return [
      { key: 'Name', label: t('name'), sortable: true, isHead: true, cell: (/** @type {Row} */ row) => row['Name'] },
      { key: 'Description', label: t('people.description'), cell: (/** @type {Row} */ row) => row['Description'] },
      { key: 'Members', label: t('people.members'), className: 'grow', cell: (/** @type {Row} */ row) => members(row) },
      { key: 'IsArchived', label: t('people.state'), className: 'narrow', cell: (/** @type {Row} */ row) => html`<span class=${`state ${row['IsArchived'] ? 'off' : 'good'}`}>${t(row['IsArchived'] ? 'people.archived' : 'people.in-use')}</span>` },
      { key: 'menu', label: t('people.actions'), hideLabel: true, className: 'actions-cell', cell: (/** @type {Row} */ row) => this.#menu(row) },
    ];
  }

  /** @param {Row} row */
  #menu(row) {
    const canWrite = can('teams:write');
    return menu({
      id: `team-${row['Id']}`,
      label: t('people.actions-of', { name: row['Name'] }),
      items: [
        canWrite && { label: t('edit'), onclick: () => void this.#edit(row) },
        canWrite && can('users:read') && { label: t('people.members'), onclick: () => void this.#members(row) },
        can('tickets:read') && { label: t('people.tickets-team'), href: `/tickets?filter=${encodeURIComponent(`TeamId eq ${row['Id']} and ResolvedDate eq null`)}` },
        canWrite && { label: t(row['IsArchived'] ? 'people.bring-back' : 'people.archive'), onclick: () => void this.#archive(row) },
        can('teams:delete') && { label: t('delete'), danger: true, onclick: () => void this.#delete(row) },
      ],
    });
  }

  /** @param {Row} [row] */
  async #edit(row) {
    const saved = await editEntity({
      label: row ? t('people.edit-of', { name: row['Name'] }) : t('people.new-team'),
      set: 'Teams',
      row,
      fields: [{ name: 'Name', label: t('name'), required: true }, { name: 'Description', label: t('people.description'), type: 'textarea' }],
    });
    if (!saved) return;
    toast(t('saved'));
    await this.reload();
  }

  /** Each box is saved as it is ticked. @param {Row} team */
  async #members(team) {
    const inside = new Set((team['Members'] ?? []).map((/** @type {Row} */ one) => one['UserId']));
    const users = await callAll(odata('Users', { filter: 'IsActive', orderby: 'Name', select: 'Id,Name' }));
    let error = '';
    /** @param {Row} user @param {Event} event @param {() => void} update */
    const put = async (user, event, update) => {
      const box = /** @type {HTMLInputElement} */ (event.target);
      const isIn = box.checked;
      try {
        if (isIn) await call('/odata/TeamMembers', { body: { TeamId: team['Id'], UserId: user['Id'] } });
        else await call(`/odata/TeamMembers(TeamId=${team['Id']},UserId=${user['Id']})`, { method: 'DELETE' });
        if (isIn) inside.add(user['Id']);
        else inside.delete(user['Id']);
        error = '';
        announce(t(isIn ? 'people.joined' : 'people.left', { name: user['Name'] }));
      } catch (caught) {
        error = errorText(caught);
        box.checked = !isIn;
      }
      update();
    };
    await openDialog(/** @param {import('../../lib/dialog.js').Dialog<void>} dialog */ (dialog) => html`<div class="stack">
      <p class="soft">${t('people.members-text')}</p>
      <div role="alert">${error && html`<p class="error box">${error}</p>`}</div>
      <fieldset><legend class="live">${t('people.members')}</legend>${users.map((user) => html`<div key=${user.Id}>${check({
        label: user.Name, name: `member-${user.Id}`, checked: inside.has(user.Id),
        onchange: (event) => void put(user, event, dialog.update),
      })}</div>`)}</fieldset>
      <p class="actions"><button class="button primary" @click=${() => dialog.close()}>${t('close')}</button></p>
    </div>`, { label: t('people.members-of', { name: team['Name'] }), className: 'narrow' }).result;
    await this.reload();
  }

  /** @param {Row} row */
  async #archive(row) {
    const change = () => call(`/odata/Teams(${row['Id']})`, { method: 'PATCH', body: { IsArchived: !row['IsArchived'] }, ifMatch: row['@odata.etag'] });
    await this.tried(change, t('saved'));
  }

  /** @param {Row} row */
  async #delete(row) {
    const isSure = await ask({ title: t('people.delete-title', { name: row['Name'] }), text: t('people.delete-team-text'), action: t('delete'), danger: true });
    if (isSure) await this.tried(() => call(`/odata/Teams(${row['Id']})`, { method: 'DELETE', ifMatch: row['@odata.etag'] }), t('people.deleted', { name: row['Name'] }));
  }

  empty() {
    return html`<h2>${t('people.none')}</h2><p>${t('people.none-teams')}</p>`;
  }
}

/** @param {Row} row */
function members(row) {
  const known = row['Members'];
  if (!known) return t('people.count', { count: row['Members@odata.count'] ?? 0 });
  return known.length === 0 ? null : html`<span class="row">${known.map((/** @type {Row} */ one) => html`<span class="chip" key=${one['UserId']}>${one['User']?.Name}</span>`)}</span>`;
}

customElements.define('teams-page', TeamsPage);
export default TeamsPage;
