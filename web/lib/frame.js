/**
 * What stands around every page: the bar with its links, the banner of a lost server, and the colours chosen.
 * @module
 */
import { connection, probe } from './api.js';
import { html, render } from './html.js';
import { errorText, language, t } from './i18n.js';
import { announce, menu, toast } from './above.js';
import { mayLeave, navigate, navigation } from './router.js';
import { can, me, session, signOut } from './session.js';

/** Links of the bar: address, text, and the scope without which there is nothing to see. */
const LINKS = /** @type {const} */ ([
  ['/dashboard', 'nav.dashboard', ''],
  ['/tickets', 'nav.tickets', 'tickets:read'],
  ['/people/customers', 'nav.people', 'customers:read'],
  ['/teams', 'nav.teams', 'teams:read'],
  ['/settings/pickers', 'nav.pickers', 'tickets:read'],
  ['/tokens', 'nav.tokens', 'tokens:mint'],
  ['/audit', 'nav.audit', 'audit:read'],
]);

const RETRY_MS = 5000;

const ICON = new URL('../icon.svg', import.meta.url).href;

let isOffline = false;
let isOpen = false;

/** The name of the product with its sign, on pages without a bar. */
export const brand = () => html`<p class="brand"><img src=${ICON} alt="">Tessera</p>`;

/** Shows the frame, and keeps it right. */
export function showFrame() {
  const home = /** @type {HTMLElement} */ (document.getElementById('frame'));
  const update = () => render(home, frame(update));
  session.addEventListener('change', update);
  language.addEventListener('change', update);
  navigation.addEventListener('change', () => { isOpen = false; update(); });
  connection.addEventListener('offline', () => { isOffline = true; update(); announce(t('offline.text')); waitForServer(); });
  connection.addEventListener('online', () => { isOffline = false; update(); announce(t('online')); });
  update();
}

function waitForServer() {
  setTimeout(async () => {
    if (isOffline && !(await probe())) waitForServer();
  }, RETRY_MS);
}

/** @param {() => void} update */
function frame(update) {
  return html`
    <a class="button skip" href="#main">${t('skip')}</a>
    ${isOffline && html`<div class="banner" role="region" aria-label=${t('offline')}>
      <span>${t('offline.text')}</span>
      <button class="button small" @click=${() => probe()}>${t('retry')}</button>
    </div>`}
    ${me() ? bar(update) : null}`;
}

/** @param {() => void} update */
function bar(update) {
  return html`<header class="bar">
    <a class="brand" href="/"><img src=${ICON} alt="">Tessera</a>
    <nav id="nav" class=${isOpen ? 'is-open' : null} aria-label=${t('nav')}>
      ${LINKS.filter(([, , scope]) => !scope || can(scope)).map(([href, text]) => html`
        <a key=${href} href=${href} aria-current=${isAt(href) ? 'page' : null}>${t(text)}</a>`)}
    </nav>
    <div class="end">
      <button class="button plain menu-button" aria-expanded=${isOpen} aria-controls="nav"
        @click=${() => { isOpen = !isOpen; update(); }}>${t('nav.menu')}</button>
      ${menu({
        id: 'me',
        label: t('nav.me', { name: me()?.Name ?? '' }),
        face: html`${me()?.Name} <span aria-hidden="true">▾</span>`,
        className: 'button plain',
        items: [
          { label: t('nav.profile'), href: '/profile' },
          { label: t('nav.connect'), href: '/connect' },
          { label: t('sign-out'), onclick: () => void leave() },
        ],
      })}
    </div>
  </header>`;
}

/** @param {string} href */
function isAt(href) {
  const path = location.pathname === '/' ? '/dashboard' : location.pathname;
  return path === href || path.startsWith(`${href}/`) || (href.startsWith('/people') && path.startsWith('/people'));
}

async function leave() {
  try {
    if (!(await mayLeave(new URL('/sign-in', location.href)))) return;
    await signOut();
    await navigate('/sign-in');
  } catch (error) {
    toast(errorText(error), { tone: 'bad' });
  }
}

/** @typedef {'system' | 'light' | 'dark'} Theme */

const THEME_KEPT_AS = 'tessera:theme';

/** What was chosen. @returns {Theme} */
export function theme() {
  const kept = localStorage.getItem(THEME_KEPT_AS);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** @param {Theme} next */
export function setTheme(next) {
  localStorage.setItem(THEME_KEPT_AS, next);
  applyTheme();
}

/** Puts what was chosen on the page. */
export function applyTheme() {
  const chosen = theme();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}
