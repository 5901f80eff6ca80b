/**
 * The columns of the list, and which of them somebody wants to see.
 * @module
 */
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';
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
  return html`<span class="when"><a href=${`/tokens/${Id}`}>${Name}</a>${hasPurpose && Purpose ? html`<small>${Purpose}</small>` : null}</span>`;
}
