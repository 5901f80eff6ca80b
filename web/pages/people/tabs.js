/** What the pages of people share: the tabs of customers and staff, and addresses to write to. @module */
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';

/** An address to write to, with nothing in it that a mail program would take for more. @param {string} email */
export function mailTo(email) {
  return html`<a href=${`mailto:${encodeURIComponent(email).replace('%40', '@')}`}>${email}</a>`;
}

/** @param {'customers' | 'users'} current */
export function peopleTabs(current) {
  const tabs = [['customers', 'customers:read'], ['users', 'users:read']];
  return html`<nav class="tabs" aria-label=${t('nav.people')}>${tabs.filter(([, scope]) => can(scope ?? '')).map(([name]) => html`
    <a key=${name} href=${`/people/${name}`} aria-current=${name === current ? 'page' : null}>${t(`people.${name}`)}</a>`)}</nav>`;
}
