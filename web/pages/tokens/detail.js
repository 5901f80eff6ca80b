/**
 * One token: what it is, what it may do now and might when it was made, and everything that happened to it and with it.
 * @module
 */
import { call, odata } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { errorText, t } from '../../lib/i18n.js';
import { menu, toast } from '../../lib/above.js';
import { Page } from '../../lib/page.js';
import { can, me } from '../../lib/session.js';
import { edit, revoke, rotate, rowItems } from './deeds.js';
import { deniedCard, doneCard, factsCard, rightsCard, timelineCard, warnings } from './detail-parts.js';
import { aboutFilter, allowed, doneFilter } from './facts.js';
import { changeOver, follow } from './live.js';
import { stateOf } from './words.js';

/** @typedef {import('./facts.js').Token} Token */
/** @typedef {import('./facts.js').AuditEvent} AuditEvent */

const COLUMNS = 'Id,CreatedDateTime,Event,ActorName,ActorTokenId,EntitySet,EntityId,EntityName,Detail,Address,Agent,Count';
/** Events of the timeline that are read; the audit log has all of them. */
const EVENTS_MAX = 500;
const DONE_AT_ONCE = 25;

/** Shows a token. */
export default class TokenPage extends Page {
  /** @type {Token | null} */
  #token = null;
  /** @type {AuditEvent[]} */
  #events = [];
  /** @type {AuditEvent[]} */
  #done = [];
  #doneCount = 0;
  #next = '';
  #isPlaced = false;

  /** @override */
  pageTitle() {
    return this.#token?.Name ?? t('tokens.one');
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    if (/^\d+$/.test(this.#id)) follow(Number(this.#id), this.signal, (token) => { if (this.#token) void this.#changed(token); });
  }

  get #id() {
    return this.params['id'] ?? '';
  }

  /** A newer row: shown at once, and what happened is read anew. @param {Token} token */
  async #changed(token) {
    this.#token = token;
    this.update();
    await this.reload();
  }

  /** @override @param {AbortSignal} signal */
  async load(signal) {
    const id = Number(this.#id);
    const hasLog = can('audit:read') && Number.isInteger(id);
    const [token, events, done] = await Promise.all([
      call(`/odata/AccessTokens(${encodeURIComponent(this.#id)})`, { signal }),
      hasLog ? call(odata('AuditEvents', { filter: aboutFilter(id), orderby: 'Id desc', select: COLUMNS }), { signal, prefer: `maxpagesize=${EVENTS_MAX}` }) : null,
      hasLog ? call(odata('AuditEvents', { filter: doneFilter(id), orderby: 'Id desc', select: COLUMNS, count: true }), { signal, prefer: `maxpagesize=${DONE_AT_ONCE}` }) : null,
    ]);
    this.#token = token;
    this.#events = events?.value ?? [];
    this.#done = done?.value ?? [];
    this.#doneCount = done?.['@odata.count'] ?? 0;
    this.#next = done?.['@odata.nextLink'] ?? '';
  }

  async #more() {
    try {
      const page = await call(this.#next, { signal: this.signal, prefer: `maxpagesize=${DONE_AT_ONCE}` });
      this.#done = [...this.#done, ...page.value];
      this.#next = page['@odata.nextLink'] ?? '';
      this.update();
    } catch (error) {
      if (!this.signal.aborted) toast(errorText(error), { tone: 'bad' });
    }
  }

  /** @override */
  update() {
    super.update();
    if (this.#isPlaced || !this.#token || this.query.get('at') !== 'timeline') return;
    this.#isPlaced = true;
    this.querySelector('#timeline')?.scrollIntoView();
  }

  /** @override */
  view() {
    const token = this.#token;
    const changed = () => void this.reload();
    return html`<div class="page">
      <p class="crumb"><a href="/tokens">${t('tokens.title')}</a></p>
      <div class="page-head">
        <div><h1 tabindex="-1">${this.pageTitle()}</h1>${token?.Purpose ? html`<p class="soft">${token.Purpose}</p>` : null}</div>
        ${token && this.#deeds(token, changed)}
      </div>
      ${token ? this.#body(token, changed) : html`<p class="waiting" role="status">${t('loading')}</p>`}
    </div>`;
  }

  /** @param {Token} token @param {() => void} changed */
  #deeds(token, changed) {
    const may = allowed(token, me() ?? { UserId: 0, Scopes: [] });
    const deeds = /** @type {const} */ ([['rotate', rotate, ''], ['edit', edit, ''], ['revoke', (/** @type {Token} */ one) => revoke([one]), ' danger']]);
    return html`${stateOf(token)}<div class="end">
      ${deeds.filter(([name]) => may[name]).map(([name, deed, tone]) => html`<button key=${name} type="button" class=${`button${tone}`} @click=${async () => { if (await deed(token)) changed(); }}>${t(`tokens.${name}`)}</button>`)}
      ${menu({ id: 'token-more', label: t('tokens.menu', { name: token.Name }), className: 'button', items: rowItems(token, changed).slice(1) })}
    </div>`;
  }

  /** @param {Token} token @param {() => void} changed */
  #body(token, changed) {
    const mayEnd = allowed(token, me() ?? { UserId: 0, Scopes: [] }).revoke;
    return html`${warnings(token)}
      ${changeOver(token, { mayEnd, changed })}
      <div class="split wide-end">
        <div class="stack">
          ${rightsCard(token, this.#events)}
          ${timelineCard(this.#events, can('audit:read'))}
          ${can('audit:read') ? doneCard(token, { events: this.#done, count: this.#doneCount, more: this.#next ? () => void this.#more() : null }) : null}
        </div>
        <aside class="stack">${factsCard(token)}${deniedCard(token, this.#events)}</aside>
      </div>`;
  }
}

customElements.define('token-page', TokenPage);
