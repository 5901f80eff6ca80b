// From the set-up link to connected tools; signing in and out; profile and sessions.
import { axe, desk, expect, test } from './support.js';

const site = desk('new');
const PASSWORD = 'a sentence with words';
let used = '';

test('the set-up link leads through the first administrator to connected tools', async ({ page }) => {
  used = (await site.setupLink()).replace(/^https?:\/\/[^/]+/, site.url);
  await page.goto(used);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome to Tessera');
  expect(page.url()).toBe(`${site.url}/setup`);
  await axe(page);
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('E-mail address').fill('ada@x.example');
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Make the administrator' }).click();
  await expect(page.getByLabel('New password')).toBeFocused();
  await expect(page.getByLabel('New password')).toHaveAccessibleDescription(/It takes 10 to 256 characters/);
  await expect(page.getByLabel('Name')).toHaveValue('Ada');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Connect your tools');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  for (const tool of ['Power BI', 'Excel', 'curl', 'PowerShell', 'Python', 'Power Automate']) {
    await expect(page.getByRole('article', { name: tool })).toBeVisible();
  }
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /\.pbids/ }).click()]);
  expect(file.suggestedFilename()).toBe('tessera.pbids');
  await axe(page);
  await page.goBack();
  expect(page.url()).not.toContain('tsl_');
});

test('a link that was used says so and takes another', async ({ page }) => {
  await page.goto(used);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no set-up link here');
  await expect(page.getByText('This link was used')).toBeVisible();
  await page.getByLabel('Or paste the link here').fill('nonsense');
  await page.getByRole('button', { name: 'Use this link' }).click();
  await expect(page.getByLabel('Or paste the link here')).toHaveAccessibleDescription(/no set-up link/);
  await axe(page);
});

/** @param {import('@playwright/test').Page} page @param {string} password */
async function fillIn(page, password) {
  await page.getByLabel('E-mail address').fill('ada@x.example');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
}

test('who signs in comes to where they wanted to go, and out again', async ({ page }) => {
  await page.goto(`${site.url}/profile`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByLabel('E-mail address')).toBeFocused();
  await fillIn(page, 'not the password');
  await expect(page.getByRole('alert')).toContainText('do not go together');
  await expect(page.getByLabel('E-mail address')).toHaveValue('ada@x.example');
  await fillIn(page, PASSWORD);
  await expect(page).toHaveURL(`${site.url}/profile`);
  await expect(page).toHaveTitle('Profile · Tessera');
  await page.evaluate(() => localStorage.setItem('tessera:draft:1:7', 'text'));
  await page.getByRole('button', { name: 'Account of Ada' }).click();
  await axe(page);
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect(await page.evaluate(() => localStorage.getItem('tessera:draft:1:7'))).toBeNull();
  await page.goto(`${site.url}/profile`);
  await expect(page).toHaveURL(/\/sign-in/);
});

test('a stranger cannot choose where one lands after signing in', async ({ page }) => {
  for (const next of ['//evil.example/', '/\\evil.example/', '/\t/evil.example/', 'https://evil.example/', 'javascript:alert(1)', 'http://[', `${site.url}//evil.example/`]) {
    await page.context().clearCookies();
    await page.goto(`${site.url}/sign-in?next=${encodeURIComponent(next)}`);
    await fillIn(page, PASSWORD);
    await expect(page, next).toHaveURL(`${site.url}/`);
  }
});

test('language and colours are chosen and stay', async ({ page }) => {
  await page.goto(`${site.url}/sign-in?next=/profile`);
  await fillIn(page, PASSWORD);
  await page.getByLabel('Theme').selectOption('dark');
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
  await page.getByLabel('Language', { exact: true }).selectOption('de');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Profil');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Meine Sitzungen' })).toBeVisible();
  await axe(page);
});

test('other sessions are seen and ended, and a changed password ends them too', async ({ page, browser }) => {
  await page.goto(`${site.url}/sign-in?next=/profile`);
  await fillIn(page, PASSWORD);
  const other = await browser.newContext();
  const elsewhere = await other.newPage();
  await elsewhere.goto(`${site.url}/sign-in?next=/profile`);
  await fillIn(elsewhere, PASSWORD);
  await expect(elsewhere.getByRole('heading', { level: 1 })).toHaveText('Profile');
  await page.reload();
  await page.getByRole('button', { name: 'End all others' }).click();
  const dialog = page.getByRole('dialog', { name: 'End all other sessions?' });
  await axe(page);
  await dialog.getByRole('button', { name: 'End all others' }).click();
  await expect(page.getByRole('row')).toHaveCount(2);
  await elsewhere.reload();
  await expect(elsewhere).toHaveURL(/\/sign-in/);
  await other.close();
  await page.getByLabel('Password now').fill('not it at all');
  await page.getByLabel('New password').fill('another sentence');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByLabel('Password now')).toHaveAccessibleDescription(/wrong/);
  await page.getByLabel('Password now').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The password was changed' })).toBeAttached();
});
