/**
 * A real table with a caption, scopes, sorting and marking of rows.
 * @module
 */
import { html } from './html.js';
import { t } from './i18n.js';

/**
 * @template R
 * @typedef {object} Column
 * @property {string} key
 * @property {string} label
 * @property {(row: R) => unknown} cell
 * @property {boolean} [sortable]  its header asks for this order
 * @property {string} [className]  `number`, `narrow`, `actions`, `grow`
 * @property {boolean} [isHead]  the cell names its row
 * @property {boolean} [hideLabel]  the header is only heard
 */

/** @typedef {{ key: string, descending: boolean }} Sort */

/**
 * @template R
 * @typedef {object} Table
 * @property {string} caption
 * @property {boolean} [showCaption]
 * @property {readonly Column<R>[]} columns
 * @property {readonly R[]} rows
 * @property {(row: R) => string | number} rowKey
 * @property {(row: R) => string | null} [rowClass]
 * @property {(row: R) => string} [rowLabel]  names the box that marks a row
 * @property {Sort | null} [sort]
 * @property {(sort: Sort) => void} [onsort]
 * @property {ReadonlySet<string | number>} [selected]
 * @property {(selected: Set<string | number>) => void} [onselect]
 * @property {unknown} [empty]  shown instead of rows
 * @property {string} [className]
 * @property {boolean} [stacks]  on a narrow screen each row is a card
 */

/**
 * The table in its own scrolling room.
 * @template R
 * @param {Table<R>} options
 */
export function table(options) {
  const { caption, columns, rows, selected, onselect } = options;
  if (!rows.length && options.empty) return html`<div class="empty">${options.empty}</div>`;
  const isAll = Boolean(selected && rows.length && rows.every((row) => selected.has(options.rowKey(row))));
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${caption}>
    <table class=${options.stacks ? 'stacks' : options.className} role=${options.stacks ? 'table' : null}>
      <caption class=${options.showCaption ? null : 'live'}>${caption}</caption>
      <thead><tr>
        ${onselect && html`<th scope="col" class="narrow"><input type="checkbox" aria-label=${t('table.all')} .checked=${isAll}
          @change=${(/** @type {Event} */ event) => onselect(marked(options, isOn(event)))}></th>`}
        ${columns.map((column) => header(column, options))}
      </tr></thead>
      <tbody role=${options.stacks ? 'rowgroup' : null}>${rows.map((row) => tableRow(row, options))}</tbody>
    </table>
  </div>`;
}

/** @param {Event} event */
const isOn = (event) => /** @type {HTMLInputElement} */ (event.target).checked;

/**
 * @template R
 * @param {Table<R>} options
 * @param {boolean} on
 */
function marked({ rows, rowKey, selected }, on) {
  const next = new Set(selected);
  for (const row of rows) {
    if (on) next.add(rowKey(row));
    else next.delete(rowKey(row));
  }
  return next;
}

/**
 * @template R
 * @param {Column<R>} column
 * @param {Table<R>} options
 */
function header(column, { sort, onsort }) {
  const isSorted = sort?.key === column.key;
  const order = isSorted ? (sort?.descending ? 'descending' : 'ascending') : null;
  const label = column.hideLabel ? html`<span class="live">${column.label}</span>` : column.label;
  if (!column.sortable || !onsort) return html`<th key=${column.key} scope="col" class=${column.className}>${label}</th>`;
  return html`<th key=${column.key} scope="col" class=${column.className} aria-sort=${order ?? 'none'}>
    <button class="sort" @click=${() => onsort({ key: column.key, descending: isSorted && !sort?.descending })}>
      ${label}<span class="arrow" aria-hidden="true">${order === 'descending' ? '↓' : order ? '↑' : ''}</span>
    </button></th>`;
}

/**
 * @template R
 * @param {R} row
 * @param {Table<R>} options
 */
function tableRow(row, options) {
  const { columns, rowKey, rowClass, rowLabel, selected, onselect } = options;
  const key = rowKey(row);
  // Told by role as well: what is shown as a card is a row all the same.
  const role = (/** @type {string} */ name) => (options.stacks ? name : null);
  const isSelected = Boolean(selected?.has(key));
  return html`<tr key=${key} role=${role('row')} class=${rowClass?.(row)} data-key=${key} aria-selected=${onselect ? isSelected : null}>
    ${onselect && html`<td class="narrow"><input type="checkbox" aria-label=${t('table.one', { name: rowLabel?.(row) ?? String(key) })}
      .checked=${isSelected} @change=${(/** @type {Event} */ event) => {
        const next = new Set(selected);
        if (isOn(event)) next.add(key);
        else next.delete(key);
        onselect(next);
      }}></td>`}
    ${columns.map((column) => (column.isHead
      ? html`<th key=${column.key} scope="row" role=${role('rowheader')} class=${column.className}>${column.cell(row)}</th>`
      : html`<td key=${column.key} role=${role('cell')} data-label=${column.hideLabel ? null : column.label} class=${column.className}>${column.cell(row)}</td>`))}
  </tr>`;
}
