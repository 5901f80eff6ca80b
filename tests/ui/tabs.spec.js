// Several tabs of one browser: who signs out is gone from all of them, and who signs in again hears again.
import { desk, expect, PASSWORD, signIn, test } from './support.js';

const site = desk('people');

/** @param {import('@playwright/test').Page} page */
async function signOut(page) {
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Password', { exact: true })).toBeVisible();
}

/** @param {import('@playwright/test').Page} page */
async function signInByForm(page) {
  await page.getByLabel('E-mail address').fill('ben@x.example');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('button', { name: /Account of/ })).toBeVisible();
}

/** A ticket, made by a script. @param {string} title @returns {Promise<number>} */
async function ticket(title) {
  const token = await site.token('Agent');
  const { body } = await site.ask(token, '/odata/Tickets', { method: 'POST', body: { Title: title } });
  return body.Id;
}

test('signing out in one tab ends all of them, with what was begun there', async ({ page, context }) => {
  const id = await ticket('Shared machine');
  await signIn(page, site, 'ben', `/tickets/${id}`);
  await page.getByLabel(/^Reply/).last().fill('Half a sentence');
  const other = await context.newPage();
  await other.goto(`${site.url}/profile`);
  await signOut(other);
  await expect(page).toHaveURL(`${site.url}/sign-in?next=${encodeURIComponent(`/tickets/${id}`)}`);
  await expect(page.getByText('Half a sentence')).toHaveCount(0);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('tessera:draft:')))).toEqual([]);
  await signInByForm(other);
  await expect(page).toHaveURL(`${site.url}/tickets/${id}`);
});

test('changes are heard again after signing in again in another tab', async ({ page, context }) => {
  await signIn(page, site, 'ben', '/tickets');
  await expect(page.getByRole('row')).not.toHaveCount(0);
  const other = await context.newPage();
  await other.goto(`${site.url}/tickets`);
  await expect(other.getByRole('row')).not.toHaveCount(0);
  await signOut(other);
  await signInByForm(other);
  await other.goto(`${site.url}/tickets`);
  await expect(other.getByRole('row')).not.toHaveCount(0);
  await ticket('Made meanwhile');
  await expect(other.getByRole('button', { name: /new/i }).filter({ hasText: '1' })).toBeVisible();
});

test('an address to write to holds nothing else', async ({ page }) => {
  const token = await site.token('Agent');
  const made = await site.ask(token, '/odata/Customers', { method: 'POST', body: { Name: 'Odd', Email: 'a?bcc=x%0ay&b@evil.example' } });
  expect(made.status).toBe(201);
  await signIn(page, site, 'ben', '/people/customers');
  await expect(page.getByRole('link', { name: 'a?bcc' })).toHaveAttribute('href', 'mailto:a%3Fbcc%3Dx%250ay%26b@evil.example');
});
