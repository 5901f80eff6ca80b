// Texts of strangers are texts: none of them becomes markup, runs, or makes the page ask for anything.
import { desk, expect, signIn, test } from './support.js';

const site = desk('titanium');

/** Each would call `pwned` if a page took it for more than a text. */
const HOSTILE = [
  '<script>pwned()</script>',
  '<img src=x onerror=pwned()>',
  '"><svg onload=pwned()>',
  "' onmouseover='pwned()' autofocus onfocus='pwned()",
  '</textarea></title><script>pwned()</script>',
  '<iframe srcdoc="<script>parent.pwned()</script>">',
  '<a href="javascript:pwned()">here</a> javascript:pwned()',
  '<style>@import "//example.com/x.css"; * { background: url(//example.com/y) }</style>',
  '<form action=//example.com><input name=password autofocus onfocus=pwned()><button>Sign in',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=pwned()>',
  '<template shadowrootmode=open><slot onslotchange=pwned()></slot></template>',
  '<details open ontoggle=pwned()><meta http-equiv=refresh content="0;url=//example.com">',
  '${pwned()} {{constructor.constructor("pwned()")()}} <%= pwned() %>',
  '\u202Etxt.exe\u202C \u0000\u0008\u001B[31m <base href=//example.com/>',
  '<object data="data:text/html,<script>pwned()</script>"><embed src=x>',
  '<noscript><p title="</noscript><img src onerror=pwned()>">',
];

/** Fails when something ran. @param {import('@playwright/test').Page} page */
async function watched(page) {
  await page.addInitScript(() => {
    // A name that stays when the page is left for another.
    /** @type {any} */ (globalThis).pwned = () => sessionStorage.setItem('pwned', 'yes');
  });
  page.on('dialog', (dialog) => { throw new Error(`a dialog: ${dialog.message()}`); });
}

/** @param {import('@playwright/test').Page} page */
async function nothingRan(page) {
  await expect(page.locator('main h1').first()).toBeVisible();
  await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
  const found = await page.evaluate(() => ({
    ran: sessionStorage.getItem('pwned'),
    foreign: [...document.querySelectorAll('script:not([src^="/ui/"]), iframe, object, embed, base, meta[http-equiv], img:not([src^="blob:"]):not([src*="/ui/"]), [onerror], [onload], [onfocus], [ontoggle], a[href^="javascript:"]')].map((one) => one.outerHTML.slice(0, 200)),
  }));
  expect(found, page.url()).toEqual({ ran: null, foreign: [] });
}

test('hostile texts in every field are shown as texts', async ({ page }) => {
  test.setTimeout(120_000);
  await watched(page);
  const token = await site.token('Administrator');
  const post = async (/** @type {string} */ path, /** @type {object} */ body) => {
    const { status, body: made } = await site.ask(token, path, { method: 'POST', body });
    expect(status, JSON.stringify(made)).toBeLessThan(300);
    return made;
  };
  const first = await post('/odata/Tickets', { Title: HOSTILE.join(' ').replace(/[\u0000-\u001F]/g, ''), Description: HOSTILE.join('\n'), Tags: ['<b>tag</b>', '"><img src onerror=pwned()>'], RequesterEmail: 'x@evil.example' });
  for (const text of HOSTILE) {
    await post(`/odata/Tickets(${first.Id})/Tessera.Reply`, { Body: text });
    await post(`/odata/Tickets(${first.Id})/Tessera.AddNote`, { Body: text });
  }
  const plain = HOSTILE.map((text) => text.replace(/[\u0000-\u001F]/g, ''));
  for (const [at, text] of plain.entries()) await post('/odata/Tickets', { Title: `${text} hostile`, ExternalReference: `H${at}` });
  await post('/odata/Customers', { Name: plain[1], Company: plain[0], Email: 'y@evil.example' });
  await post('/odata/Teams', { Name: plain[2].slice(0, 60), Description: plain[1] });
  await post('/odata/SavedViews', { Name: plain[1], EntitySet: 'Tickets', Query: '$filter=Title eq \'<img src onerror=pwned()>\'', IsShared: true });
  await post('/odata/AccessTokens/Tessera.Mint', { Name: plain[1], Purpose: plain[0], Role: 'ReadOnlyAgent' });
  await signIn(page, site, 'ada', `/tickets/${first.Id}`);
  await nothingRan(page);
  await expect(page.getByText(HOSTILE[1], { exact: false }).first()).toBeVisible();
  const asked = encodeURIComponent("contains(Title,'hostile')");
  for (const path of ['/tickets', `/tickets?filter=${asked}`, '/tickets?search=%3Cimg%20src%20onerror%3Dpwned()%3E', '/tokens', '/people/customers', '/people/users', '/teams', '/audit', '/dashboard', '/settings/pickers']) {
    await page.goto(site.url + path);
    await nothingRan(page);
  }
});

test('addresses that somebody was talked into opening run nothing', async ({ page }) => {
  await watched(page);
  await signIn(page, site, 'ben');
  for (const path of ['/sign-in?next=javascript:pwned()', '/sign-in?next=//example.com', '/tickets?filter=%3Cscript%3Epwned()%3C/script%3E', '/%3Cscript%3Epwned()%3C/script%3E', '/tickets/1?x=%22%3E%3Cimg%20src%20onerror=pwned()%3E#%3Cimg%20src%20onerror=pwned()%3E', '/no-access?needs=%3Cimg%20src%20onerror=pwned()%3E']) {
    await page.goto(site.url + path);
    await nothingRan(page);
    expect(new URL(page.url()).origin).toBe(new URL(site.url).origin);
  }
});

test('what real people pasted into tickets runs nothing', async ({ page }) => {
  test.setTimeout(120_000);
  await watched(page);
  const token = await site.token('Agent');
  const has = (/** @type {string} */ text) => `contains(Description,'${text}') or Comments/any(c:contains(c/Body,'${text}'))`;
  const filter = ['<script', '<img', '<iframe', '\u001B'].map(has).join(' or ');
  const { body } = await site.ask(token, `/odata/Tickets?$filter=${encodeURIComponent(filter)}&$select=Id&$top=25`);
  expect(body.value.length).toBeGreaterThan(10);
  await signIn(page, site, 'ben', '/tickets');
  for (const { Id } of body.value) {
    await page.goto(`${site.url}/tickets/${Id}`);
    await nothingRan(page);
  }
});
