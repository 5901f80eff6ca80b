/**
 * The table of tickets: rows that stay where they are, a head that sorts, marks in words.
 */
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { fieldOf, isSortable, sortKey } from './fields.js';
import { sortOf } from './query.js';
import { cellOf, labelOf } from './words.js';

/** @typedef {import('./paging.js').Row} Row */
/** @typedef {import('./live.js').Mark} Mark */

/** Rows a list grows to; who wants more narrows it down, or takes the CSV. */
export const ROWS_MAX = 10_000;

/**
 * @typedef {object} Rows
 * @property {string} caption
 * @property {readonly Row[]} rows
 * @property {readonly string[]} columns
 * @property {string} orderby
 * @property {ReadonlySet<number>} selected
 * @property {ReadonlyMap<number, Mark>} marks
 * @property {ReadonlyMap<number, string>} problems why a change of a row was refused
 * @property {boolean} isDense
 * @property {(key: string) => void} onsort
 * @property {(id: number, on: boolean) => void} onselect
 * @property {(on: boolean) => void} onselectall
 */

/** @typedef {{row: Row, mark: Mark|undefined, problem: string|undefined, isSelected: boolean, shape: string, template: unknown}} Made */

/** The templates of rows, made anew only for rows that changed: a list of 10,000 rows must not stutter. */
export class RowCache {
  /** @type {Map<number, Made>} */
  #made = new Map();
  /** When times were last told in words. */
  #minute = 0;

  /** @param {Rows} rows @param {string} language */
  templates(rows, language) {
    const minute = Math.floor(Date.now() / 60_000);
    const shape = `${language} ${rows.columns.join()}`;
    /** @type {Map<number, Made>} */
    const next = new Map();
    for (const row of rows.rows) {
      const known = this.#made.get(row.Id);
      const [mark, problem, isSelected] = [rows.marks.get(row.Id), rows.problems.get(row.Id), rows.selected.has(row.Id)];
      const isSame = known && minute === this.#minute && known.row === row && known.mark === mark && known.problem === problem
        && known.isSelected === isSelected && known.shape === shape;
      next.set(row.Id, isSame ? known : { row, mark, problem, isSelected, shape, template: rowOf(row, rows) });
    }
    this.#made = next;
    this.#minute = minute;
    return [...next.values()].map((made) => made.template);
  }
}

/** @param {Rows} rows @param {unknown[]} templates */
export function rowsTable(rows, templates) {
  const isAll = rows.rows.length > 0 && rows.rows.every((row) => rows.selected.has(row.Id));
  return html`<div class=${rows.isDense ? 'table-wrap tickets dense' : 'table-wrap tickets'} role="region" tabindex="0" aria-label=${rows.caption}>
    <table>
      <caption class="live">${rows.caption}</caption>
      <thead><tr>
        <th scope="col" class="narrow"><input type="checkbox" aria-label=${t('tickets.select.all')} .checked=${isAll}
          @change=${(/** @type {Event} */ event) => rows.onselectall(/** @type {HTMLInputElement} */ (event.target).checked)}></th>
        ${rows.columns.map((name) => head(name, rows))}
      </tr></thead>
      <tbody>${templates}</tbody>
    </table>
  </div>`;
}

/** @param {string} name @param {Rows} rows */
function head(name, { orderby, onsort }) {
  const { key, way } = sortOf(orderby);
  const own = sortKey(name);
  if (!isSortable(name)) return html`<th key=${name} scope="col" class=${widthOf(name)}>${labelOf(name)}</th>`;
  return html`<th key=${name} scope="col" class=${widthOf(name)} aria-sort=${key === own ? way : 'none'}>
    <button type="button" class="sort" @click=${() => onsort(own)}>${labelOf(name)}<span class="arrow" aria-hidden="true">${
      key === own ? (way === 'descending' ? '↓' : '↑') : ''}</span></button></th>`;
}

/** How wide a column is, by what it holds. @param {string} name */
function widthOf(name) {
  if (name === 'Title') return 'grow';
  const kind = fieldOf(name)?.kind;
  return kind === 'number' ? 'number' : null;
}

/** @param {Row} row @param {Rows} rows */
function rowOf(row, { columns, selected, marks, problems, onselect }) {
  const title = String(row['Title'] ?? '') || t('tickets.untitled');
  const isSelected = selected.has(row.Id);
  return html`<tr key=${row.Id} data-id=${row.Id} class=${isSelected ? 'selected' : null}>
    <td class="narrow"><input type="checkbox" aria-label=${t('tickets.select.one', { id: String(row.Id), title })} .checked=${isSelected}
      @change=${(/** @type {Event} */ event) => onselect(row.Id, /** @type {HTMLInputElement} */ (event.target).checked)}></td>
    ${columns.map((name) => (name === 'Title'
      ? html`<th key=${name} scope="row" class="grow title"><a class="ticket-link" href=${`/tickets/${row.Id}`}>${title}</a>
          ${markOf(marks.get(row.Id))}${problemOf(problems.get(row.Id))}</th>`
      : html`<td key=${name} class=${widthOf(name)} data-label=${labelOf(name)}>${cellOf(name, row)}</td>`))}
  </tr>`;
}

/** @param {Mark|undefined} mark */
function markOf(mark) {
  if (!mark || mark === 'mine') return null;
  return html`<span class=${`mark ${mark}`}>${t(`tickets.mark.${mark}`)}</span>`;
}

/** @param {string|undefined} problem */
const problemOf = (problem) => (problem ? html`<span class="error">${problem}</span>` : null);
