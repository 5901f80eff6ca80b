// Every dialog and menu, opened as people open it: what it tells who listens to it.
import { fill } from './sample.js';
import { PASSWORD, desk, expect, signIn, test } from './support.js';
import { tells } from './told.js';

const site = desk('people');

test.describe.configure({ mode: 'parallel' });
test.beforeAll(() => fill(site));

/** @typedef {import('@playwright/test').Page} Page */

/** @param {Page} page @param {string | RegExp} name */
const press = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' }).first().click();
/** @param {Page} page @param {string} menu @param {string | RegExp} item */
async function choose(page, menu, item) {
  await press(page, menu);
  await page.getByRole('menuitem', { name: item, exact: typeof item === 'string' }).click();
}

/**
 * Opens dialogs one after the other; each must tell what it is meant to, and goes away with Escape.
 * @param {Page} page @param {Record<string, () => Promise<unknown>>} dialogs
 */
async function each(page, dialogs) {
  for (const [name, open] of Object.entries(dialogs)) {
    await test.step(name, async () => {
      await open();
      const part = page.getByRole(name.endsWith('-menu') ? 'menu' : 'dialog').last();
      await expect(part).toBeVisible();
      await tells(part, name);
      await page.keyboard.press('Escape');
      await expect(part).toBeHidden();
    });
  }
}

/** @param {Page} page @param {string} path */
async function at(page, path) {
  await signIn(page, site, 'ada', path);
  await expect(page.locator('#main > [aria-busy=false] h1')).toBeVisible();
}

test('a dialog goes with the page it was opened on', async ({ page }) => {
  await at(page, '/teams');
  await page.getByRole('link', { name: 'People' }).click();
  await press(page, 'New customer');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Teams' })).toBeFocused();
  await expect(dialog).toBeHidden();
});

test('those of the list of tickets', async ({ page }) => {
  await at(page, '/tickets?view=1');
  await each(page, {
    'account-menu': () => press(page, 'Account of Ada'),
    'tickets-elsewhere-menu': () => press(page, 'Use elsewhere'),
    'tickets-columns': () => press(page, 'Columns'),
    'tickets-keys': () => press(page, 'Keys'),
    'tickets-filter': () => press(page, '+ Filter'),
    'tickets-view-menu': () => press(page, /What to do with the view/),
    'tickets-view-rename': () => choose(page, 'What to do with the view Printers', 'Rename'),
    'tickets-view-delete': () => choose(page, 'What to do with the view Printers', 'Delete the view'),
    'tickets-status': async () => {
      await page.getByLabel('Mark all rows shown').check();
      await press(page, 'Status');
    },
  });
  await page.goto(`${site.url}/tickets?filter=Id+gt+3`);
  await each(page, { 'tickets-view-save': () => press(page, 'Save as a new view') });
});

test('those of a ticket', async ({ page }) => {
  await at(page, '/tickets/2');
  await expect(page.getByLabel('Priority').locator('option')).not.toHaveCount(2);
  const token = await site.token('Administrator');
  await each(page, {
    'ticket-menu': () => press(page, 'More for ticket 2'),
    'ticket-delete': () => choose(page, 'More for ticket 2', /Delete/),
    'ticket-conflict': async () => {
      await page.getByLabel('External reference').fill('mine');
      await site.ask(token, '/odata/Tickets(2)', { method: 'PATCH', body: { ExternalReference: 'theirs' } });
      await page.getByLabel('External reference').press('Enter');
    },
  });
});

test('those of tokens', async ({ page }) => {
  await at(page, '/tokens');
  const more = 'More for Phone system';
  await each(page, {
    'tokens-views-menu': () => press(page, 'Views'),
    'tokens-view-save': () => choose(page, 'Views', 'Save this view'),
    'tokens-columns': () => press(page, 'Columns'),
    'tokens-export-menu': () => press(page, 'Export'),
    'token-menu': () => press(page, more),
    'token-test': () => choose(page, more, 'Test'),
    'token-rotate': () => choose(page, more, 'Rotate'),
    'token-change': () => choose(page, more, 'Change'),
    'token-revoke': () => choose(page, more, 'Revoke'),
  });
});

test('a new secret, leaving it, and a policy that was not saved', async ({ page }) => {
  await at(page, '/tokens/new');
  await press(page, 'Make token');
  await expect(page.getByRole('heading', { name: /is made$/ })).toBeVisible();
  await tells(page.getByRole('main'), 'token-made');
  await each(page, { 'token-leave': () => page.getByRole('link', { name: 'Done' }).click() });
  await press(page, 'I have stored it');
  await page.goto(`${site.url}/tokens/policy`);
  await page.getByLabel('Revoke when idle, days').fill('60');
  await each(page, { 'policy-leave': () => page.getByRole('link', { name: 'Tickets' }).click() });
});

test('those of customers and staff, the password again, and a set-up link', async ({ page }) => {
  await at(page, '/people/customers');
  await each(page, {
    'customer-menu': () => press(page, 'Actions for Mei Tanaka'),
    'customer-new': () => press(page, 'New customer'),
    'customer-edit': () => choose(page, 'Actions for Mei Tanaka', 'Edit'),
    'customer-delete': () => choose(page, 'Actions for Mei Tanaka', 'Delete'),
  });
  await page.goto(`${site.url}/people/users`);
  const make = 'Make a set-up link';
  await each(page, {
    'staff-menu': () => press(page, 'Actions for Dan'),
    'staff-new': () => press(page, 'New member of staff'),
    'staff-edit': () => choose(page, 'Actions for Dan', 'Edit'),
    'staff-disable': () => choose(page, 'Actions for Dan', 'Disable'),
    'staff-delete': () => choose(page, 'Actions for Dan', 'Delete'),
    'password-again': () => choose(page, 'Actions for Dan', make),
  });
  await choose(page, 'Actions for Dan', make);
  await page.getByRole('dialog').getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Set-up link' })).toBeVisible();
  await tells(page.getByRole('dialog'), 'staff-link');
});

test('those of teams and lists', async ({ page }) => {
  await at(page, '/teams');
  await each(page, {
    'team-menu': () => press(page, 'Actions for Network'),
    'team-new': () => press(page, 'New team'),
    'team-members': () => choose(page, 'Actions for Network', 'Members'),
    'team-delete': () => choose(page, 'Actions for Network', 'Delete'),
  });
  await page.goto(`${site.url}/settings/pickers?list=Categories`);
  await each(page, {
    'list-menu': () => press(page, 'Actions for Hardware'),
    'list-rename': () => choose(page, 'Actions for Hardware', 'Rename'),
    'list-delete': () => choose(page, 'Actions for Hardware', 'Delete'),
  });
});

test('signing in again where one stands, and ending other sessions', async ({ page }) => {
  await at(page, '/profile');
  await each(page, { 'sessions-end': () => press(page, 'End all others') });
  await page.context().clearCookies();
  await press(page, 'End all others');
  await page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click();
  await expect(page.getByRole('dialog', { name: /Sign in again/ })).toBeVisible();
  await tells(page.getByRole('dialog'), 'sign-in-again');
});
