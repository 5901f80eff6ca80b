// What others do is seen without asking, by all open tabs over one connection, and again after the server was away.
import { desk, expect, signIn, test } from './support.js';

const site = desk('people');

/** Collects in the page what it is told. @param {import('@playwright/test').Page} page */
async function listening(page) {
  await page.evaluate(async () => {
    const build = /** @type {HTMLScriptElement} */ (document.querySelector('script[src]')).src.replace(/main\.js$/, '');
    const { onChange } = await import(`${build}lib/session.js`);
    /** @type {any} */ (globalThis).heard = [];
    onChange(new AbortController().signal, ['Tickets'], (/** @type {unknown} */ news) => /** @type {any} */ (globalThis).heard.push(news));
  });
}

/** The tickets of which the page was told since its stream is open. @param {import('@playwright/test').Page} page */
const told = (page) => page.evaluate(() => /** @type {any} */ (globalThis).heard.flatMap((/** @type {any} */ news, /** @type {number} */ at) => (news === 'reset' ? (at ? [news] : []) : news.map((/** @type {any} */ it) => `${it.kind} ${it.id}`))));

test('two tabs hear of a change over one connection, and the second goes on when the first is closed', async ({ page, context }) => {
  /** @type {string[]} */
  const streams = [];
  context.on('request', (request) => { if (new URL(request.url()).pathname === '/events') streams.push(request.url()); });
  const token = await site.token('Administrator');
  const ticket = async () => (await site.ask(token, '/odata/Tickets', { method: 'POST', body: { Title: 'new' } })).body.Id;
  await signIn(page, site, 'ben', '/profile');
  await listening(page);
  const second = await context.newPage();
  await second.goto(`${site.url}/profile`);
  await listening(second);
  await expect.poll(() => streams.length).toBe(1);
  // It is told to read once more when the stream is open.
  await expect.poll(() => page.evaluate(() => /** @type {any} */ (globalThis).heard)).toEqual(['reset']);
  const first = await ticket();
  await expect.poll(() => told(page), { timeout: 3000 }).toEqual([`Created ${first}`]);
  await expect.poll(() => told(second), { timeout: 3000 }).toEqual([`Created ${first}`]);
  await page.close();
  const next = await ticket();
  await expect.poll(() => told(second), { timeout: 5000 }).toEqual([`Created ${first}`, `Created ${next}`]);
  expect(streams.length).toBe(2);
});

test('what happened while the server was away is told when it is back', async ({ page }) => {
  const token = await site.token('Administrator');
  await signIn(page, site, 'ben', '/profile');
  await listening(page);
  // The stream is open then: what was made before is not told.
  await expect.poll(() => page.evaluate(() => /** @type {any} */ (globalThis).heard)).toEqual(['reset']);
  const ask = (/** @type {string} */ title) => site.ask(token, '/odata/Tickets', { method: 'POST', body: { Title: title } });
  const { body: before } = await ask('before');
  await expect.poll(() => told(page), { timeout: 5000 }).toContain(`Created ${before.Id}`);
  await site.stop();
  await site.start();
  const { body: after } = await ask('after');
  await expect.poll(() => told(page), { timeout: 15_000 }).toEqual([`Created ${before.Id}`, `Created ${after.Id}`]);
});
