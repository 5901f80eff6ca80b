/**
 * A list of one entity set: search, order and further conditions in the address, pages by their next link.
 * @module
 */
import { call, local, odata, quoted } from '../../lib/api.js';
import { announce, copyButton, toast } from '../../lib/above.js';
import { field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { errorText, isAborted, pageTexts, t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { replace } from '../../lib/router.js';
import { table } from '../../lib/table.js';

await pageTexts(async (language) => (await import(`../../i18n/people.${language}.js`))[language]);

const PAGE_SIZE = 50;
const TYPING_MS = 250;

/** A row of any set; its properties are the set's. @typedef {Record<string, any>} Row */

/**
 * What a list is of.
 * @typedef {object} Of
 * @property {string} set
 * @property {string} title  the key of its text
 * @property {readonly string[]} searched  properties in which words are looked for
 * @property {import('../../lib/table.js').Sort} sort  the order without any other
 * @property {string} [expand]
 * @property {string} [select]
 */

/** A page with one list. A subclass gives `of`, `columns()`, and `conditions()`, `tools()`, `below()`, `head()`, `empty()` as it needs. */
export class ListPage extends Page {
  /** @type {Row[]} */
  rows = [];
  count = 0;
  #next = '';
  #typed = '';
  #timer = 0;
  #isMore = false;

  /** @returns {Of} */
  get of() {
    throw new Error('a list is of something');
  }

  pageTitle() {
    return t(this.of.title);
  }

  connectedCallback() {
    this.#typed = this.query.get('q') ?? '';
    super.connectedCallback();
  }

  /** @returns {import('../../lib/table.js').Column<Row>[]} */
  columns() {
    return [];
  }

  /** Further conditions, from the address. @returns {string[]} */
  conditions() {
    return [];
  }

  /** Further controls beside the search. @returns {unknown} */
  tools() {
    return null;
  }

  /** Further controls below the search. @returns {unknown} */
  below() {
    return null;
  }

  /** What stands above the controls, and beside the heading. @returns {{ above?: unknown, end?: unknown }} */
  head() {
    return {};
  }

  /** What is said where there is nothing. @returns {unknown} */
  empty() {
    return html`<h2>${t('people.none')}</h2><p>${t('people.none-text')}</p>`;
  }

  /** The order that the address asks for. */
  get sort() {
    const key = this.query.get('sort');
    return key && /^\w+(\/\w+)?$/.test(key) ? { key, descending: this.query.has('desc') } : this.of.sort;
  }

  /** The address of the feed that gives what is shown. */
  get feedUrl() {
    const { set, searched, expand, select } = this.of;
    const words = (this.query.get('q') ?? '').trim().toLowerCase();
    const found = searched.map((name) => `contains(tolower(${name}),${quoted(words)})`).join(' or ');
    const filter = [...(words ? [`(${found})`] : []), ...this.conditions()].join(' and ');
    const { key, descending } = this.sort;
    return odata(set, { filter, orderby: `${key}${descending ? ' desc' : ''}`, ...(expand ? { expand } : {}), ...(select ? { select } : {}) });
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    const url = `${this.feedUrl}&$count=true`;
    const page = await call(url, { signal, prefer: `maxpagesize=${PAGE_SIZE}` });
    this.#take(page, []);
    this.count = page['@odata.count'] ?? this.rows.length;
  }

  /**
   * @param {{ value: Row[], '@odata.nextLink'?: string }} page
   * @param {Row[]} before
   */
  #take(page, before) {
    this.rows = [...before, ...page.value];
    this.#next = page['@odata.nextLink'] ?? '';
  }

  async #more() {
    if (this.#isMore) return;
    this.#isMore = true;
    const before = this.rows;
    try {
      this.#take(await call(local(this.#next), { signal: this.signal, prefer: `maxpagesize=${PAGE_SIZE}` }), before);
      announce(t('people.shown', { shown: this.rows.length, count: this.count }));
    } catch (error) {
      if (!isAborted(error)) toast(errorText(error), { tone: 'bad' });
    } finally {
      this.#isMore = false;
    }
    this.update();
  }

  /**
   * Changes what the address asks; nothing removes it.
   * @param {Record<string, string | null>} changes
   */
  ask(changes) {
    const next = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') next.delete(name);
      else next.set(name, value);
    }
    const text = next.toString().replace(/=(?=&|$)/g, '');
    void replace(location.pathname + (text ? `?${text}` : ''));
  }

  /** @param {Event} event */
  #typing(event) {
    this.#typed = /** @type {HTMLInputElement} */ (event.target).value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (this.isConnected) this.ask({ q: this.#typed }); }, TYPING_MS);
  }

  /** Does something, says how it went, and shows the list anew. @param {() => Promise<unknown>} action @param {string} said */
  async tried(action, said) {
    try {
      await action();
      toast(said);
    } catch (error) {
      toast(errorText(error), { tone: 'bad' });
    }
    await this.reload();
  }

  view() {
    const { above, end } = this.head();
    return html`<div class="page">
      ${above}
      <div class="page-head"><h1 tabindex="-1">${this.pageTitle()}</h1><div class="end">${end}</div></div>
      <div class="toolbar">
        <div class="grow">${field({ label: t('search'), name: 'q', type: 'search', value: this.#typed, autocomplete: 'off', oninput: (event) => this.#typing(event) })}</div>
        ${this.tools()}
        <div class="end">${copyButton({ text: () => location.origin + this.feedUrl, label: t('copy.url'), className: 'button' })}</div>
      </div>
      ${this.below()}
      ${this.isLoaded ? this.#list() : html`<p class="waiting">${t('loading')}</p>`}
    </div>`;
  }

  #list() {
    return html`<div class="stack">
      ${table({
        caption: this.pageTitle(), stacks: true, columns: this.columns(), rows: this.rows, rowKey: (row) => row['Id'] ?? '', sort: this.sort,
        onsort: ({ key, descending }) => this.ask({ sort: key, desc: descending ? '1' : null }), empty: this.empty(),
      })}
      ${this.rows.length > 0 && html`<div class="row">
        <span class="soft">${t('people.shown', { shown: this.rows.length, count: this.count })}</span>
        ${this.#next && html`<button class="button" @click=${() => this.#more()}>${t('more')}</button>`}
      </div>`}
    </div>`;
  }
}
