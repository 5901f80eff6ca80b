/**
 * What stands above the list: search, filters, views, columns, and the ways out to other programs.
 * @module
 */
import { odata } from '../../lib/api.js';
import { copyText } from '../../lib/copy.js';
import { openDialog } from '../../lib/dialog.js';
import { check, field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { menu } from '../../lib/menu.js';
import { can, me } from '../../lib/session.js';
import { CHOOSABLE, chosenColumns, chosenDensity, keepColumns, keepDensity } from './columns.js';
import { STATES, ofView, toAddress, toOData, withoutSecret } from './query.js';
import { deleteView, mayKeepViews, saveView } from './views.js';

const CSV_COLUMNS = 'Id,Name,Purpose,State,Kind,KeyPrefix,OwnerName,ResponsibleName,Role,Scopes,EffectiveScopes,AllowedAddresses,CreatedDateTime,ExpiresDateTime,RevokedDateTime,LastUsedDateTime,LastUsedAddress,LastUsedAgent,UseCount,DeniedCount';

/**
 * @typedef {object} Toolbar
 * @property {import('./query.js').Wish} asked
 * @property {import('./views.js').View[]} views
 * @property {(change: Partial<import('./query.js').Wish>) => void} ask
 * @property {(text: string) => void} search
 * @property {() => void} changed
 */

/** @param {Event} event */
const valueOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;

/** @param {Toolbar} options */
export function toolbar(options) {
  const { asked, ask, search } = options;
  const query = toOData(asked, me()?.UserId ?? null);
  return html`<div class="toolbar" role="search">
    <div class="grow">${field({ label: t('search'), name: 'q', id: 'tokens-search', type: 'search', value: asked.search, hideLabel: true, placeholder: t('tokens.search'), autocomplete: 'off', oninput: (event) => typed(event, search) })}</div>
    ${field({ label: t('tokens.col.state'), name: 'state', id: 'tokens-state', type: 'select', value: asked.state, options: STATES.map((state) => ({ value: state, label: t(`tokens.filter.${state || 'all'}`) })), onchange: (event) => ask({ state: valueOf(event) }) })}
    ${can('tokens:read') ? field({ label: t('tokens.col.owner'), name: 'owner', id: 'tokens-owner', type: 'select', value: asked.owner, options: owners(asked.owner), onchange: (event) => ask({ owner: valueOf(event) }) }) : null}
    <div class="end">
      ${menu({ id: 'views', label: t('tokens.views'), face: html`${t('tokens.views')} ▾`, className: 'button', items: viewItems(options) })}
      <button type="button" class="button" @click=${() => columnDialog(options.changed)}>${t('tokens.columns')}</button>
      ${menu({ id: 'export', label: t('tokens.export'), face: html`${t('tokens.export')} ▾`, className: 'button', items: [
        { label: t('tokens.export.csv'), href: odata('AccessTokens', { ...query, select: CSV_COLUMNS, format: 'csv' }) },
        { label: t('copy.url'), onclick: () => void copyText(location.origin + odata('AccessTokens', query)) },
      ] })}
    </div>
  </div>`;
}

/**
 * A pasted secret is cut before anything else sees it.
 * @param {Event} event
 * @param {(text: string) => void} search
 */
function typed(event, search) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const text = withoutSecret(input.value);
  if (text !== input.value.trim()) input.value = text;
  search(text);
}

/** @param {string} owner */
function owners(owner) {
  const known = ['', 'me', 'system'].map((value) => ({ value, label: t(`tokens.filter.owner.${value || 'all'}`) }));
  return /^\d+$/.test(owner) ? [...known, { value: owner, label: t('tokens.filter.owner.one', { id: owner }) }] : known;
}

/** @param {Toolbar} options */
function viewItems({ asked, views, changed }) {
  const now = toAddress(asked);
  const own = views.find((view) => ofView(view.Query) === now);
  const mayDelete = own && (own.OwnerId === me()?.UserId || can('settings:write'));
  return [
    { label: t('tokens.view.all'), href: '/tokens' },
    ...views.map((view) => ({ label: view.IsShared ? t('tokens.view.shared', { name: view.Name }) : view.Name, href: `/tokens${ofView(view.Query)}` })),
    mayKeepViews() && { label: t('tokens.view.save'), onclick: async () => { if (await saveView(asked)) changed(); } },
    mayDelete && { label: t('tokens.view.delete', { name: own.Name }), danger: true, onclick: () => void deleteView(own, changed) },
  ];
}

/** @param {() => void} changed */
function columnDialog(changed) {
  const shown = chosenColumns();
  openDialog(/** @param {import('../../lib/dialog.js').Dialog<void>} dialog */ (dialog) => html`
    <form method="dialog" @submit=${(/** @type {Event} */ event) => { event.preventDefault(); dialog.close(); }}>
      <fieldset><legend>${t('tokens.columns')}</legend>${CHOOSABLE.map((column) => html`<div key=${column}>${check({
        label: t(`tokens.col.${column}`), name: `column-${column}`, checked: shown.has(column), onchange: (event) => {
          if (/** @type {HTMLInputElement} */ (event.target).checked) shown.add(column);
          else shown.delete(column);
          keepColumns(shown);
          changed();
        } })}</div>`)}</fieldset>
      <fieldset><legend>${t('tokens.density')}</legend>${/** @type {const} */ (['comfortable', 'compact']).map((density) => html`<div key=${density}>${check({
        type: 'radio', name: 'density', value: density, label: t(`tokens.density.${density}`), checked: chosenDensity() === density,
        onchange: () => { keepDensity(density); changed(); } })}</div>`)}</fieldset>
      <p class="actions"><button class="button primary">${t('close')}</button></p>
    </form>`, { label: t('tokens.columns'), className: 'narrow' });
}
