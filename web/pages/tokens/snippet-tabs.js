/**
 * The tabs with lines for each client. They name the variable the secret is in, never the secret.
 * @module
 */
import { snippet } from '../../lib/copy.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { TABS, code, firstRequest } from './snippets.js';

/**
 * @typedef {object} Tabs
 * @property {string} tab  the one that is open
 * @property {string} name  of the token
 * @property {readonly string[]} scopes
 * @property {() => void} oncopy  copies the secret
 * @property {(tab: string) => void} ontab
 */

/** @param {Tabs} options */
export function snippetTabs(options) {
  const { tab, ontab } = options;
  return html`<div class="stack">
    <div class="tabs" role="tablist" aria-label=${t('tokens.use')} @keydown=${(/** @type {KeyboardEvent} */ event) => turn(event, tab, ontab)}>
      ${TABS.map((one) => html`<button key=${one} type="button" role="tab" id=${`tab-${one}`} aria-controls="snippet-panel"
        aria-selected=${String(one === tab)} tabindex=${one === tab ? '0' : '-1'} @click=${() => ontab(one)}>${t(`tokens.tab.${one}`)}</button>`)}
    </div>
    <div role="tabpanel" id="snippet-panel" aria-labelledby=${`tab-${tab}`} class="stack">${panel(options)}</div>
  </div>`;
}

/**
 * @param {KeyboardEvent} event
 * @param {string} tab
 * @param {(tab: string) => void} ontab
 */
function turn(event, tab, ontab) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = TABS.at((TABS.indexOf(tab) + step) % TABS.length) ?? tab;
  ontab(next);
  document.getElementById(`tab-${next}`)?.focus();
}

/** @param {Tabs} options */
function panel({ tab, name, scopes, oncopy }) {
  const feed = `${location.origin}/odata`;
  const secret = html`<button type="button" class="button small" @click=${oncopy}>${t('tokens.secret.copy')}</button>`;
  switch (tab) {
    case 'powerbi':
      return html`<ol class="steps">
        <li>${t('tokens.powerbi.1')} <a href="/connect/powerbi.pbids" download>${t('tokens.powerbi.file')}</a></li>
        <li>${t('tokens.powerbi.2')} ${snippet({ text: `${feed}/`, label: t('tokens.powerbi.url') })}</li>
        <li>${t('tokens.powerbi.3', { name })} ${secret}</li>
      </ol>`;
    case 'automate':
      return automate(feed, scopes, secret);
    default:
      return html`<p class="soft">${t(`tokens.tab.${tab}.hint`)}</p>
        ${snippet({ text: code(/** @type {'curl'} */ (tab), { feed, scopes }), label: t('tokens.tab.code', { tool: t(`tokens.tab.${tab}`) }) })}`;
  }
}

/**
 * @param {string} feed
 * @param {readonly string[]} scopes
 * @param {unknown} secret
 */
function automate(feed, scopes, secret) {
  const { method, path, body } = firstRequest(scopes);
  const address = `${feed}/${path}`;
  return html`<p class="soft">${t('tokens.automate.1')}</p>
    <dl class="facts">
      <dt>Method</dt><dd><code>${method}</code></dd>
      <dt>URI</dt><dd>${snippet({ text: address, label: 'URI' })}</dd>
      <dt>Headers</dt><dd><code>X-Api-Key</code>: ${t('tokens.automate.key')} ${secret}</dd>
      ${body && html`<dt>Body</dt><dd>${snippet({ text: JSON.stringify(body), label: 'Body' })}</dd>`}
    </dl>`;
}
