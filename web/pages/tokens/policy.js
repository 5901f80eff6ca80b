/**
 * The rules for tokens of this workspace: who may make them, how long they last, where they work from.
 * @module
 */
import { callFull } from '../../lib/api.js';
import { check, field, fieldErrors, focusError, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { dateTime, number, t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { beforeLeave } from '../../lib/router.js';
import { can, whenConfirmed } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { picker } from './picker.js';
import { changesOf, formOf } from './policy-form.js';
import { ROLES, SCOPES } from './rights.js';
import { roleName, spanText } from './words.js';

/** @typedef {import('./policy-form.js').Policy} Policy */
/** @typedef {import('./policy-form.js').Form} Form */

const FIELDS = ['MintingRoles', 'LifetimeMaxHours', 'LifetimeDefaultHours', 'ScopesNeedingAddresses', 'IdleDays', 'AllowTokenInAddress', 'OnRetiredSecret'];
const HOUR = 3_600_000;

/** Shows and changes the policy. */
export default class TokenPolicyPage extends Page {
  /** @type {Policy | null} */
  #policy = null;
  /** @type {Form | null} */
  #form = null;
  #version = '';
  /** @type {Record<string, string>} */
  #errors = {};
  /** What somebody else saved meanwhile. @type {Policy | null} */
  #theirs = null;
  #search = '';
  #isBusy = false;

  /** @override */
  pageTitle() {
    return t('tokens.policy.title');
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    const isDirty = () => Boolean(this.#policy && this.#form && Object.keys(changesOf(this.#policy, this.#form)).length);
    const letGo = beforeLeave(async () => !isDirty() || (await import('../../lib/dialog.js')).ask({ title: t('tokens.policy.leave'), text: t('tokens.policy.leave.text'), action: t('tokens.policy.leave.action'), danger: true }), isDirty);
    this.signal.addEventListener('abort', letGo);
  }

  /** @override @param {AbortSignal} signal */
  async load(signal) {
    const { body, headers } = await callFull('/odata/TokenPolicies(1)', { signal });
    this.#take(body, headers.get('ETag') ?? '');
  }

  /** @param {Policy} policy @param {string} version */
  #take(policy, version) {
    this.#policy = policy;
    this.#form = formOf(policy);
    this.#version = version;
    this.#theirs = null;
  }

  /** @param {Partial<Form>} change */
  #set(change) {
    if (this.#form) this.#form = { ...this.#form, ...change };
    this.#errors = {};
    this.update();
  }

  /** @override */
  view() {
    return html`<div class="page medium">
      <p class="crumb"><a href="/tokens">${t('tokens.title')}</a></p>
      <div><h1 tabindex="-1">${t('tokens.policy.title')}</h1><p class="lead">${t('tokens.policy.lead')}</p></div>
      ${this.#form && this.#policy ? this.#body(this.#form, this.#policy) : html`<p class="waiting" role="status">${t('loading')}</p>`}
    </div>`;
  }

  /** @param {Form} form @param {Policy} policy */
  #body(form, policy) {
    const isFixed = !can('settings:write');
    return html`<form class="stack" novalidate @submit=${(/** @type {Event} */ event) => this.#save(event)}>
      ${isFixed ? html`<p class="notice">${t('tokens.policy.fixed')}</p>` : null}
      ${this.#conflict(this.#theirs)}
      <fieldset class="stack" ?disabled=${isFixed}>
        <section class="card">${this.#who(form)}</section>
        <section class="card">${this.#life(form)}</section>
        <section class="card">${this.#where(form)}</section>
        <section class="card">${this.#trouble(form)}</section>
      </fieldset>
      ${formError(this.#errors['form'])}
      <p class="row">${isFixed ? null : html`<button class="button primary" ?disabled=${this.#isBusy}>${t('save')}</button>`}
        <span class="soft">${t('tokens.policy.updated', { when: dateTime(policy.UpdatedDateTime) })}</span></p>
    </form>`;
  }

  /** @param {Form} form */
  #who(form) {
    return html`<fieldset><legend>${t('tokens.policy.roles')}</legend>
      ${Object.keys(ROLES).filter((role) => ROLES[role]?.includes('tokens:mint')).map((role) => html`<div key=${role}>${check({
        name: `role-${role}`, label: roleName(role), checked: form.roles.includes(role),
        onchange: (event) => this.#set({ roles: isOn(event) ? [...form.roles, role] : form.roles.filter((one) => one !== role) }) })}</div>`)}
      ${this.#errors['MintingRoles'] ? html`<p class="error">${this.#errors['MintingRoles']}</p>` : null}
      <p class="hint">${t('tokens.policy.roles.hint')}</p></fieldset>`;
  }

  /** @param {Form} form */
  #life(form) {
    const hint = (/** @type {string} */ text, /** @type {string} */ none) => (Number(text) > 0 ? t('tokens.policy.is', { span: spanText(Number(text) * HOUR) }) : none);
    return html`<h2>${t('tokens.policy.life')}</h2><div class="fields">
      ${field({ label: t('tokens.policy.max'), name: 'LifetimeMaxHours', type: 'number', min: '1', max: '8760', inputmode: 'numeric', value: form.maxHours, hint: hint(form.maxHours, ''), error: this.#errors['LifetimeMaxHours'] ?? null, oninput: (event) => this.#set({ maxHours: valueOf(event) }) })}
      ${field({ label: t('tokens.policy.default'), name: 'LifetimeDefaultHours', type: 'number', min: '1', max: '8760', inputmode: 'numeric', value: form.defaultHours, hint: hint(form.defaultHours, t('tokens.policy.default.none')), error: this.#errors['LifetimeDefaultHours'] ?? null, oninput: (event) => this.#set({ defaultHours: valueOf(event) }) })}
      ${field({ label: t('tokens.policy.idle'), name: 'IdleDays', type: 'number', min: '0', inputmode: 'numeric', value: form.idleDays, hint: Number(form.idleDays) ? t('tokens.policy.idle.hint', { n: number(Number(form.idleDays)) }) : t('tokens.policy.idle.never'), error: this.#errors['IdleDays'] ?? null, oninput: (event) => this.#set({ idleDays: valueOf(event) }) })}
    </div><p class="hint">${t('tokens.policy.life.hint')}</p>`;
  }

  /** @param {Form} form */
  #where(form) {
    return html`<h2>${t('tokens.policy.addresses')}</h2><p class="hint">${t('tokens.policy.addresses.hint')}</p>
      <details class="token-more" ?open=${Boolean(this.#errors['ScopesNeedingAddresses'])}><summary>${t('tokens.picker.open', { chosen: form.needing.length, all: SCOPES.length })}</summary>
        ${picker({ id: 'policy', scopes: SCOPES, chosen: form.needing, isPlain: true, search: this.#search, onsearch: (search) => { this.#search = search; this.update(); }, onchange: (needing) => this.#set({ needing }) })}</details>
      ${form.needing.length ? html`<p class="mono">${form.needing.join(', ')}</p>` : null}
      ${this.#errors['ScopesNeedingAddresses'] ? html`<p class="error">${this.#errors['ScopesNeedingAddresses']}</p>` : null}
      ${check({ name: 'AllowTokenInAddress', label: t('tokens.policy.inAddress'), hint: t('tokens.policy.inAddress.hint'), checked: form.inAddress, onchange: (event) => this.#set({ inAddress: isOn(event) }) })}`;
  }

  /** @param {Form} form */
  #trouble(form) {
    return html`<fieldset><legend>${t('tokens.policy.retired')}</legend>${['Alert', 'Revoke'].map((value) => html`<div key=${value}>${check({
      type: 'radio', name: 'OnRetiredSecret', value, label: t(`tokens.policy.retired.${value}`), checked: form.onRetired === value, onchange: () => this.#set({ onRetired: value }) })}</div>`)}</fieldset>`;
  }

  /** Both versions, when somebody else was quicker. @param {Policy | null} theirs */
  #conflict(theirs) {
    if (!theirs || !this.#form || !this.#policy) return null;
    const mine = changesOf(this.#policy, this.#form);
    return html`<div class="notice warn" role="alert"><p>${t('tokens.policy.conflict')}</p>
      <dl class="facts">${Object.keys(mine).map((name) => html`<dt>${name}</dt><dd>${t('tokens.policy.both', { mine: String(mine[name]), theirs: String(theirs[/** @type {keyof Policy} */ (name)]) })}</dd>`)}</dl>
      <p class="actions"><button type="button" class="button" @click=${() => { this.#policy = theirs; this.#theirs = null; this.update(); }}>${t('tokens.policy.keepMine')}</button>
        <button type="button" class="button" @click=${() => { this.#take(theirs, this.#version); this.update(); }}>${t('tokens.policy.takeTheirs')}</button></p></div>`;
  }

  /** @param {Event} event */
  async #save(event) {
    event.preventDefault();
    if (!this.#policy || !this.#form || this.#isBusy) return;
    const changes = changesOf(this.#policy, this.#form);
    if (!Object.keys(changes).length) return toast(t('saved'));
    this.#isBusy = true;
    try {
      const { body, headers } = await whenConfirmed(() => callFull('/odata/TokenPolicies(1)', { method: 'PATCH', body: changes, ifMatch: this.#version }));
      this.#take(body, headers.get('ETag') ?? '');
      toast(t('saved'));
    } catch (error) {
      await this.#refused(error);
    }
    this.#isBusy = false;
    this.update();
    focusError(this);
  }

  /** @param {unknown} error */
  async #refused(error) {
    if (/** @type {{ status?: number }} */ (error).status !== 412) {
      this.#errors = fieldErrors(error, FIELDS);
      return;
    }
    const { body, headers } = await callFull('/odata/TokenPolicies(1)', { signal: this.signal });
    this.#theirs = body;
    this.#version = headers.get('ETag') ?? '';
  }
}

/** @param {Event} event */
const valueOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;
/** @param {Event} event */
const isOn = (event) => /** @type {HTMLInputElement} */ (event.target).checked;

customElements.define('token-policy-page', TokenPolicyPage);
