/** The tabs of people: customers and staff. @module */
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';

/** @param {'customers' | 'users'} current */
export function peopleTabs(current) {
  const tabs = [['customers', 'customers:read'], ['users', 'users:read']];
  return html`<nav class="tabs" aria-label=${t('nav.people')}>${tabs.filter(([, scope]) => can(scope ?? '')).map(([name]) => html`
    <a key=${name} href=${`/people/${name}`} aria-current=${name === current ? 'page' : null}>${t(`people.${name}`)}</a>`)}</nav>`;
}
