// Customers, staff, teams, lists and the audit log, with the edits one's rights allow.
import { PASSWORD, axe, desk, expect, signIn, test } from './support.js';

const site = desk('people');

/** @param {import('@playwright/test').Page} page @param {string} name @param {string} item */
async function choose(page, name, item) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

test('a customer is made, found, changed and deleted', async ({ page }) => {
  await signIn(page, site, 'ada', '/people/customers');
  await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
  await axe(page);
  for (const [name, company] of [['Grete Müller', 'Contoso'], ['Old Town "Bakery" <b>', 'Bakery']]) {
    await page.getByRole('button', { name: 'New customer' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'New customer' });
    await dialog.getByLabel('Name').fill(name ?? '');
    await dialog.getByLabel('Company').fill(company ?? '');
    if (company === 'Bakery') await dialog.getByLabel('E-mail address').fill('no address@');
    if (company === 'Bakery') await dialog.getByLabel('E-mail address').fill('oven@bakery.example');
    await axe(page);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByRole('rowheader', { name: name ?? '' })).toBeVisible();
  }
  await page.getByLabel('Search').fill('BAKE');
  await expect(page.getByRole('row')).toHaveCount(2);
  await expect(page).toHaveURL(/\?q=BAKE$/);
  await page.reload();
  await expect(page.getByLabel('Search')).toHaveValue('BAKE');
  await expect(page.getByRole('row')).toHaveCount(2);
  await choose(page, 'Old Town', 'Edit');
  await page.getByLabel('VIP').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('rowheader', { name: /VIP/ })).toBeVisible();
  await choose(page, 'Old Town', 'Delete');
  await axe(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
});

test('the order stands in the address, and the address of the feed gives the same', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, site, 'ada', '/people/users');
  await page.getByRole('button', { name: 'Role' }).click();
  await page.getByRole('button', { name: 'Role' }).click();
  await expect(page.getByRole('columnheader', { name: 'Role' })).toHaveAttribute('aria-sort', 'descending');
  await expect(page).toHaveURL(/sort=Role&desc/);
  await page.getByRole('button', { name: 'Copy OData URL' }).click();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  const token = await site.token('Administrator');
  const answer = await site.ask(token, url.replace(site.url, ''));
  expect(answer.status).toBe(200);
  const shown = await page.getByRole('rowheader').allTextContents();
  expect(answer.body.value.map((/** @type {{ Name: string }} */ row) => row.Name)).toEqual(shown.map((name) => name.replace('You', '').trim()));
});

test('a new member of staff gets a link, shown once the password was given again, and signs in with it', async ({ page, browser }) => {
  await signIn(page, site, 'ada', '/people/users');
  await page.getByRole('button', { name: 'New member of staff' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Eve');
  await page.getByRole('dialog').getByLabel('E-mail address').fill('eve@x.example');
  await page.getByRole('button', { name: 'Create' }).click();
  const confirm = page.getByRole('dialog', { name: 'Your password again' });
  await confirm.getByLabel('Password').fill(PASSWORD);
  await axe(page);
  await page.keyboard.press('Enter');
  const link = await page.getByRole('dialog', { name: 'Set-up link' }).locator('output').textContent();
  await axe(page);
  await page.getByRole('button', { name: 'Close', exact: true }).first().click();
  const other = await browser.newContext({ locale: 'en-GB' });
  const theirs = await other.newPage();
  await theirs.goto(link ?? '');
  await theirs.getByLabel('New password').fill('the password of Eve');
  await theirs.keyboard.press('Enter');
  await expect(theirs.getByRole('button', { name: 'Account of Eve' })).toBeVisible({ timeout: 30_000 });
  await choose(page, 'Eve', 'Disable');
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByRole('row', { name: /Eve/ })).toContainText('Disabled');
  await theirs.reload();
  await expect(theirs).toHaveURL(/\/sign-in/, { timeout: 30_000 });
  await other.close();
});

test('what the server refuses is said, and stays until it was read', async ({ page }) => {
  await signIn(page, site, 'ada', '/people/users');
  await choose(page, 'Ada', 'Disable');
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  const said = page.getByRole('region', { name: 'Messages' });
  await expect(said).toContainText('Not as things stand');
  await axe(page);
  await said.getByRole('button', { name: 'Close' }).click();
  await expect(said).toBeHidden();
  await expect(page.getByRole('row', { name: /Ada/ })).toContainText('Active');
});

test('a team is made and people are put in and taken out', async ({ page }) => {
  await signIn(page, site, 'ada', '/teams');
  await page.getByRole('button', { name: 'New team' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Network');
  await page.getByRole('button', { name: 'Create' }).click();
  await choose(page, 'Network', 'Members');
  const dialog = page.getByRole('dialog', { name: 'Members of Network' });
  await dialog.getByLabel('Ben').check();
  await expect(dialog.getByRole('status')).toHaveText('Ben is in');
  await dialog.getByLabel('Cleo').check();
  await expect(dialog.getByRole('status')).toHaveText('Cleo is in');
  await dialog.getByLabel('Cleo').uncheck();
  await expect(dialog.getByRole('status')).toHaveText('Cleo is out');
  await axe(page);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('row', { name: /Network/ })).toContainText('Ben');
  await choose(page, 'Network', 'Archive');
  await expect(page.getByRole('row', { name: /Network/ })).toHaveCount(0);
  await page.getByLabel('State').selectOption('1');
  await expect(page.getByRole('row', { name: /Network/ })).toContainText('Archived');
  await axe(page);
});

test('entries of a list are added, renamed, ordered by buttons and archived', async ({ page }) => {
  await signIn(page, site, 'ada', '/settings/pickers?list=Categories');
  for (const name of ['Hardware', 'Software']) {
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Add' }).click();
    await expect(page.getByRole('rowheader', { name })).toBeVisible();
    await expect(page.getByLabel('Name')).toHaveValue('');
  }
  await page.getByRole('button', { name: 'Move Software up' }).click();
  await expect(page.getByRole('rowheader').last()).toHaveText('Hardware');
  await expect(page.getByRole('button', { name: 'Move Software up' })).toBeFocused();
  await page.reload();
  await expect(page.getByRole('rowheader').last()).toHaveText('Hardware');
  await choose(page, 'Hardware', 'Rename');
  await page.getByRole('dialog').getByLabel('Name').fill('Devices');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('rowheader', { name: 'Devices' })).toBeVisible();
  await choose(page, 'Devices', 'Archive');
  await expect(page.getByRole('row', { name: /Devices/ })).toContainText('Archived');
  await page.getByRole('link', { name: 'Statuses' }).click();
  await page.getByRole('button', { name: 'Actions for New' }).click();
  await expect(page.getByRole('menuitem', { name: /^Archive/ })).toContainText('The default cannot be archived');
  await axe(page);
});

test('the audit log tells who did what, and each condition stands in the address', async ({ page }) => {
  const token = await site.token('Administrator');
  const made = await site.ask(token, '/odata/Users', { method: 'POST', body: { Name: 'Finn', Email: 'finn@x.example', Role: 'Agent' } });
  await site.ask(token, `/odata/Users(${made.body.Id})`, { method: 'PATCH', body: { IsActive: false } });
  await signIn(page, site, 'cleo', '/audit?set=Users');
  await expect(page.getByRole('rowheader', { name: 'Ada' }).first()).toBeVisible();
  await axe(page);
  await page.getByRole('combobox', { name: 'Event' }).selectOption('UserDisabled');
  await expect(page).toHaveURL(/event=UserDisabled/);
  await page.getByLabel('Search').fill('finn');
  await expect(page.getByRole('row')).toHaveCount(2);
  await expect(page.getByRole('row', { name: /Staff disabled/ })).toContainText('Finn');
  await page.getByLabel('Search').fill('');
  await page.getByRole('combobox', { name: 'Event' }).selectOption('TokenOrphaned');
  await expect(page.getByRole('heading', { name: 'Nothing of that kind happened' })).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Clear all conditions' }).first().click();
  await expect(page).toHaveURL(`${site.url}/audit`);
  await page.getByRole('textbox', { name: 'Who' }).fill('ben');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/actor=ben/);
  await expect(page.getByRole('rowheader', { name: 'Ada' })).toHaveCount(0);
});

test('a list goes on page by page', async ({ page }) => {
  const token = await site.token('Administrator');
  for (let at = 0; at < 60; at += 1) await site.ask(token, '/odata/Customers', { method: 'POST', body: { Name: `Customer ${at}` } });
  await signIn(page, site, 'ada', '/people/customers?q=customer');
  await expect(page.getByRole('row')).toHaveCount(51);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(page.getByRole('row')).toHaveCount(61);
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);
});
