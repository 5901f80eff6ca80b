/**
 * The picker of scopes: a table of resources by what is done with them.
 * @module
 */
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';
import { COLUMNS, broughtBy, isReading, pickerRows, toggled } from './rights.js';

/**
 * @typedef {object} Picker
 * @property {string} id  what its controls' ids begin with
 * @property {readonly string[]} scopes  those to choose from
 * @property {readonly string[]} chosen
 * @property {readonly string[]} [least]  those that get the mark
 * @property {string} [search]
 * @property {boolean} [isPlain]  without what scopes bring along
 * @property {(chosen: string[]) => void} onchange
 * @property {(search: string) => void} onsearch
 */

/** @param {Picker} options */
export function picker(options) {
  const { id, scopes, chosen, least = [], search = '', onchange, onsearch } = options;
  const rows = pickerRows(scopes, search);
  const within = chosen.filter((scope) => scopes.includes(scope));
  return html`<div class="picker">
    <div class="row">
      <input type="search" id=${`${id}-search`} aria-label=${t('tokens.picker.search')} placeholder=${t('tokens.picker.search')} .value=${search}
        @input=${(/** @type {Event} */ event) => onsearch(/** @type {HTMLInputElement} */ (event.target).value)}>
      <button type="button" class="button small" @click=${() => onchange([...scopes])}>${t('tokens.picker.all')}</button>
      <button type="button" class="button small" @click=${() => onchange(scopes.filter(isReading))}>${t('tokens.picker.reading')}</button>
      <button type="button" class="button small" @click=${() => onchange([])}>${t('tokens.picker.none')}</button>
      <span class="soft" role="status">${t('tokens.picker.count', { chosen: number(within.length), all: number(scopes.length) })}</span>
    </div>
    ${rows.length ? grid(rows, options) : html`<p class="soft">${t('tokens.picker.nothing', { search })}</p>`}
    ${least.length ? html`<p class="hint"><span class="least" aria-hidden="true"></span> ${t('tokens.picker.least')}</p>` : null}
  </div>`;
}

/**
 * @param {ReturnType<typeof pickerRows>} rows
 * @param {Picker} options
 */
function grid(rows, options) {
  const columns = COLUMNS.filter((column) => rows.some((row) => row.cells[column]?.length));
  return html`<div class="table-wrap" tabindex="0" role="region" aria-label=${t('tokens.picker.caption')}><table>
    <caption class="live">${t('tokens.picker.caption')}</caption>
    <thead><tr><th scope="col">${t('tokens.picker.resource')}</th>
      ${columns.map((column) => html`<th key=${column} scope="col" class="tick">${t(`tokens.picker.${column}`)}</th>`)}</tr></thead>
    <tbody>${rows.map(({ resource, cells }) => html`<tr key=${resource}>
      <th scope="row">${t(`tokens.resource.${resource}`)}</th>
      ${columns.map((column) => html`<td key=${column} class="tick">${(cells[column] ?? []).map((scope) => tick(scope, options))}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}

/**
 * @param {string} scope
 * @param {Picker} options
 */
function tick(scope, { id, chosen, least = [], isPlain, onchange }) {
  const by = isPlain ? null : broughtBy(scope, new Set(chosen));
  const isLeast = least.includes(scope);
  const words = [scope, by && t('tokens.picker.brought', { by }), isLeast && t('tokens.picker.needed')].filter(Boolean).join(', ');
  return html`<label key=${scope} class=${isLeast ? 'tick-box least-box' : 'tick-box'} title=${words}>
    <input type="checkbox" id=${`${id}-${scope}`} aria-label=${words} .checked=${chosen.includes(scope)} ?disabled=${Boolean(by)}
      @change=${(/** @type {Event} */ event) => {
        const isIn = /** @type {HTMLInputElement} */ (event.target).checked;
        const next = isIn ? [...chosen, scope] : chosen.filter((one) => one !== scope);
        onchange(isPlain ? next : toggled(chosen, scope, isIn));
      }}>
  </label>`;
}
