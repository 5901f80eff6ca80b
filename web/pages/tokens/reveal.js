/**
 * A new secret, shown this once: hidden until asked for, copied, downloaded, tested, with lines for each client, and
 * waiting until the first real request comes in. The secret stands in one `<output>` and in no other place.
 * @module
 */
import { copyText } from '../../lib/above.js';
import { ApiError } from '../../lib/api.js';
import { ask, openDialog } from '../../lib/dialog.js';
import { field, formValues } from '../../lib/field.js';
import { html, render } from '../../lib/html.js';
import { dateTime, errorText, language, t } from '../../lib/i18n.js';
import { switching } from './facts.js';
import { follow } from './live.js';
import { envFile, snippetTabs } from './snippets.js';
import { near, roleName } from './words.js';

/**
 * @typedef {object} TestResult
 * @property {number} status  0 where there was no answer
 * @property {any} caller  what the server told, where it let it in
 * @property {string} error
 * @property {boolean} isCounted  whether the server counts it as a use of the token
 */

/**
 * @param {string} secret
 * @param {AbortSignal} [signal]
 * @returns {Promise<TestResult>}
 */
export async function runTest(secret, signal) {
  try {
    // Without the session's cookie: the token alone is to open the door.
    const response = await fetch('/odata/Me()', {
      headers: { Authorization: `Bearer ${secret}`, Accept: 'application/json' }, credentials: 'omit', cache: 'no-store', signal: signal ?? null,
    });
    const body = await response.json();
    if (response.ok) return { status: response.status, caller: body, error: '', isCounted: true };
    return { status: response.status, caller: null, error: errorText(new ApiError(response.status, body?.error ?? {})), isCounted: false };
  } catch (error) {
    return { status: 0, caller: null, error: errorText(error), isCounted: false };
  }
}

/** @param {TestResult} result */
export function testResult({ status, caller, error }) {
  if (!caller) return html`<p class="notice warn"><strong>${status || t('tokens.test.none')}</strong> ${error}</p>`;
  return html`<div class="notice good"><p><strong>${status}</strong> ${t('tokens.test.works', { address: caller.Address ?? '' })}</p>
    <dl class="facts">
      <dt>${t('tokens.col.rights')}</dt><dd>${roleName(caller.Role)}: ${caller.Scopes.join(', ')}</dd>
      <dt>${t('tokens.col.expires')}</dt><dd>${near(caller.ExpiresDateTime)}, ${dateTime(caller.ExpiresDateTime)}</dd>
    </dl></div>`;
}

/**
 * Asks for the secret of a token that is already in use, and tries it.
 * @param {import('./facts.js').Token} token
 */
export async function testDialog(token) {
  /** @type {TestResult | null} */
  let result = null;
  let error = '';
  const ends = new AbortController();
  /** @param {Event} event @param {import('../../lib/dialog.js').Dialog<void>} dialog */
  const submit = async (event, dialog) => {
    const secret = (formValues(event)['secret'] ?? '').trim();
    result = null;
    error = secret ? '' : t('tokens.test.paste');
    if (secret) result = await runTest(secret, ends.signal);
    dialog.update();
  };
  const other = () => (result?.caller && result.caller.TokenId !== token.Id ? html`<p class="notice warn">${t('tokens.test.other', { name: result.caller.TokenName ?? '' })}</p>` : null);
  const opened = openDialog(/** @param {import('../../lib/dialog.js').Dialog<void>} dialog */ (dialog) => html`
    <form autocomplete="off" @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p>${t('tokens.test.text', { prefix: token.KeyPrefix })}</p>
      ${field({ label: t('tokens.secret'), name: 'secret', id: 'test-secret', type: 'password', autocomplete: 'off', autofocus: true, error })}
      <div role="status">${result && testResult(result)}${other()}</div>
      <p class="actions"><button class="button primary">${t('tokens.test.now')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('close')}</button></p>
    </form>`, { label: t('tokens.test.title', { name: token.Name }) });
  await opened.result;
  ends.abort();
}

/** @typedef {{ Id: number, KeyPrefix: string, ExpiresDateTime: string, Secret: string }} Minted */
/** @typedef {{ minted: Minted, name: string, scopes: readonly string[], tab?: string, isRotation?: boolean, onkept?: () => void }} RevealOptions */

/** The panel with the secret. */
export class TokenReveal extends HTMLElement {
  /** @type {RevealOptions} */
  #options;
  #isShown = false;
  #isKept = false;
  #isBusy = false;
  #tab;
  /** @type {import('./reveal.js').TestResult | null} */
  #result = null;
  /** How many requests were ours, by "Test now". */
  #tests = 0;
  /** @type {import('./facts.js').Token | null} */
  #first = null;
  #ends = new AbortController();

  /** @param {RevealOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    this.#tab = options.tab ?? 'curl';
  }

  connectedCallback() {
    this.#ends = new AbortController();
    language.addEventListener('change', () => this.update(), { signal: this.#ends.signal });
    this.update();
    follow(this.#options.minted.Id, this.#ends.signal, (token) => this.#seen(token));
  }

  disconnectedCallback() {
    this.#ends.abort();
  }

  /** Whether the secret was copied, downloaded, or said to be kept. */
  get isKept() {
    return this.#isKept;
  }

  /** Whether it may be left: it is kept, or somebody says so. */
  async mayLeave() {
    return this.#isKept || ask({ title: t('tokens.leave.title'), text: t('tokens.leave.text'), action: t('tokens.leave.action'), cancel: t('tokens.leave.stay'), danger: true });
  }

  /**
   * The first request that is not a test from here; after a rotation the first with the new secret.
   * @param {import('./facts.js').Token} token
   */
  #seen(token) {
    const isSwitched = switching(token) === 'switched' && token.LastUsedAgent !== navigator.userAgent.slice(0, 256);
    if (this.#first || !(this.#options.isRotation ? isSwitched : token.UseCount > this.#tests)) return;
    this.#first = token;
    this.update();
  }

  #keep() {
    if (this.#isKept) return;
    this.#isKept = true;
    this.#options.onkept?.();
    this.update();
  }

  /** Shows the panel anew. */
  update() {
    if (!this.isConnected) return;
    const { minted, scopes, name } = this.#options;
    render(this, html`<div class="stack">
      <section class="card token-secret" aria-labelledby="secret-title">
        <h2 id="secret-title">${t('tokens.secret')}</h2>
        <p class="notice warn">${t('tokens.secret.once')}</p>
        <div class="secret-line">
          <output id="secret" class="secret-text" aria-label=${t('tokens.secret')} ?hidden=${!this.#isShown}>${minted.Secret}</output>
          ${this.#isShown ? null : html`<span class="secret-text soft" aria-hidden="true">${minted.KeyPrefix}${'•'.repeat(20)}</span>`}
          <button type="button" class="button" aria-pressed=${String(this.#isShown)} @click=${() => { this.#isShown = !this.#isShown; this.update(); }}>
            ${this.#isShown ? t('tokens.secret.hide') : t('tokens.secret.show')}</button>
          <button type="button" class="button primary" id="secret-copy" @click=${() => this.#copy()}>${t('tokens.secret.copy')}</button>
        </div>
        <div class="row">
          <button type="button" class="button small" @click=${() => this.#download()}>${t('tokens.secret.env')}</button>
          <button type="button" class="button small" ?disabled=${this.#isBusy} @click=${() => this.#test()}>${t('tokens.test.now')}</button>
          ${this.#isKept ? html`<span class="state good">${t('tokens.secret.kept')}</span>`
            : html`<button type="button" class="button small plain" @click=${() => this.#keep()}>${t('tokens.secret.keep')}</button>`}
        </div>
        <div role="status">${this.#result && testResult(this.#result)}</div>
      </section>
      ${this.#waiting()}
      <section class="card" aria-labelledby="use-title">
        <h2 id="use-title">${t('tokens.use')}</h2>
        ${snippetTabs({ tab: this.#tab, name, scopes, oncopy: () => this.#copy(), ontab: (tab) => { this.#tab = tab; this.update(); } })}
      </section>
    </div>`);
  }

  #waiting() {
    const first = this.#first;
    return html`<section class=${first ? 'card first-use arrived' : 'card first-use'} aria-labelledby="first-title">
      <h2 id="first-title">${t('tokens.first')}</h2>
      <div role="status">${first
        ? html`<p class="state good">${t('tokens.first.came', { when: dateTime(first.LastUsedDateTime), address: first.LastUsedAddress ?? '' })}</p>
          <p class="soft">${first.LastUsedAgent}</p>`
        : html`<p class="state info waiting-dot">${t('tokens.first.waiting')}</p><p class="soft">${t('tokens.first.hint')}</p>`}</div>
    </section>`;
  }

  async #copy() {
    if (await copyText(this.#options.minted.Secret)) this.#keep();
  }

  #download() {
    const file = new Blob([envFile(`${location.origin}/odata`, this.#options.minted.Secret)], { type: 'text/plain' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = 'tessera.env';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.#keep();
  }

  async #test() {
    this.#isBusy = true;
    this.update();
    this.#result = await runTest(this.#options.minted.Secret, this.#ends.signal);
    if (this.#result.isCounted) this.#tests += 1;
    this.#isBusy = false;
    this.update();
  }
}

customElements.define('token-reveal', TokenReveal);
