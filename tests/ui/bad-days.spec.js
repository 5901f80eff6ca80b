// Bad days: the server is gone, the session has ended, somebody else was faster, a right is missing.
import { PASSWORD, axe, desk, expect, signIn, test } from './support.js';

const site = desk('people', { TESSERA_BODY_BYTES_MAX: '20000' });

test('a lost server is said quietly, costs nothing that was typed, and is found again', async ({ page }) => {
  await signIn(page, site, 'ada', '/settings/pickers');
  await page.getByLabel('Name').fill('Waiting for parts');
  await site.stop();
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.locator('.banner')).toContainText('cannot be reached');
  await expect(page.getByRole('alert').filter({ hasText: 'cannot be reached' })).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue('Waiting for parts');
  await axe(page);
  await page.locator('.banner').getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('.banner')).toBeVisible();
  await site.start({ TESSERA_BODY_BYTES_MAX: '20000' });
  await expect(page.locator('.banner')).toBeHidden();
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('rowheader', { name: 'Waiting for parts' })).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue('');
});

test('a page that could not be loaded comes by itself when the server is back', async ({ page }) => {
  await signIn(page, site, 'ada', '/teams');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await site.stop();
  await page.getByLabel('Search').fill('net');
  await expect(page.getByRole('alert').filter({ hasText: 'cannot be reached' })).toBeVisible();
  await site.start({ TESSERA_BODY_BYTES_MAX: '20000' });
  await expect(page.locator('.banner')).toBeHidden();
  await expect(page.getByRole('alert').filter({ hasText: 'cannot be reached' })).toHaveCount(0);
  await expect(page.getByLabel('Search')).toHaveValue('net');
});

test('a page whose files could not be fetched is loaded when the server is back', async ({ page }) => {
  await signIn(page, site, 'ada', '/profile');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Profile');
  await site.stop();
  await page.getByRole('link', { name: 'Audit log' }).click();
  await expect(page.locator('.banner')).toContainText('cannot be reached');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Profile');
  await site.start({ TESSERA_BODY_BYTES_MAX: '20000' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Audit log', { timeout: 30_000 });
});

test('an ended session is begun again where one stands, and what was begun goes on', async ({ page }) => {
  await signIn(page, site, 'ada', '/people/customers');
  await page.getByRole('button', { name: 'New customer' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Grete Müller');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Create' }).click();
  const again = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(again).toBeVisible();
  await axe(page);
  await again.getByLabel('Password').fill('not it at all');
  await page.keyboard.press('Enter');
  await expect(again.getByLabel('Password')).toHaveAccessibleDescription(/do not go together/);
  await again.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('rowheader', { name: 'Grete Müller' })).toBeVisible();
});

test('when somebody else was faster both versions are seen and one is chosen', async ({ page }) => {
  await signIn(page, site, 'ada', '/people/customers');
  await page.getByRole('button', { name: 'Actions for Grete Müller' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit Grete Müller' });
  await dialog.getByLabel('Company').fill('Mine');
  const token = await site.token('Administrator');
  const found = await site.ask(token, "/odata/Customers?$filter=Name eq 'Grete Müller'");
  await site.ask(token, `/odata/Customers(${found.body.value[0].Id})`, { method: 'PATCH', body: { Company: 'Theirs' } });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Somebody else changed this');
  await expect(dialog.getByLabel('Company')).toHaveValue('Mine');
  await expect(dialog.getByLabel('Company')).toHaveAccessibleDescription('Now it is: Theirs');
  await axe(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('cell', { name: 'Mine' })).toBeVisible();
});

test('what is taken already is said beside the field', async ({ page }) => {
  await signIn(page, site, 'ada', '/settings/pickers');
  await page.getByLabel('Name').fill('open');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByLabel('Name')).toHaveAccessibleDescription(/Not as things stand/);
  await expect(page.getByLabel('Name')).toBeFocused();
});

test('what is too large is said in the form', async ({ page }) => {
  await signIn(page, site, 'ada', '/people/customers');
  await page.getByRole('button', { name: 'New customer' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Long');
  await page.getByRole('dialog').getByLabel('Notes').fill('x'.repeat(30_000));
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('too large');
});

test('who may not see a page is told which right is missing', async ({ page }) => {
  await signIn(page, site, 'ben', '/audit');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not for your role');
  await expect(page.getByText('audit:read')).toBeVisible();
  await axe(page);
  await page.goto(`${site.url}/settings/pickers`);
  await expect(page.getByText('Only administrators change these lists.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add' })).toHaveCount(0);
});

test('an address that leads nowhere says so, whether one is signed in or not', async ({ page }) => {
  for (const isIn of [false, true]) {
    if (isIn) await signIn(page, site, 'ada', '/no/such/page');
    else expect((await page.goto(`${site.url}/no/such/page`))?.status()).toBe(404);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
  }
  await axe(page);
});

test('a server with too much to do is waited for, and nobody who is signed in is asked to sign in', async ({ page }) => {
  await signIn(page, site, 'ada', '/profile');
  // What the page asks before it is loaded anew is not refused.
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Profile');
  let refused = 0;
  await page.route(/\/session$/, (route) => {
    refused += 1;
    if (refused > 1) return route.continue();
    return route.fulfill({ status: 429, headers: { 'Retry-After': '4' }, json: { error: { code: 'TooManyRequests', message: 'rate_session_per_minute; try again in 4 seconds' } } });
  });
  await page.reload({ waitUntil: 'commit' });
  await expect(page.getByText('Wait 4 seconds')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Profile');
  expect(refused).toBe(2);
});

test('no word is so long that a page becomes wider than its window', async ({ page }) => {
  const token = await site.token('Administrator');
  const long = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(4);
  const make = async (/** @type {string} */ set, /** @type {object} */ body) => {
    const { status, body: made } = await site.ask(token, `/odata/${set}`, { method: 'POST', body });
    expect(status, JSON.stringify(made)).toBeLessThan(300);
    return made;
  };
  const priority = await make('Priorities', { Name: long.slice(0, 100) });
  await make('Customers', { Name: long, Email: `${'a'.repeat(60)}@${'b'.repeat(60)}.example`, Company: long });
  const ticket = await make('Tickets', { Title: long.repeat(3), Description: long.repeat(9), PriorityId: priority.Id, RequesterEmail: `${'a'.repeat(60)}@${'b'.repeat(60)}.example`, Tags: [long.slice(0, 60)] });
  const minted = await make('AccessTokens/Tessera.Mint', { Name: long, Purpose: long.repeat(5), Role: 'Agent' });
  await signIn(page, site, 'ada');
  for (const path of ['/tickets', `/tickets/${ticket.Id}`, '/tokens', `/tokens/${minted.Id}`, '/people/customers', '/settings/pickers?list=Priorities', '/dashboard']) {
    await page.goto(site.url + path);
    await expect(page.getByText(long.slice(0, 20)).first()).toBeVisible();
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${path} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
  // On a phone each row keeps its menu within reach.
  await page.goto(`${site.url}/people/customers`);
  await expect(page.getByRole('button', { name: /^Actions for Donau/ })).toBeInViewport();
});

// Last of all: nobody signs in for a while after it.
test('who guesses too often is told how long to wait', async ({ page }) => {
  await page.goto(`${site.url}/sign-in`);
  for (let tries = 0; tries < 7; tries += 1) {
    await page.getByLabel('E-mail address').fill('ada@x.example');
    await page.getByLabel('Password', { exact: true }).fill(`guess number ${tries}`);
    const answered = page.waitForResponse(/\/session$/);
    await page.keyboard.press('Enter');
    await answered;
  }
  await expect(page.getByRole('alert')).toContainText(/Wait \d+ seconds?/);
});
