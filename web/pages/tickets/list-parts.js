/**
 * The bar above the list, where chips and text are one filter, and the table of tickets, whose rows stay where they
 * are.
 */
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { isRaw } from './filter.js';
import { sortOf } from './query.js';
import { cellOf, chipText, fieldOf, isOn, isSortable, labelOf, sortKey, typedIn } from './words.js';

/** @typedef {import('./filter.js').Part} Part */
/** @typedef {import('./mistake.js').Mistake} Mistake */

/**
 * @typedef {object} Bar
 * @property {string} search
 * @property {string} filter
 * @property {Part[]} parts
 * @property {boolean} asText whether the text stands below the chips
 * @property {Mistake|null} mistake
 * @property {ReadonlyMap<string, string>} people
 * @property {(text: string) => void} onsearch
 * @property {(text: string) => void} onfilter
 * @property {(index: number|null) => void} onchip opens a chip, or a new one
 * @property {(index: number) => void} onremove
 * @property {() => void} ontext shows or hides the text
 */

/** @param {Bar} bar */
export function filterBar(bar) {
  const { mistake } = bar;
  return html`<div class="filter-bar">
    ${searchBox(bar)}
    <ul class="chips" aria-label=${t('tickets.filters')}>
      ${bar.parts.map((part, index) => html`<li key=${`${index}`}>${chip(part, index, bar)}</li>`)}
      <li key="add"><button type="button" class="button small" id="add-filter" @click=${() => bar.onchip(null)}>${t('tickets.filter.add')}</button></li>
      <li key="text"><button type="button" class="button small quiet" id="filter-text-toggle" aria-expanded=${bar.asText}
        @click=${bar.ontext}>${t('tickets.filter.text')}</button></li>
    </ul>
    ${bar.asText ? textBox(bar) : null}
    ${mistake && !(mistake.target === 'filter' && bar.asText) ? html`<div id="query-error">${mistake.shown}</div>` : null}
  </div>`;
}

/** @param {Bar} bar */
function searchBox({ search, mistake, onsearch }) {
  const isWrong = mistake?.target === 'search';
  return html`<form class="search" role="search" @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    onsearch(String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('search') ?? ''));
  }}>
    <label class="live" for="ticket-search">${t('tickets.search')}</label>
    <input id="ticket-search" type="search" name="search" autocomplete="off" placeholder=${t('tickets.search.hint')} .value=${search}
      aria-invalid=${isWrong ? 'true' : null} aria-describedby=${isWrong ? 'query-error' : null}
      @search=${(/** @type {Event} */ event) => {
        if (typedIn(event) === '' && search !== '') onsearch('');
      }}>
    <button class="button">${t('tickets.search.go')}</button>
  </form>`;
}

/** @param {Part} part @param {number} index @param {Bar} bar */
function chip(part, index, { people, onchip, onremove }) {
  const text = chipText(part, people);
  return html`<span class=${isRaw(part) ? 'chip filter raw' : 'chip filter'}>
    <button type="button" title=${t('tickets.filter.edit')} @click=${() => onchip(index)}>${text}</button>
    <button type="button" class="remove" aria-label=${t('tickets.filter.remove', { filter: text })} @click=${() => onremove(index)}>×</button>
  </span>`;
}

/** @param {Bar} bar */
function textBox({ filter, mistake, onfilter }) {
  const isWrong = mistake?.target === 'filter';
  const read = (/** @type {Event} */ event) => {
    const form = /** @type {HTMLElement} */ (event.target).closest('form');
    onfilter(form?.querySelector('textarea')?.value ?? '');
  };
  return html`<form class="filter-text" @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    read(event);
  }}>
    <div class="field">
      <label for="filter-text">${t('tickets.filter.text.label')}</label>
      <textarea id="filter-text" class="code" rows="2" spellcheck="false" autocapitalize="off" autocomplete="off" .value=${filter}
        aria-invalid=${isWrong ? 'true' : null} aria-describedby=${isWrong ? 'filter-hint filter-error' : 'filter-hint'}
        @keydown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          read(event);
        }}></textarea>
      <div id="filter-error">${mistake && isWrong ? mistake.shown : null}</div>
      <p class="hint" id="filter-hint">${t('tickets.filter.text.hint')}</p>
    </div>
    <button class="button">${t('tickets.filter.apply')}</button>
  </form>`;
}

/** @typedef {import('./live.js').Row} Row */
/** @typedef {import('./live.js').Mark} Mark */

/** Rows a list grows to; who wants more narrows it down, or takes the CSV. */
export const ROWS_MAX = 10_000;

const DENSITY = 'tessera:pref:density';

/** Whether rows are low. */
export const isDense = () => localStorage.getItem(DENSITY) === 'compact';

/** @param {boolean} on */
export function setDense(on) {
  localStorage.setItem(DENSITY, on ? 'compact' : 'comfortable');
}

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
          @change=${(/** @type {Event} */ event) => rows.onselectall(isOn(event))}></th>
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
      @change=${(/** @type {Event} */ event) => onselect(row.Id, isOn(event))}></td>
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
