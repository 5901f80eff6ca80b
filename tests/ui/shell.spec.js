// The page before anybody signed in: what it loads, what it is without JavaScript, and what it may never do.
import { axe, desk, expect, test } from './support.js';

const site = desk('people');

test('everything the page loads is kept for good or asked for each time, and comes from one origin', async ({ page }) => {
  /** @type {string[]} */
  const asked = [];
  page.on('response', (response) => asked.push(new URL(response.url()).pathname));
  await page.goto(site.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const files = asked.filter((path) => path.startsWith('/ui/'));
  expect(files.length).toBeGreaterThan(3);
  for (const path of files) expect(path).toMatch(/^\/ui\/[0-9a-f]{16}\//);
});

test('where the server refuses to say who is signed in, one can sign in', async ({ page }) => {
  await page.route('**/session', (route) => route.fulfill({ status: 403, json: { error: { code: 'CrossSiteRequest', message: 'no' } } }));
  await page.goto(site.url);
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
});

test('the page has no fault that axe knows', async ({ page }) => {
  await page.goto(site.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await axe(page);
});

test('no text becomes markup or a script, whoever tries', async ({ page, troubles }) => {
  await page.goto(site.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const refused = await page.evaluate(() => {
    const tries = [
      () => { document.body.innerHTML = '<b>no</b>'; },
      () => { document.body.insertAdjacentHTML('beforeend', '<b>no</b>'); },
      () => { document.createElement('script').text = 'no()'; },
      () => { /** @type {any} */ (window).trustedTypes.createPolicy('stranger', {}); },
    ];
    return tries.filter((attempt) => { try { attempt(); return false; } catch { return true; } }).length;
  });
  expect(refused).toBe(4);
  expect(troubles.splice(0).length).toBeGreaterThan(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the page says what it needs and what can be done without it', async ({ page }) => {
    await page.goto(site.url);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Tessera');
    await expect(page.locator('noscript .lead')).toContainText('needs JavaScript');
    await expect(page.locator('noscript .lead')).toBeVisible();
    await expect(page.getByRole('link', { name: '/odata/', exact: true })).toBeVisible();
  });
});
