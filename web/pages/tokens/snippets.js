/**
 * Ready lines for the common clients. The secret is never in them: they read it from the environment or ask for it.
 * @module
 */

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
