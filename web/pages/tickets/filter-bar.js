/**
 * The bar above the list: search, chips, and the same filter as text with the place of a mistake.
 */
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { excerpt } from './caret.js';
import { isRaw } from './filter.js';
import { chipText } from './words.js';

/** @typedef {import('./filter.js').Part} Part */
/** @typedef {import('./caret.js').Place} Place */
/** @typedef {{target: 'filter'|'search'|'orderby', text: string, source: string, place: Place|null}} Mistake */

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
    ${mistake && !(mistake.target === 'filter' && bar.asText) ? html`<div id="query-error">${told(mistake)}</div>` : null}
  </div>`;
}

/** @param {Bar} bar */
function searchBox({ search, mistake, onsearch }) {
  const isWrong = mistake?.target === 'search';
  return html`<form class="search" role="search" @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    const input = /** @type {HTMLFormElement} */ (event.currentTarget).querySelector('input');
    onsearch(input?.value ?? '');
  }}>
    <label class="live" for="ticket-search">${t('tickets.search')}</label>
    <input id="ticket-search" type="search" name="search" autocomplete="off" placeholder=${t('tickets.search.hint')} .value=${search}
      aria-invalid=${isWrong ? 'true' : null} aria-describedby=${isWrong ? 'query-error' : null}
      @search=${(/** @type {Event} */ event) => {
        const { value } = /** @type {HTMLInputElement} */ (event.target);
        if (value === '' && search !== '') onsearch('');
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
      <div id="filter-error">${mistake && isWrong ? told(mistake) : null}</div>
      <p class="hint" id="filter-hint">${t('tickets.filter.text.hint')}</p>
    </div>
    <button class="button">${t('tickets.filter.apply')}</button>
  </form>`;
}

/** A mistake in words, and the text with its place marked. @param {Mistake} mistake */
function told({ text, source, place }) {
  if (!place) return html`<p class="error">${text}</p>`;
  const { before, wrong, after } = excerpt(source, place);
  return html`<p class="error">${text}</p>
    <pre class="caret-line"><code>${before}<mark>${wrong === '' ? ' ' : wrong}</mark>${after}
${' '.repeat([...before].length)}^</code></pre>`;
}
