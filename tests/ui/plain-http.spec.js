// Over plain HTTP from another machine a browser gives a page less: no secure context, no Sec-Fetch-Site, no clipboard.
import { CHROMIUM } from './places.js';
import { PASSWORD, desk, email, expect, test } from './support.js';

test.use({ launchOptions: { executablePath: CHROMIUM, args: ['--host-resolver-rules=MAP desk.test 127.0.0.1'] } });

const site = desk('people');

test('one signs in, writes and copies there too, and no browser asks for a password by itself', async ({ page, troubles }) => {
  await page.goto(`${site.url.replace('127.0.0.1', 'desk.test')}/people/customers`);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await page.getByLabel('E-mail address').fill(email('ada'));
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'New customer' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Far away');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('rowheader', { name: 'Far away' })).toBeVisible();
  await page.getByRole('button', { name: 'Copy OData URL' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeAttached();
  await page.getByRole('button', { name: 'Account of Ada' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in');
  // The name is another than that of the machine: what the fixture calls a stranger is the server itself.
  expect(troubles.splice(0).filter((trouble) => !trouble.includes('asked a stranger: http://desk.test'))).toEqual([]);
});
