/**
 * The page on which a token is made, and on which its secret is shown once.
 * @module
 */
import { call, callAll, odata } from '../../lib/api.js';
import { fieldErrors, focusError, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { beforeLeave } from '../../lib/router.js';
import { can, me, whenConfirmed } from '../../lib/session.js';
import { addressField } from './addresses.js';
import { begun, endOf, faults, needsConfirmation, renewed, toBody, withRole, withTemplate } from './draft.js';
import { expiryFields, loadLimits, nameFields, ownerFields, preview, rightsFields, templateCards } from './new-parts.js';
import { template } from './rights.js';
import { endSentence, onceKey, roleName } from './words.js';

const FIELDS = ['Name', 'Purpose', 'OwnerId', 'ResponsibleId', 'ExpiresDateTime', 'Scopes', 'AllowedAddresses'];

/** Makes a token. */
export default class NewTokenPage extends Page {
  /** @type {import('./draft.js').Draft | null} */
  #draft = null;
  /** @type {import('./new-parts.js').Limits | null} */
  #limits = null;
  /** @type {import('./draft.js').Person[]} */
  #people = [];
  /** @type {string[]} */
  #taken = [];
  /** @type {Record<string, string>} */
  #errors = {};
  #search = '';
  /** @type {import('./new-parts.js').Scene['picker']} */
  #picker = null;
  #isBusy = false;
  #key = onceKey();
  /** @type {import('./reveal.js').TokenReveal | null} */
  #reveal = null;
  #letGo = () => {};

  /** @override */
  pageTitle() {
    return this.#reveal ? t('tokens.made.title', { name: this.#draft?.name ?? '' }) : t('tokens.new.title');
  }

  /** @override @param {AbortSignal} signal */
  async load(signal) {
    if (this.#draft) return;
    const maker = this.#maker();
    const from = /^\d+$/.test(this.query.get('from') ?? '') ? this.query.get('from') : null;
    const [limits, people, own, former] = await Promise.all([
      loadLimits(signal),
      can('tokens:write') ? callAll(odata('Users', { filter: 'IsActive eq true', select: 'Id,Name,Role', orderby: 'Name' }), { signal }) : [],
      callAll(odata('AccessTokens', { filter: `State in ('active','rotating')`, select: 'Name', orderby: 'Id desc' }), { signal, most: 1000 }),
      from ? call(`/odata/AccessTokens(${from})`, { signal }) : null,
    ]);
    this.#limits = limits;
    this.#people = people;
    this.#taken = own.map((token) => token.Name);
    const first = begun(maker, limits);
    this.#draft = former ? renewed(first, former, maker) : this.#withTexts(first, this.query.get('template') ?? first.template);
    if (this.#draft.addresses) this.#errors = {};
  }

  /** @returns {import('./draft.js').Maker} */
  #maker() {
    return me() ?? { UserId: 0, Role: '', Scopes: [] };
  }

  /** @param {import('./draft.js').Draft} draft @param {string} id */
  #withTexts(draft, id) {
    const known = template(id) ? id : '';
    const text = (/** @type {string} */ part) => (known ? t(`tokens.template.${known}.${part}`) : '');
    return withTemplate(draft, known, { name: text('name'), purpose: text('purpose'), taken: this.#taken });
  }

  /** @param {Partial<import('./draft.js').Draft>} change */
  #set(change) {
    if (!this.#draft) return;
    this.#draft = { ...this.#draft, ...change };
    const now = new Date();
    // What was wrong is right again as soon as it is; what is not yet wrong is said when it is sent.
    const wrong = this.#limits ? faults(this.#draft, this.#limits, now) : {};
    this.#errors = Object.fromEntries(Object.keys(this.#errors).filter((name) => wrong[name]).map((name) => [name, t(wrong[name] ?? '')]));
    this.update();
  }

  /** @override */
  view() {
    const lead = this.#reveal ? null : html`<p class="lead">${t('tokens.new.lead')}</p>`;
    return html`<div class=${this.#reveal ? 'page medium' : 'page'}>
      <div class="page-head"><div><h1 tabindex="-1">${this.pageTitle()}</h1>${lead}</div>
        ${this.#reveal ? html`<div class="end"><a class="button" href=${`/tokens/${this.#madeId}`}>${t('tokens.made.done')}</a></div>` : null}</div>
      ${this.#reveal ?? this.#body()}
    </div>`;
  }

  #body() {
    const draft = this.#draft;
    const limits = this.#limits;
    if (!draft || !limits) return html`<p class="waiting" role="status">${t('loading')}</p>`;
    if (!limits.mayMint) return html`<p class="notice warn">${t('tokens.new.not', { role: roleName(this.#maker().Role) })}</p>`;
    const person = this.#people.find((one) => String(one.Id) === draft.owner);
    /** @type {import('./new-parts.js').Scene} */
    const scene = { draft, maker: this.#maker(), limits, people: this.#people, ownerRole: person?.Role ?? null, errors: this.#errors, search: this.#search, picker: this.#picker, set: (change) => this.#set(change) };
    const needing = limits.needing.filter((scope) => draft.scopes.includes(scope));
    return html`<form class="split wide-end" novalidate autocomplete="off" @submit=${(/** @type {Event} */ event) => this.#submit(event)}>
      <div class="stack">
        <section class="card">${templateCards(scene, (id) => { this.#draft = this.#withTexts(draft, id); this.#errors = {}; this.update(); })}</section>
        <section class="card">${nameFields(scene)}${ownerFields(scene)}${expiryFields(scene)}</section>
        <section class="card">${rightsFields(scene, { onrole: (role) => this.#set(withRole(draft, role)), onsearch: (search) => { this.#search = search; this.update(); }, onopen: () => void this.#openPicker() })}</section>
        <section class="card">${addressField({ id: 'AllowedAddresses', text: draft.addresses, address: limits.address, needing, error: this.#errors['AllowedAddresses'] ?? null, onchange: (text) => this.#set({ addresses: text }) })}</section>
      </div>
      <aside class="card token-stick" aria-labelledby="preview-title">
        <h2 id="preview-title">${t('tokens.preview')}</h2>
        ${preview(draft.scopes)}
        <p class="sentence">${this.#sentence(draft, limits)}</p>
        ${needsConfirmation(draft) ? html`<p class="hint">${t('tokens.new.confirm')}</p>` : null}
        ${formError(this.#errors['form'])}
        <p class="actions"><button class="button primary" ?disabled=${this.#isBusy}>${t('tokens.new.action')}</button><a class="button" href="/tokens">${t('cancel')}</a></p>
      </aside>
    </form>`;
  }

  async #openPicker() {
    this.#picker ??= (await import('./picker.js')).picker;
    this.update();
  }

  /** @param {import('./draft.js').Draft} draft @param {import('./new-parts.js').Limits} limits */
  #sentence(draft, limits) {
    const now = new Date();
    const end = endOf(draft.expiry, draft.day, { now, hoursMax: limits.hoursMax });
    return end && end > now ? endSentence(end, now) : t('tokens.expiry.none');
  }

  #madeId = 0;

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const draft = this.#draft;
    const limits = this.#limits;
    if (!draft || !limits || this.#isBusy) return;
    const now = new Date();
    const wrong = faults(draft, limits, now);
    this.#errors = Object.fromEntries(Object.entries(wrong).map(([name, key]) => [name, t(key)]));
    this.#isBusy = !Object.keys(wrong).length;
    this.update();
    if (!this.#isBusy) return focusError(form);
    try {
      const minted = await whenConfirmed(() => call('/odata/AccessTokens/Tessera.Mint', { body: toBody(draft, limits, now), key: this.#key }));
      await this.#show(minted, draft);
    } catch (error) {
      this.#refused(error);
      this.update();
      focusError(form);
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    this.#isBusy = false;
    const { status = 0, code } = /** @type {{ status?: number, code?: string }} */ (error);
    // After a lost answer the same key finds out whether the token was made; any other refusal leaves nothing behind.
    if (status !== 0) this.#key = onceKey();
    this.#errors = code === 'SecretAlreadyShown' ? { form: t('tokens.new.lost') } : fieldErrors(error, FIELDS);
  }

  /** @param {import('./reveal.js').Minted} minted @param {import('./draft.js').Draft} draft */
  async #show(minted, draft) {
    const { TokenReveal } = await import('./reveal.js');
    this.#isBusy = false;
    this.#madeId = minted.Id;
    const tab = template(draft.template)?.snippet;
    const reveal = new TokenReveal({ minted, name: draft.name, scopes: draft.scopes, ...(tab ? { tab } : {}) });
    this.#reveal = reveal;
    this.#letGo = beforeLeave(() => reveal.mayLeave(), () => !reveal.isKept);
    this.update();
    const heading = this.querySelector('h1');
    if (heading instanceof HTMLElement) heading.focus();
    scrollTo(0, 0);
  }

  /** @override */
  queryChanged() {
    if (this.#reveal) return;
    this.#draft = null;
    super.queryChanged();
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.#letGo();
    this.#reveal = null;
  }
}

customElements.define('new-token-page', NewTokenPage);
