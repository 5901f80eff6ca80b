// The dashboard: three charts, each with its figures and its address, on a real tracker and on an empty desk.
import { axe, desk, expect, signIn, test } from './support.js';

test.describe('of a real tracker', () => {
  const site = desk('titanium');

  test('each chart is an image with a name, a table beside it, and an address anybody may ask', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, site, 'ada', '/dashboard?days=90');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dashboard');
    const token = await site.token('Administrator');
    for (const name of ['Created and resolved by day', 'Open by priority and age', 'Time to resolution']) {
      const report = page.getByRole('region', { name });
      await expect(report.getByRole('table')).toBeVisible();
      await report.getByRole('button', { name: 'Copy OData URL' }).click();
      const url = await page.evaluate(() => navigator.clipboard.readText());
      const answer = await site.ask(token, url.replace(site.url, ''));
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    }
    const open = await site.ask(token, '/odata/Tickets/$count?$filter=ResolvedDate eq null and ClosedDate eq null');
    await expect(page.getByRole('link', { name: /^Open tickets/ })).toContainText(Number(open.body).toLocaleString('en-GB'));
    await expect(page.getByRole('region', { name: 'Open by priority and age' }).getByRole('img')).toHaveAccessibleName(new RegExp(`${Number(open.body).toLocaleString('en-GB')} open tickets`));
    await axe(page);
  });

  test('another span is another address', async ({ page }) => {
    await signIn(page, site, 'ada', '/dashboard');
    await page.getByRole('link', { name: 'Last 7 days' }).click();
    await expect(page).toHaveURL(/days=7/);
    await expect(page.getByRole('region', { name: 'Created and resolved by day' }).getByRole('row')).toHaveCount(8, { timeout: 30_000 });
  });
});

test.describe('of an empty desk', () => {
  const site = desk('people');

  test('says what to do next', async ({ page }) => {
    await signIn(page, site, 'ben', '/');
    await expect(page.getByRole('heading', { name: 'There are no tickets yet' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Write the first ticket' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Dashboard' })).toHaveAttribute('aria-current', 'page');
    await axe(page);
  });
});
