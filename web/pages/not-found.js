/** What is shown where there is no page, or none for this role. @module */
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { Page } from '../lib/page.js';

class NotFoundPage extends Page {
  get #scope() {
    return this.params['missing'] ?? '';
  }

  pageTitle() {
    return t(this.#scope ? 'no-access.title' : 'not-found.title');
  }

  view() {
    return html`<div class="page narrow center">
      <h1 tabindex="-1">${this.pageTitle()}</h1>
      <p class="lead">${this.#scope ? t('no-access.text', { scope: this.#scope }) : t('not-found.text')}</p>
      <p><a class="button" href="/">${t('not-found.home')}</a></p>
    </div>`;
  }
}

customElements.define('not-found-page', NotFoundPage);
export default NotFoundPage;
