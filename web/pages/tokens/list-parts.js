/**
 * The columns of the list, what stands above it (search, filters, ways out to other programs), and its saved views, which are
 * stored at the server as OData queries that any program can use.
 * @module
 */
import { copyText, menu, toast } from '../../lib/above.js';
import { call, callAll, odata } from '../../lib/api.js';
import { check, field, fieldErrors, formError, formValues } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { STATES, ofView, toAddress, toOData, toView, withoutSecret } from './query.js';
import { lastUse, ownerOf, rightsOf, stateOf, timeOf } from './words.js';

/** @typedef {import('./facts.js').Token} Token */
/** @typedef {import('../../lib/table.js').Column<Token>} Column */

/** Those that can be left out, in the order they stand; with the properties they need. */
export const CHOOSABLE = ['purpose', 'owner', 'rights', 'created', 'expires', 'used', 'uses', 'denied', 'addresses', 'prefix'];
const USUAL = matchMedia('(width < 80rem)').matches ? ['purpose', 'owner', 'rights', 'expires', 'used'] : ['purpose', 'owner', 'rights', 'created', 'expires', 'used', 'prefix'];

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
 * @property {import('./list-parts.js').View[]} views
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
async function columnDialog(changed) {
  const { openDialog } = await import('../../lib/dialog.js');
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

/** @typedef {{ Id: number, Name: string, Query: string, OwnerId: number | null, IsShared: boolean }} View */

/** Whether this person may keep views of tokens at all. */
export function mayKeepViews() {
  return can('tickets:write') && can('tokens:read');
}

/**
 * One's own and shared views of tokens.
 * @param {AbortSignal} signal
 * @returns {Promise<View[]>}
 */
export async function loadViews(signal) {
  if (!can('tickets:read')) return [];
  const views = await callAll(odata('SavedViews', { filter: `EntitySet eq 'AccessTokens'`, orderby: 'Position,Name', select: 'Id,Name,Query,OwnerId,IsShared' }), { signal, most: 200 });
  return views.filter((view) => ofView(view.Query) !== null);
}

/**
 * Asks for a name and stores the view.
 * @param {import('./query.js').Wish} wish
 * @returns {Promise<boolean>}
 */
export async function saveView(wish) {
  const { openDialog } = await import('../../lib/dialog.js');
  /** @type {Record<string, string>} */
  let errors = {};
  /** @param {Event} event @param {import('../../lib/dialog.js').Dialog<boolean>} dialog */
  const submit = async (event, dialog) => {
    const values = formValues(event);
    try {
      await call('/odata/SavedViews', { body: { Name: (values['Name'] ?? '').trim(), EntitySet: 'AccessTokens', Query: toView(wish, me()?.UserId ?? null), IsShared: values['IsShared'] === 'on' } });
      dialog.close(true);
      toast(t('saved'));
    } catch (error) {
      errors = fieldErrors(error, ['Name', 'IsShared']);
      dialog.update();
    }
  };
  const opened = openDialog(/** @param {import('../../lib/dialog.js').Dialog<boolean>} dialog */ (dialog) => html`
    <form @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      ${field({ label: t('tokens.view.name'), name: 'Name', id: 'view-name', required: true, maxlength: 100, autofocus: true, error: errors['Name'] ?? null })}
      ${can('settings:write') ? check({ label: t('tokens.view.share'), name: 'IsShared', id: 'view-share', checked: false }) : null}
      ${formError(errors['form'] ?? errors['IsShared'])}
      <p class="actions"><button class="button primary">${t('save')}</button>
        <button type="button" class="button" @click=${() => dialog.close(false)}>${t('cancel')}</button></p>
    </form>`, { label: t('tokens.view.save'), className: 'narrow' });
  return (await opened.result) === true;
}

/** Takes a view away, with a way back. @param {View} view @param {() => void} changed */
export async function deleteView(view, changed) {
  await call(`/odata/SavedViews(${view.Id})`, { method: 'DELETE' });
  changed();
  toast(t('tokens.view.deleted', { name: view.Name }), {
    undo: async () => {
      await call('/odata/SavedViews', { body: { Name: view.Name, EntitySet: 'AccessTokens', Query: view.Query, IsShared: view.IsShared } });
      changed();
    },
  });
}
