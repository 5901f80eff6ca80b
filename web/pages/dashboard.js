/** The start: how the desk does. @module */
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { Page } from '../lib/page.js';

class DashboardPage extends Page {
  pageTitle() {
    return t('nav.dashboard');
  }

  view() {
    return html`<div class="page"><h1 tabindex="-1">${t('nav.dashboard')}</h1></div>`;
  }
}

customElements.define('dashboard-page', DashboardPage);
export default DashboardPage;
