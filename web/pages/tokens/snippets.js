/**
 * Ready lines for the common clients, and the tabs they stand in. The secret is never in them: they read it from the
 * environment or ask for it.
 * @module
 */
import { snippet } from '../../lib/above.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';

/** Tabs, in the order they stand. */
export const TABS = ['curl', 'powershell', 'powerbi', 'automate', 'python'];

/** The variable that every snippet reads. */
export const VARIABLE = 'TESSERA_TOKEN';

/**
 * The request a token with these rights can try first.
 * @param {readonly string[]} scopes
 * @returns {{ method: 'GET' | 'POST', path: string, body: Record<string, string> | null, list: boolean }}
 */
export function firstRequest(scopes) {
  const reads = /** @type {const} */ ([
    ['tickets:read', 'Tickets'], ['customers:read', 'Customers'], ['comments:read', 'Comments'], ['users:read', 'Users'],
    ['teams:read', 'Teams'], ['audit:read', 'AuditEvents'],
  ]);
  if (scopes.includes('tickets:create') && !scopes.includes('tickets:read')) {
    return { method: 'POST', path: 'Tickets', body: { Title: 'Printer is jammed' }, list: false };
  }
  const found = reads.find(([scope]) => scopes.includes(scope));
  if (found) return { method: 'GET', path: `${found[1]}?top=5`, body: null, list: true };
  return { method: 'GET', path: 'Me()', body: null, list: false };
}

/**
 * The text of a tab that is code.
 * @param {'curl' | 'powershell' | 'python'} tab
 * @param {{ feed: string, scopes: readonly string[] }} of `feed` is the address that ends in /odata
 * @returns {string}
 */
export function code(tab, { feed, scopes }) {
  const first = firstRequest(scopes);
  switch (tab) {
    case 'curl':
      return curl(feed, first);
    case 'powershell':
      return powershell(feed, first);
    case 'python':
      return python(feed, first);
    default:
      throw new TypeError(`no code for ${tab}`);
  }
}

/** @typedef {ReturnType<typeof firstRequest>} First */

/** @param {string} feed @param {First} first */
function curl(feed, { method, path, body }) {
  const post = body ? [` -X ${method} -H "Content-Type: application/json"`, ` -d '${JSON.stringify(body)}'`] : [];
  const parts = [`curl -H "Authorization: Bearer $${VARIABLE}"`, ...post, ` "${feed}/${path}"`];
  return ['set -a; . ./tessera.env; set +a', parts.join(' \\\n ')].join('\n');
}

/** @param {string} feed @param {First} first */
function powershell(feed, { method, path, body, list }) {
  const call = `Invoke-RestMethod "$feed/${path}" -Headers $me`;
  const json = body && `$body = @{ ${Object.entries(body).map(([name, value]) => `${name} = '${value}'`).join('; ')} } | ConvertTo-Json`;
  return [
    `$token = Read-Host 'Token' -AsSecureString`,
    `$feed = '${feed}'`,
    `$plain = [System.Net.NetworkCredential]::new('', $token).Password`,
    '$me = @{ Authorization = "Bearer $plain" }',
    ...(json ? [json, `${call} -Method ${method === 'POST' ? 'Post' : 'Get'} -Body $body -ContentType 'application/json; charset=utf-8'`] : []),
    ...(json ? [] : [list ? `(${call}).value` : call]),
  ].join('\n');
}

/** @param {string} feed @param {First} first */
function python(feed, { path, body, list }) {
  return [
    'import json, os, urllib.request',
    `headers = {"Authorization": "Bearer " + os.environ["${VARIABLE}"]${body ? ', "Content-Type": "application/json"' : ''}}`,
    ...(body ? [`body = json.dumps(${JSON.stringify(body)}).encode()`] : []),
    `request = urllib.request.Request("${feed}/${path}", ${body ? 'body, ' : ''}headers=headers)`,
    `print(json.load(urllib.request.urlopen(request))${list ? '["value"]' : ''})`,
  ].join('\n');
}

/**
 * The line of a file for programs that read their settings from the environment.
 * @param {string} feed
 * @param {string} secret
 */
export function envFile(feed, secret) {
  return `TESSERA_FEED=${feed}\n${VARIABLE}=${secret}\n`;
}

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
      return html`<ol class="token-steps">
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
