/**
 * Addresses to pages, by the browser's history: title and focus follow, and a page can ask before it is left.
 * @module
 */
import { announce } from './above.js';
import { connection, probe } from './api.js';
import { Page } from './page.js';

/** @typedef {{ default: new () => Page }} PageModule */
/** @typedef {{ open?: boolean, needs?: string }} RouteOptions  `open`: also for who is not signed in; `needs`: a scope */
/** @typedef {{ pattern: RegExp, names: string[], loader: () => Promise<PageModule>, options: RouteOptions }} Route */
/** @typedef {{ route: Route, params: Record<string, string> }} Match */
/** @typedef {{ ask: () => boolean | Promise<boolean>, isDirty: () => boolean }} Guard */

/** @type {Route[]} */
const routes = [];
/** @type {HTMLElement} */
let outlet;
/** Another address, or a right that is missing. @typedef {{ to?: string, missing?: string } | null} Refusal */

/** @type {(match: Match, url: URL) => Refusal} */
let admit = () => null;
/** @type {() => Promise<PageModule>} */
let notFound;
/** @type {{ page: Page, match: Match | null, index: number } | null} */
let current = null;
/** @type {Guard | null} */
let guard = null;
let visit = 0;
let arrived = 0;

/** Whether one is on the way to another page, so that what is pressed is not for this one. */
export const isMoving = () => visit !== arrived;

/** Hears `change` after each navigation. */
export const navigation = new EventTarget();

/**
 * Registers a page: `/tickets/:id` gives `params.id`, a number.
 * @param {string} pattern
 * @param {() => Promise<PageModule>} loader
 * @param {RouteOptions} [options]
 */
export function route(pattern, loader, options = {}) {
  const names = [...pattern.matchAll(/:(\w+)/g)].map((found) => found[1] ?? '');
  const source = pattern.replace(/:(\w+)/g, '(\\d+)');
  routes.push({ pattern: new RegExp(`^${source}/?$`), names, loader, options });
}

/**
 * The route of a path.
 * @param {string} path
 * @returns {Match | null}
 */
export function match(path) {
  for (const one of routes) {
    const found = one.pattern.exec(path);
    if (!found) continue;
    const params = Object.fromEntries(one.names.map((name, at) => [name, found[at + 1] ?? '']));
    return { route: one, params };
  }
  return null;
}

/**
 * Asked before the page is left: true lets it go. `isDirty` makes the browser ask too when the window is closed.
 * @param {() => boolean | Promise<boolean>} ask
 * @param {() => boolean} [isDirty]
 * @returns {() => void} takes it back
 */
export function beforeLeave(ask, isDirty = () => false) {
  const own = { ask, isDirty };
  guard = own;
  return () => { if (guard === own) guard = null; };
}

/** Goes to another address of this site. @param {string} url */
export async function navigate(url) {
  const target = new URL(url, location.href);
  if (!(await mayLeave(target))) return;
  history.pushState({ index: (current?.index ?? 0) + 1 }, '', target);
  await show();
}

/** Changes the address of this page, without a step in the history. @param {string} url */
export async function replace(url) {
  const target = new URL(url, location.href);
  if (!(await mayLeave(target))) return;
  history.replaceState({ ...history.state, index: current?.index ?? 0 }, '', target);
  await show();
}

/** Where one is. */
export function here() {
  return location.pathname + location.search;
}

/** Asks whoever wants to be asked before one goes there. @param {URL} target */
export async function mayLeave(target) {
  if (!guard || target.pathname === location.pathname) return true;
  const asked = guard;
  if (!(await asked.ask())) return false;
  if (guard === asked) guard = null;
  return true;
}

/**
 * Begins: shows the page of the address, and those that links lead to.
 * @param {object} options
 * @param {HTMLElement} options.into
 * @param {() => Promise<PageModule>} options.otherwise  the page for unknown addresses, and where a right is missing
 * @param {(match: Match, url: URL) => Refusal} options.gate  where to go instead, or which right is missing
 */
export async function start({ into, otherwise, gate }) {
  outlet = into;
  notFound = otherwise;
  admit = gate;
  document.addEventListener('click', followLink);
  addEventListener('popstate', () => void goneBack());
  addEventListener('beforeunload', (event) => { if (guard?.isDirty()) event.preventDefault(); });
  history.replaceState({ index: 0, ...history.state }, '');
  await show(false);
}

async function goneBack() {
  const to = /** @type {{ index?: number } | null} */ (history.state)?.index ?? 0;
  const from = current?.index ?? 0;
  if (guard && from !== to) {
    const asked = guard;
    const target = location.href;
    history.go(from - to);
    await new Promise((resolve) => { addEventListener('popstate', resolve, { once: true, capture: true }); });
    if (!(await asked.ask())) return;
    guard = null;
    history.replaceState({ index: to }, '', target);
  }
  await show();
}

/** @param {MouseEvent} event */
function followLink(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !match(url.pathname)) return;
  if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
  event.preventDefault();
  void navigate(url.href);
}

/** Shows what the address says. @param {boolean} [moveFocus] */
async function show(moveFocus = true) {
  const own = ++visit;
  const url = new URL(location.href);
  const asked = match(url.pathname);
  const refusal = asked && admit(asked, url);
  if (refusal?.to) {
    history.replaceState(history.state, '', refusal.to);
    return show(moveFocus);
  }
  const found = refusal ? null : asked;
  const index = /** @type {{ index?: number } | null} */ (history.state)?.index ?? 0;
  if (current && found && current.match?.route === found.route && same(current.match.params, found.params)) {
    arrived = own;
    const isChanged = current.page.query.toString() !== url.searchParams.toString();
    current.index = index;
    current.page.query = url.searchParams;
    if (isChanged) current.page.queryChanged();
    navigation.dispatchEvent(new Event('change'));
    return;
  }
  const module = await (found ? found.route.loader() : notFound()).catch(cannotLoad).finally(() => { if (own === visit) arrived = own; });
  if (own !== visit || !module) return;
  const page = new module.default();
  page.params = found?.params ?? (refusal?.missing ? { missing: refusal.missing } : {});
  page.query = url.searchParams;
  guard = null;
  current = { page, match: found, index };
  // Whatever asks something asks it of the page that was left.
  for (const dialog of document.querySelectorAll('dialog')) dialog.dispatchEvent(new Event('left'));
  outlet.replaceChildren(page);
  navigation.dispatchEvent(new Event('change'));
  if (moveFocus) arrive(page);
}

/**
 * A page's files could not be fetched: the server is gone, then the whole page is loaded once it is back; or it serves
 * another build now, then at once, but not again and again.
 * @param {unknown} error
 * @returns {Promise<null>}
 */
async function cannotLoad(error) {
  const RELOADED = 'tessera:reloaded';
  const isReachable = await probe();
  if (!isReachable) connection.addEventListener('online', () => location.reload(), { once: true });
  else if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < 20_000) throw error;
  else {
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  }
  return null;
}

/**
 * @param {Record<string, string>} one
 * @param {Record<string, string>} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** @param {Page} page */
function arrive(page) {
  scrollTo(0, 0);
  const heading = page.querySelector('h1');
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  } else announce(document.title);
}
