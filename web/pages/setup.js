/** The first password: with a set-up link, for the first administrator or somebody invited. @module */
import { ApiError, call } from '../lib/api.js';
import { field, fieldErrors, focusError, formError, formValues } from '../lib/field.js';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { Page, brand } from '../lib/page.js';
import { replace } from '../lib/router.js';
import { forgetSetupSecret, setMe, setupSecret } from '../lib/session.js';

const FIELDS = ['Name', 'Email', 'Password'];

class SetupPage extends Page {
  #secret = setupSecret();
  /** Whom the link is for; nothing until the server has told. @type {'first' | 'known' | null} */
  #kind = null;
  #isBusy = false;
  /** @type {Record<string, string>} */
  #errors = {};

  pageTitle() {
    return t('setup.title');
  }

  /**
   * Asks whom the link is for: an empty password is refused, and what is refused first tells. The link stays good.
   * @param {AbortSignal} signal
   */
  async load(signal) {
    if (!this.#secret) return;
    try {
      await call('/session/setup', { body: { Secret: this.#secret, Password: '' }, noSignIn: true, signal });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'InvalidValue') throw error;
      if (error.target === 'Secret') {
        this.#secret = '';
        forgetSetupSecret();
        this.#errors = { link: t('setup.used-link') };
      } else this.#kind = error.target === 'Password' ? 'known' : 'first';
    }
  }

  view() {
    const isFirst = this.#kind === 'first';
    return html`<div class="page narrow center">
      <div class="stack">
        ${brand()}
        <h1 tabindex="-1">${t(this.#secret ? 'setup.title' : 'setup.none')}</h1>
        <p class="lead">${t(!this.#secret ? 'setup.none-text' : isFirst ? 'setup.lead-first' : 'setup.lead')}</p>
      </div>
      ${!this.#secret ? this.#noLink() : this.#kind ? this.#form(isFirst) : html`<p class="waiting">${t('loading')}</p>`}
    </div>`;
  }

  /** @param {boolean} isFirst */
  #form(isFirst) {
    return html`<form class="form card" @submit=${(/** @type {Event} */ event) => this.#submit(event)}>
      ${isFirst && html`<p class="soft">${t('setup.step', { step: 1 })}</p>`}
      ${formError(this.#errors['form'])}
      ${isFirst && html`
        ${field({ label: t('name'), name: 'Name', autocomplete: 'name', required: true, error: this.#errors['Name'] })}
        ${field({ label: t('email'), name: 'Email', type: 'email', autocomplete: 'username', required: true, hint: t('setup.email-hint'), error: this.#errors['Email'] })}`}
      ${field({ label: t('setup.password'), name: 'Password', type: 'password', autocomplete: 'new-password', required: true, hint: t('setup.password-hint'), error: this.#errors['Password'] })}
      <p class="actions"><button class="button primary">${t(isFirst ? 'setup.action-first' : 'setup.action')}</button></p>
    </form>`;
  }

  #noLink() {
    return html`<form class="form card" @submit=${(/** @type {Event} */ event) => this.#takeLink(event)}>
      ${field({ label: t('setup.paste'), name: 'link', autocomplete: 'off', required: true, error: this.#errors['link'] })}
      <p class="actions"><button class="button primary">${t('setup.use')}</button><a href="/sign-in">${t('sign-in')}</a></p>
    </form>`;
  }

  /** @param {Event} event */
  async #takeLink(event) {
    const found = /(?:#setup=)?(tsl_\S+)$/.exec((formValues(event)['link'] ?? '').trim());
    this.#secret = found?.[1] ?? '';
    this.#errors = found ? {} : { link: t('setup.bad-link') };
    await this.reload();
    if (this.#secret) this.querySelector('input')?.focus();
    else focusError(this);
  }

  /** @param {Event} event */
  async #submit(event) {
    const { Name, Email, Password } = formValues(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    const who = this.#kind === 'first' ? { Name, Email } : {};
    try {
      setMe(await call('/session/setup', { body: { Secret: this.#secret, Password, ...who }, noSignIn: true }));
      forgetSetupSecret();
      await replace(this.#kind === 'first' ? '/connect?welcome' : '/');
    } catch (error) {
      this.#errors = fieldErrors(error, FIELDS);
      this.update();
      focusError(this);
    } finally {
      this.#isBusy = false;
    }
  }
}

customElements.define('setup-page', SetupPage);
export default SetupPage;
