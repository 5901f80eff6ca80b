/** Connect your tools: snippets and files that open the feed. @module */
import { copyButton, snippet } from '../lib/above.js';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { Page } from '../lib/page.js';
import { can } from '../lib/session.js';

/**
 * One tool: its name, the key of its sentence, files to open, or text to copy.
 * @typedef {{ id: string, name: string, files?: [href: string, key: string][], text?: (feed: string) => string }} Tool
 */

/** @type {Tool[]} */
const TOOLS = [
  { id: 'powerbi', name: 'Power BI', files: [['/connect/powerbi.pbids', 'connect.powerbi-file'], ['/connect/powerquery.m', 'connect.m-file']] },
  { id: 'excel', name: 'Excel', files: [['/connect/excel.odc', 'connect.excel-file']] },
  {
    id: 'curl', name: 'curl',
    text: (feed) => `curl -H "Authorization: Bearer $TOKEN" \\\n  "${feed}/Tickets?filter=IsClosed%20eq%20false&top=5"`,
  },
  {
    id: 'powershell', name: 'PowerShell',
    text: (feed) => `$me = @{ Authorization = "Bearer $env:TOKEN" }\n(Invoke-RestMethod "${feed}/Tickets?filter=IsClosed eq false&top=5" -Headers $me).value`,
  },
  {
    id: 'python', name: 'Python',
    text: (feed) => `import json, os, urllib.request

request = urllib.request.Request(
    "${feed}/Tickets?filter=IsClosed%20eq%20false&top=5",
    headers={"Authorization": "Bearer " + os.environ["TOKEN"]})
for ticket in json.load(urllib.request.urlopen(request))["value"]:
    print(ticket["Id"], ticket["Title"])`,
  },
  {
    id: 'automate', name: 'Power Automate',
    text: (feed) => `Method   GET
URI      ${feed}/Tickets?filter=IsClosed eq false&top=5
Headers  Accept: application/json
         Authorization: Bearer <token>`,
  },
];

class ConnectPage extends Page {
  pageTitle() {
    return t('connect.title');
  }

  view() {
    const feed = `${location.origin}/odata`;
    const isWelcome = this.query.has('welcome');
    return html`<div class="page medium">
      <div class="stack">
        ${isWelcome && html`<p class="soft">${t('setup.step', { step: 2 })}</p>`}
        <h1 tabindex="-1">${t('connect.title')}</h1>
        ${isWelcome && html`<p class="notice good">${t('connect.welcome')} ${t('connect.later')}</p>`}
        <p class="lead">${t('connect.lead')}</p>
        <p class="row"><span>${t('connect.feed')}</span> <code>${feed}/</code> ${copyButton({ text: `${feed}/` })}</p>
      </div>
      <section class="card" aria-labelledby="token">
        <h2 id="token">${t('connect.make-token')}</h2>
        <p class="soft">${t('connect.make-token-text')}</p>
        <p class="actions">
          ${can('tokens:mint') && html`<a class="button primary" href="/tokens/new?template=powerbi">${t('connect.make-token')}</a>`}
          <a class="button" href="/tickets">${t('connect.to-tickets')}</a>
        </p>
      </section>
      <section class="stack" aria-labelledby="tools">
        <h2 id="tools">${t('connect.tools')}</h2>
        <p class="soft">${t('connect.token-hint')}</p>
        ${TOOLS.map((tool) => card(tool, feed))}
      </section>
    </div>`;
  }
}

/**
 * @param {Tool} tool
 * @param {string} feed
 */
function card(tool, feed) {
  return html`<article class="card" key=${tool.id} aria-labelledby=${`tool-${tool.id}`}>
    <h3 id=${`tool-${tool.id}`}>${tool.name}</h3>
    <p class="soft">${t(`connect.${tool.id}`)}</p>
    ${tool.text && snippet({ text: tool.text(feed), label: t('connect.snippet', { tool: tool.name }) })}
    ${tool.files && html`<p class="actions">${tool.files.map(([href, key]) => html`
      <a class="button" key=${href} href=${href} download>${t(key)}</a>`)}</p>`}
  </article>`;
}

customElements.define('connect-page', ConnectPage);
export default ConnectPage;
