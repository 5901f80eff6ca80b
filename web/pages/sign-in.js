/** Signing in. @module */
import { field, formError, formValues } from '../lib/field.js';
import { html } from '../lib/html.js';
import { errorText, t } from '../lib/i18n.js';
import { Page, brand } from '../lib/page.js';
import { replace } from '../lib/router.js';
import { me, setMe, signIn } from '../lib/session.js';

class SignInPage extends Page {
  #error = '';
  #isBusy = false;
  #isShown = false;

  pageTitle() {
    return t('sign-in.title');
  }

  connectedCallback() {
    super.connectedCallback();
    if (this.query.has('other')) setMe(null);
    if (me()) void replace(this.#next());
    else this.querySelector('input')?.focus();
  }

  view() {
    return html`<div class="page narrow center sign-in">
      <div class="stack">
        ${brand()}
        <h1 tabindex="-1">${t('sign-in.title')}</h1>
        <p class="lead">${t('sign-in.lead')}</p>
      </div>
      <form class="form card" @submit=${(/** @type {Event} */ event) => this.#submit(event)}>
        ${formError(this.#error)}
        ${field({ label: t('email'), name: 'email', type: 'email', autocomplete: 'username', required: true })}
        ${field({
          label: t('password'),
          name: 'password',
          type: this.#isShown ? 'text' : 'password',
          autocomplete: 'current-password',
          required: true,
          after: html`<button type="button" class="button" aria-pressed=${this.#isShown} aria-controls="password"
            @click=${() => { this.#isShown = !this.#isShown; this.update(); }}>${t(this.#isShown ? 'sign-in.hide' : 'sign-in.show')}</button>`,
        })}
        <p class="actions"><button class="button primary">${t('sign-in')}</button></p>
      </form>
      <div class="stack soft">
        <p>${t('sign-in.no-account')}</p>
        <p>${t('sign-in.first')}</p>
      </div>
    </div>`;
  }

  /** Where one wanted to go; only within this site. */
  #next() {
    const next = this.query.get('next') ?? '/';
    if (!URL.canParse(next, location.origin)) return '/';
    const { origin, pathname, search } = new URL(next, location.origin);
    return origin === location.origin && !pathname.startsWith('//') ? pathname + search : '/';
  }

  /** @param {Event} event */
  async #submit(event) {
    const values = formValues(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await signIn(values['email'] ?? '', values['password'] ?? '');
      await replace(this.#next());
    } catch (error) {
      this.#error = errorText(error);
      this.update();
      const password = this.querySelector('#password');
      if (password instanceof HTMLInputElement) password.select();
    } finally {
      this.#isBusy = false;
    }
  }
}

customElements.define('sign-in-page', SignInPage);
export default SignInPage;
