/**
 * The start of the page: theme and language, who is signed in, and which page stands at which address.
 * @module
 */
import { Offline } from './lib/api.js';
import { applyTheme, showFrame } from './lib/frame.js';
import { lang, pageTexts } from './lib/i18n.js';
import { navigate, route, start } from './lib/router.js';
import { can, loadMe, me, takeSetupLink } from './lib/session.js';

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
  await pageTexts(async (language) => (await import(`./i18n/${language}.js`))[language]);
  showFrame();
  try {
    await loadMe();
  } catch (error) {
    if (!(error instanceof Offline)) console.error(error);
  }
  if (hasLink) history.replaceState(history.state, '', '/setup');
  const into = /** @type {HTMLElement} */ (document.getElementById('main'));
  await start({ into, otherwise: () => import('./pages/not-found.js'), gate });
  // There before it is needed: when it is, another build may be served.
  setTimeout(() => import('./lib/password-dialog.js').catch(() => {}), 3000);
  addEventListener('hashchange', () => { if (takeSetupLink()) void navigate('/setup'); });
}

void begin();
