/**
 * What all pages have in common: what they were opened with, loading, trouble, and an end. The sign of the product and
 * the colours chosen stand here, too, for they are as small and needed as early: a page comes in few modules.
 * @module
 */
import { connection } from './api.js';
import { html, render } from './html.js';
import { errorText, isAborted, language, t } from './i18n.js';

/**
 * A page. A subclass gives `pageTitle()` and `view()`, and `load()` if it shows what the server knows.
 * The first element of `view()` has the one `<h1>`.
 */
export class Page extends HTMLElement {
  /** Parts of the path, such as `id`. @type {Record<string, string>} */
  params = {};
  /** What stands behind the `?`. */
  query = new URLSearchParams();
  /** Why the last load failed. @type {unknown} */
  problem = null;
  /** Whether a load is under way. */
  isLoading = false;
  /** Whether a load has succeeded before. */
  isLoaded = false;
  #controller = new AbortController();
  /** @type {AbortController | null} */
  #loading = null;

  /** Ends when the page is left. */
  get signal() {
    return this.#controller.signal;
  }

  connectedCallback() {
    this.#controller = new AbortController();
    const { signal } = this;
    language.addEventListener('change', () => this.update(), { signal });
    connection.addEventListener('online', () => { if (this.problem) void this.reload(); }, { signal });
    this.update();
    void this.reload();
  }

  disconnectedCallback() {
    this.#controller.abort();
    this.#loading?.abort();
  }

  /** What the window and the history call this page. */
  pageTitle() {
    return '';
  }

  /** @returns {unknown} */
  view() {
    return null;
  }

  /**
   * Fetches what the page shows. A newer load ends an older one by `signal`.
   * @param {AbortSignal} _signal
   * @returns {Promise<void>}
   */
  async load(_signal) {}

  /** The address has another query now; the page stays. */
  queryChanged() {
    this.update();
    void this.reload();
  }

  /** Loads and shows; trouble becomes words and a button. */
  async reload() {
    this.#loading?.abort();
    const own = new AbortController();
    this.#loading = own;
    this.isLoading = true;
    try {
      await this.load(own.signal);
      if (own.signal.aborted) return;
      this.problem = null;
      this.isLoaded = true;
    } catch (error) {
      if (own.signal.aborted || isAborted(error)) return;
      if (!(error instanceof Error) || !('code' in error)) console.error(error);
      this.problem = error;
    }
    this.isLoading = false;
    this.update();
  }

  /** Shows the page anew, at once. */
  update() {
    if (!this.isConnected) return;
    const canShow = this.isLoaded || !this.problem;
    this.setAttribute('aria-busy', String(this.isLoading));
    render(this, html`${this.problem ? this.#trouble(canShow) : null}${canShow ? this.view() : null}`);
    const title = this.pageTitle();
    if (title) document.title = `${title} · Tessera`;
  }

  /** @param {boolean} isShown  whether the page itself stands below */
  #trouble(isShown) {
    return html`<div class="trouble" role="alert">
      ${isShown ? null : html`<h1 tabindex="-1">${this.pageTitle() || t('trouble')}</h1>`}
      <p class="error box">${errorText(this.problem)}</p>
      <p><button class="button" @click=${() => this.reload()}>${t('retry')}</button></p>
    </div>`;
  }
}

/** Where the sign of the product lies. */
export const ICON = new URL('../icon.svg', import.meta.url).href;

/** The name of the product with its sign, on pages without a bar. */
export const brand = () => html`<p class="brand"><img src=${ICON} alt="">Tessera</p>`;

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
