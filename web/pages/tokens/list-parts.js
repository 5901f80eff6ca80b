/**
 * The columns of the list, and what stands above it: search, filters, views, and the ways out to other programs.
 * @module
 */
import { odata } from '../../lib/api.js';
import { copyText, menu } from '../../lib/above.js';
import { openDialog } from '../../lib/dialog.js';
import { check, field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { ofView, STATES, toAddress, toOData, withoutSecret } from './query.js';
import { deleteView, mayKeepViews, saveView } from './views.js';
import { lastUse, ownerOf, rightsOf, stateOf, timeOf } from './words.js';

/** @typedef {import('./facts.js').Token} Token */
/** @typedef {import('../../lib/table.js').Column<Token>} Column */

/** Those that can be left out, in the order they stand; with the properties they need. */
export const CHOOSABLE = ['purpose', 'owner', 'rights', 'created', 'expires', 'used', 'uses', 'denied', 'addresses', 'prefix'];
const USUAL = ['purpose', 'owner', 'rights', 'created', 'expires', 'used', 'prefix'];

const COLUMNS_KEPT_AS = 'tessera:pref:tokens.columns';
const DENSITY_KEPT_AS = 'tessera:pref:tokens.density';

/** The columns that were chosen in this browser. */
export function chosenColumns() {
  const kept = localStorage.getItem(COLUMNS_KEPT_AS)?.split(',').filter((one) => CHOOSABLE.includes(one));
  return new Set(kept ?? USUAL);
}

/** @param {ReadonlySet<string>} columns */
export function keepColumns(columns) {
  localStorage.setItem(COLUMNS_KEPT_AS, CHOOSABLE.filter((one) => columns.has(one)).join(','));
}

/** How close the rows stand. @returns {'compact' | 'comfortable'} */
export function chosenDensity() {
  return localStorage.getItem(DENSITY_KEPT_AS) === 'compact' ? 'compact' : 'comfortable';
}

/** @param {'compact' | 'comfortable'} density */
export function keepDensity(density) {
  localStorage.setItem(DENSITY_KEPT_AS, density);
}

/**
 * The columns to show.
 * @param {ReadonlySet<string>} shown
 * @param {(token: Token) => unknown} rowMenu
 * @returns {Column[]}
 */
export function columns(shown, rowMenu) {
  /** @type {(Column & { of?: string })[]} */
  const all = [
    { key: 'State', label: t('tokens.col.state'), className: 'narrow', sortable: true, cell: (token) => stateOf(token) },
    { key: 'Name', label: t('tokens.col.name'), isHead: true, sortable: true, className: 'name', cell: (token) => name(token, shown.has('purpose')) },
    { of: 'owner', key: 'OwnerName', label: t('tokens.col.owner'), sortable: true, cell: ownerOf },
    { of: 'rights', key: 'Role', label: t('tokens.col.rights'), cell: rightsOf },
    { of: 'created', key: 'CreatedDateTime', label: t('tokens.col.created'), className: 'narrow', sortable: true, cell: (token) => timeOf(token.CreatedDateTime) },
    { of: 'expires', key: 'ExpiresDateTime', label: t('tokens.col.expires'), className: 'narrow', sortable: true, cell: (token) => timeOf(token.ExpiresDateTime) },
    { of: 'used', key: 'LastUsedDateTime', label: t('tokens.col.used'), sortable: true, className: 'used', cell: lastUse },
    { of: 'uses', key: 'UseCount', label: t('tokens.col.uses'), className: 'number', sortable: true, cell: (token) => number(token.UseCount) },
    { of: 'denied', key: 'DeniedCount', label: t('tokens.col.denied'), className: 'number', sortable: true, cell: (token) => number(token.DeniedCount) },
    { of: 'addresses', key: 'AllowedAddresses', label: t('tokens.col.addresses'), cell: (token) => token.AllowedAddresses.join(', ') || t('tokens.everywhere') },
    { of: 'prefix', key: 'KeyPrefix', label: t('tokens.col.prefix'), className: 'narrow', cell: (token) => html`<code>${token.KeyPrefix}…</code>` },
    { key: 'menu', label: t('tokens.col.menu'), hideLabel: true, className: 'actions-cell', cell: rowMenu },
  ];
  return all.filter(({ of }) => !of || shown.has(of));
}

/** @param {Token} token @param {boolean} hasPurpose */
function name({ Id, Name, Purpose }, hasPurpose) {
  return html`<span class="two-lines"><a href=${`/tokens/${Id}`}>${Name}</a>${hasPurpose && Purpose ? html`<small>${Purpose}</small>` : null}</span>`;
}

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
    ${field({ label: t('tokens.col.state'), name: 'state', id: 'tokens-state', type: 'select', hideLabel: true, value: asked.state, options: STATES.map((state) => ({ value: state, label: t(`tokens.filter.${state || 'all'}`) })), onchange: (event) => ask({ state: valueOf(event) }) })}
    ${can('tokens:read') ? field({ label: t('tokens.col.owner'), name: 'owner', id: 'tokens-owner', type: 'select', hideLabel: true, value: asked.owner, options: owners(asked.owner), onchange: (event) => ask({ owner: valueOf(event) }) }) : null}
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
