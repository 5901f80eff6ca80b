/**
 * The list of access tokens: what there is, what deserves a look, and what can be done about it.
 * @module
 */
import { call, odata } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';
import { menu } from '../../lib/above.js';
import { Page } from '../../lib/page.js';
import { replace } from '../../lib/router.js';
import { can, me } from '../../lib/session.js';
import { table } from '../../lib/table.js';
import { departures, leaving, remove, removeEnded, revoke, rowItems } from './deeds.js';
import { allowed, isAlive } from './facts.js';
import { chosenColumns, chosenDensity, columns, loadViews, toolbar } from './list-parts.js';
import { CARDS, toAddress, toOData, wish } from './query.js';

/** @typedef {import('./facts.js').Token} Token */

/** Rows asked for at once. */
const PAGE_SIZE = 100;

/** Lists tokens. */
export default class TokensPage extends Page {
  /** @type {Token[]} */
  #tokens = [];
  #count = 0;
  #next = '';
  /** @type {Record<string, number>} */
  #cards = {};
  /** @type {import('./list-parts.js').View[]} */
  #views = [];
  /** @type {Set<string | number>} */
  #selected = new Set();
  #typing = 0;

  /** @override */
  pageTitle() {
    return t('tokens.title');
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    departures.addEventListener('change', () => { this.update(); void this.reload(); }, { signal: this.signal });
  }

  /** @override @param {AbortSignal} signal */
  async load(signal) {
    const options = toOData(wish(this.query), me()?.UserId ?? null);
    const cards = Object.entries(CARDS).map(async ([name, filter]) => [name, Number(await call(odata('AccessTokens/$count', { filter }), { signal }))]);
    const [page, views, ...counts] = await Promise.all([
      call(odata('AccessTokens', { ...options, count: true }), { signal, prefer: `maxpagesize=${PAGE_SIZE}` }),
      loadViews(signal),
      ...cards,
    ]);
    this.#show(page, page.value);
    this.#views = views;
    this.#cards = Object.fromEntries(/** @type {[string, number][]} */ (counts));
    const here = new Set(this.#tokens.map((token) => token.Id));
    this.#selected = new Set([...this.#selected].filter((id) => here.has(Number(id))));
  }

  /** @param {any} page @param {Token[]} tokens */
  #show(page, tokens) {
    this.#tokens = tokens;
    this.#count = page['@odata.count'] ?? this.#count;
    this.#next = page['@odata.nextLink'] ?? '';
  }

  async #more() {
    const page = await call(this.#next, { signal: this.signal, prefer: `maxpagesize=${PAGE_SIZE}` });
    this.#show(page, [...this.#tokens, ...page.value]);
    this.update();
  }

  /** Goes to another search, filter or order. @param {Partial<import('./query.js').Wish>} change */
  #ask(change) {
    void replace(`/tokens${toAddress({ ...wish(this.query), ...change })}`);
  }

  /** @override */
  view() {
    const asked = wish(this.query);
    const rows = this.#tokens.filter((token) => !leaving.has(token.Id));
    return html`<div class="page" data-density=${chosenDensity()}>
      <div class="page-head">
        <div><h1 tabindex="-1">${t('tokens.title')}</h1><p class="soft">${can('tokens:read') ? t('tokens.lead') : t('tokens.lead.own')}</p></div>
        <div class="end">
          ${can('tokens:mint') ? html`<a class="button primary" href="/tokens/new">${t('tokens.new')}</a>` : null}
          ${can('settings:read') ? html`<a class="button" href="/tokens/policy">${t('tokens.policy')}</a>` : null}
        </div>
      </div>
      ${this.#cardRow(asked)}
      ${toolbar({
        asked, views: this.#views, changed: () => { this.update(); void this.reload(); }, ask: (change) => this.#ask(change),
        search: (text) => { clearTimeout(this.#typing); this.#typing = window.setTimeout(() => this.#ask({ search: text }), 250); },
      })}
      ${this.#selected.size ? this.#bulkBar(rows) : null}
      ${this.isLoaded ? this.#table(rows, asked) : html`<p class="waiting" role="status">${t('loading')}</p>`}
    </div>`;
  }

  /** @param {import('./query.js').Wish} asked */
  #cardRow(asked) {
    return html`<div class="cards four" role="group" aria-label=${t('tokens.cards')}>${Object.keys(CARDS).map((name) => {
      const count = this.#cards[name];
      const isOn = asked.card === name;
      return html`<button key=${name} type="button" class=${count ? 'card' : 'card calm'} aria-pressed=${String(isOn)} @click=${() => this.#ask({ card: isOn ? '' : name })}>
        <span class="figure">${count === undefined ? '–' : number(count)}</span><span>${t(`tokens.card.${name}`)}</span>
        <small class="soft">${t(count ? `tokens.card.${name}.look` : 'tokens.card.calm')}</small></button>`;
    })}</div>`;
  }

  /** @param {Token[]} rows */
  #bulkBar(rows) {
    const chosen = rows.filter((token) => this.#selected.has(token.Id));
    const person = me() ?? { UserId: 0, Scopes: [] };
    const alive = chosen.filter((token) => allowed(token, person).revoke);
    const ended = chosen.filter((token) => allowed(token, person).remove);
    return html`<div class="token-bulk" role="region" aria-label=${t('tokens.bulk')}>
      <strong>${t('tokens.bulk.count', { count: chosen.length })}</strong>
      <button type="button" class="button small danger" ?disabled=${!alive.length} @click=${async () => { if (await revoke(alive)) this.#mark(new Set()); }}>${t('tokens.bulk.revoke', { count: alive.length })}</button>
      ${ended.length ? html`<button type="button" class="button small" @click=${async () => { await remove(ended); this.#mark(new Set()); }}>${t('tokens.bulk.remove', { count: ended.length })}</button>` : null}
      <button type="button" class="button small" @click=${() => this.#mark(new Set())}>${t('tokens.bulk.clear')}</button>
    </div>`;
  }

  /** @param {Set<string | number>} selected */
  #mark(selected) {
    this.#selected = selected;
    this.update();
  }

  /** @param {Token[]} rows @param {import('./query.js').Wish} asked */
  #table(rows, asked) {
    const shown = columns(chosenColumns(), (token) => menu({ id: `token-${token.Id}`, label: t('tokens.menu', { name: token.Name }), items: rowItems(token, () => void this.reload()) }));
    const key = asked.sort.replace(/^-/, '');
    const ended = rows.some((token) => !isAlive(token)) || (this.#cards['expired'] ?? 0) > 0;
    const hidden = this.#tokens.length - rows.length;
    return html`${table({
      caption: t('tokens.caption'), columns: shown, rows, rowKey: (token) => token.Id, rowLabel: (token) => token.Name,
      rowClass: (token) => (isAlive(token) ? null : 'ended'), sort: { key, descending: asked.sort.startsWith('-') },
      onsort: (sort) => this.#ask({ sort: sort.descending ? `-${sort.key}` : sort.key }),
      selected: this.#selected, onselect: (selected) => this.#mark(selected), empty: this.#empty(asked), className: 'tokens',
    })}
    <div class="row below"><span class="soft" role="status">${t('tokens.shown', { count: rows.length, all: this.#count - hidden })}</span>
      ${this.#next ? html`<button type="button" class="button small" @click=${() => this.#more()}>${t('more')}</button>` : null}
      ${ended && can('tokens:write') ? html`<button type="button" class="button small end" @click=${() => removeEnded()}>${t('tokens.remove')}</button>` : null}
    </div>`;
  }

  /** @param {import('./query.js').Wish} asked */
  #empty(asked) {
    if (toAddress({ ...asked, sort: '-CreatedDateTime' })) {
      return html`<h2>${t('tokens.empty.filter')}</h2><p>${t('tokens.empty.filter.text')}</p>
        <p><button type="button" class="button" @click=${() => this.#ask({ search: '', card: '', state: '', owner: '' })}>${t('tokens.empty.clear')}</button></p>`;
    }
    return html`<h2>${t('tokens.empty')}</h2><p>${t('tokens.empty.text')}</p>
      <p>${can('tokens:mint') ? html`<a class="button primary" href="/tokens/new">${t('tokens.new')}</a>` : null}</p>`;
  }
}

customElements.define('tokens-page', TokensPage);
