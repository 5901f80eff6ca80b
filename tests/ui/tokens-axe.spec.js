// The tokens pages for everybody: nothing axe knows, targets large enough, no overflow at 320 px, nothing told in German is English.
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('people', { TESSERA_USAGE_FLUSH_SECS: '1' });

test.beforeAll(async () => {
  const token = await site.token('Administrator');
  const mint = (/** @type {object} */ body) => site.ask(token, '/odata/AccessTokens/Tessera.Mint', { method: 'POST', body });
  await mint({ Name: 'Power BI', Purpose: 'Weekly report', Role: 'ReadOnlyAgent' });
  await mint({ Name: 'W'.repeat(256), Purpose: 'x'.repeat(1000), Role: 'Agent' });
});

for (const [who, path] of /** @type {const} */ ([['ada', '/tokens'], ['ada', '/tokens/2'], ['cleo', '/tokens/new'], ['cleo', '/tokens/policy'], ['ben', '/tokens']])) {
  test(`${path} for ${who} has no fault that axe knows, and fits`, async ({ page }) => {
    await signIn(page, site, who, path);
    await expect(page.locator('#main > [aria-busy=false] h1')).toBeVisible();
    for (const summary of await page.locator('main summary').all()) await summary.click();
    await axe(page);
    for (const width of [1440, 1024, 390, 320]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `${width} px`).toBeLessThanOrEqual(width);
    }
    const small = await page.locator('main :is(a[href], button, input, select, summary)').evaluateAll((found) => found
      .filter((one) => !one.closest('p, dd, li, th') && one.checkVisibility())
      // A box and its label are one target.
      .map((one) => ({ box: (one.matches('[type=checkbox], [type=radio]') ? one.parentElement ?? one : one).getBoundingClientRect(), text: one.outerHTML.slice(0, 120) }))
      .filter(({ box }) => box.width > 0 && (box.width < 23.5 || box.height < 23.5))
      .map(({ box, text }) => `${Math.round(box.width)}x${Math.round(box.height)} ${text}`));
    expect(small).toEqual([]);
  });
}

test('dialogs have no fault that axe knows', async ({ page }) => {
  await signIn(page, site, 'ada', '/tokens');
  await page.getByRole('button', { name: 'Columns' }).click();
  await expect(page.getByRole('dialog', { name: 'Columns' })).toBeVisible();
  await axe(page);
  await page.getByRole('radio', { name: 'Compact' }).check();
  await page.getByRole('checkbox', { name: 'Denied' }).check();
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('columnheader', { name: 'Denied' })).toBeVisible();
  await page.getByRole('button', { name: 'More for Power BI' }).click();
  await axe(page);
  await page.getByRole('menuitem', { name: 'Test' }).click();
  const dialog = page.getByRole('dialog', { name: 'Test “Power BI”' });
  await dialog.getByLabel('Secret').fill('tsr_ro_nonsense');
  await dialog.getByRole('button', { name: 'Test now' }).click();
  await expect(dialog.getByText('401')).toBeVisible();
  await axe(page);
});

test('the policy is changed, and both versions are shown when somebody else was quicker', async ({ page }) => {
  await signIn(page, site, 'ada', '/tokens/policy');
  await page.getByLabel('Longest life, hours').fill('2160');
  await expect(page.getByText('That is 90 days.')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved', { exact: true }).first()).toBeVisible();
  const token = await site.token('Administrator');
  await site.ask(token, '/odata/TokenPolicies(1)', { method: 'PATCH', body: { LifetimeMaxHours: 1000 } });
  await page.getByLabel('Longest life, hours').fill('720');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('yours: 720 · theirs: 1000')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Keep mine and save again' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.goto(`${site.url}/tokens/new`);
  await expect(page.getByText('At most 30 days, by the policy.')).toBeVisible();
  await expect(page.getByRole('radio', { name: '60 days' })).toHaveCount(0);
});

test('in German every text is German', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'de-DE' });
  const page = await context.newPage();
  await signIn(page, site, 'ada', '/tokens');
  await expect(page.getByRole('heading', { level: 1, name: 'Zugangstoken' })).toBeVisible();
  for (const path of ['/tokens', '/tokens/new', '/tokens/2', '/tokens/policy']) {
    await page.goto(site.url + path);
    await expect(page.locator('#main > [aria-busy=false] h1')).toBeVisible();
    expect(await page.locator('main').textContent(), path).not.toMatch(/tokens\.[a-z]|\{\w+\}/);
  }
  await context.close();
});
