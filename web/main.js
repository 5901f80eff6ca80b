/**
 * The start of the page: what stands around every page, who is signed in, and which page stands at which address.
 * @module
 */
import { announce, menu, toast } from './lib/above.js';
import { ApiError, connection, probe } from './lib/api.js';
import { html, render } from './lib/html.js';
import { errorText, lang, language, pageTexts, registerReasons, t } from './lib/i18n.js';
import { applyTheme, ICON } from './lib/page.js';
import { mayLeave, navigate, navigation, route, start } from './lib/router.js';
import { can, loadMe, me, session, signOut, takeSetupLink } from './lib/session.js';

applyTheme();

route('/', () => import('./pages/dashboard.js'));
route('/dashboard', () => import('./pages/dashboard.js'));
route('/sign-in', () => import('./pages/sign-in.js'), { open: true });
route('/setup', () => import('./pages/setup.js'), { open: true });
route('/connect', () => import('./pages/connect.js'));
route('/profile', () => import('./pages/profile.js'));
route('/tickets', () => import('./pages/tickets/list.js'), { needs: 'tickets:read' });
route('/tickets/new', () => import('./pages/tickets/new.js'), { needs: 'tickets:create' });
route('/tickets/:id', () => import('./pages/tickets/ticket.js'), { needs: 'tickets:read' });
route('/tokens', () => import('./pages/tokens/list.js'), { needs: 'tokens:mint' });
route('/tokens/new', () => import('./pages/tokens/new.js'), { needs: 'tokens:mint' });
route('/tokens/policy', () => import('./pages/tokens/policy.js'), { needs: 'settings:read' });
route('/tokens/:id', () => import('./pages/tokens/detail.js'), { needs: 'tokens:mint' });
route('/people', () => import('./pages/people/customers.js'), { needs: 'customers:read' });
route('/people/customers', () => import('./pages/people/customers.js'), { needs: 'customers:read' });
route('/people/users', () => import('./pages/people/users.js'), { needs: 'users:read' });
route('/teams', () => import('./pages/people/teams.js'), { needs: 'teams:read' });
route('/settings/pickers', () => import('./pages/people/pickers.js'), { needs: 'tickets:read' });
route('/audit', () => import('./pages/people/audit.js'), { needs: 'audit:read' });

/**
 * Where to go instead of the page asked for, or the right that is missing for it, if either.
 * @param {import('./lib/router.js').Match} found
 * @param {URL} url
 */
function gate(found, url) {
  const { open, needs } = found.route.options;
  if (open) return null;
  if (!me()) {
    const next = url.pathname + url.search;
    return { to: next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}` };
  }
  return needs && !can(needs) ? { missing: needs } : null;
}

async function begin() {
  const hasLink = takeSetupLink();
  document.documentElement.lang = lang();
  await pageTexts(async (language) => {
    const texts = await import(`./i18n/${language}.js`);
    registerReasons(language, texts.reasons);
    return texts[language];
  });
  showFrame();
  const into = /** @type {HTMLElement} */ (document.getElementById('main'));
  await askWho(into);
  if (hasLink) history.replaceState(history.state, '', '/setup');
  await start({ into, otherwise: () => import('./pages/not-found.js'), gate });
  // There before it is needed: when it is, another build may be served.
  setTimeout(() => import('./lib/password-dialog.js').catch(() => {}), 3000);
  addEventListener('hashchange', () => { if (takeSetupLink()) void navigate('/setup'); });
}

/** Asks who is signed in until the server says so: a busy server is no reason to sign in again, a refusal is. @param {HTMLElement} into */
async function askWho(into) {
  for (;;) {
    try {
      await loadMe();
      return render(into, []);
    } catch (error) {
      const { status = 0 } = error instanceof ApiError ? error : {};
      if (status >= 400 && status < 500 && status !== 429) return render(into, []);
      render(into, html`<div class="page narrow center"><p class="error box" role="alert">${errorText(error)}</p></div>`);
      const secs = error instanceof ApiError && error.retryAfterSecs;
      await new Promise((again) => { setTimeout(again, secs ? secs * 1000 : RETRY_MS); });
    }
  }
}

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

let isOffline = false;
let isOpen = false;

/** Shows the frame, and keeps it right. */
function showFrame() {
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

void begin();
