// A token is made, used and told of: by an administrator, by keyboard, and by an agent who cannot give more than he has.
import { readFile } from 'node:fs/promises';
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('people', { TESSERA_USAGE_FLUSH_SECS: '1' });

/** @param {import('@playwright/test').Page} page */
const secretOf = async (page) => (await page.locator('output#secret').textContent()) ?? '';

/** Where a secret must never be. @param {import('@playwright/test').Page} page @param {string} secret */
async function isNowhereElse(page, secret) {
  const found = await page.evaluate((text) => {
    const stores = JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.cookie;
    const markup = document.documentElement.outerHTML.split(text).length - 1;
    return { stores: stores.includes(text), address: location.href.includes(text), history: JSON.stringify(history.state).includes(text), markup };
  }, secret);
  expect(found).toEqual({ stores: false, address: false, history: false, markup: 1 });
  expect(site.log.join('\n')).not.toContain(secret.slice(14));
}

test('a Power BI token is made from its template and used', async ({ page }) => {
  await signIn(page, site, 'ada', '/tokens');
  await page.getByRole('link', { name: 'New token' }).first().click();
  await expect(page.getByRole('radio', { name: 'Power BI' })).toBeChecked();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Power BI');
  await expect(page.getByText(/^Ends .* 30 days\.$/).first()).toBeVisible();
  await expect(page.getByText('Can read tickets, customers.')).toBeVisible();
  await page.getByRole('button', { name: 'Make token' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '“Power BI” is made' })).toBeFocused();

  const secret = await secretOf(page);
  expect(secret).toMatch(/^tsr_ro_[A-Za-z0-9]{49}$/);
  await expect(page.locator('output#secret')).toBeHidden();
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page.locator('output#secret')).toBeVisible();
  await isNowhereElse(page, secret);

  await page.getByRole('button', { name: 'Test now' }).click();
  await expect(page.getByText('It works. The server sees you at 127.0.0.1.')).toBeVisible();
  await expect(page.getByText('Waiting for the first request')).toBeVisible();

  // As Power BI sends it: Basic, the token as the password.
  const basic = `Basic ${Buffer.from(`Power BI:${secret}`).toString('base64')}`;
  const answer = await site.ask('', '/odata/Tickets?$top=1', { headers: { Authorization: basic, 'User-Agent': 'Microsoft.Data.Mashup' } });
  expect(answer.status).toBe(200);
  await expect(page.getByText(/It works: first used .* from 127\.0\.0\.1/)).toBeVisible();
  await expect(page.getByText('Microsoft.Data.Mashup')).toBeVisible();
  await axe(page);

  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download .env' }).click();
  const file = await readFile(await (await waiting).path(), 'utf8');
  expect(file).toBe(`TESSERA_FEED=${site.url}/odata\nTESSERA_TOKEN=${secret}\n`);
  await page.getByRole('link', { name: 'Done' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Power BI' })).toBeVisible();
  await expect(page.getByText('2 of the 2 rights it was made with are in force.')).toBeVisible();
  expect(await page.content()).not.toContain(secret.slice(14));
});

test('what the preview says is what the server answers', async ({ page }) => {
  await signIn(page, site, 'ada');
  for (const name of ['PowerShell', 'Power Automate', 'Intake', 'Backup']) {
    await page.goto(`${site.url}/tokens/new`);
    await page.getByRole('radio', { name, exact: true }).check();
    const rows = await page.locator('table.probes tbody tr').evaluateAll((found) => found.map((row) => (row.textContent ?? '').trim().split(/\s+/)));
    await page.getByRole('button', { name: 'Make token' }).click();
    const secret = await secretOf(page);
    expect(rows.length).toBeGreaterThan(10);
    for (const [method = '', path = '', status] of rows) {
      // An empty body is refused only behind the check of rights, so nothing is changed by asking.
      const body = method === 'GET' || method === 'DELETE' ? undefined : { Nothing: true };
      const answer = await site.ask(secret, path, { method, body });
      expect(answer.status === 403, `${name}: ${method} ${path} said ${status}, was ${answer.status}`).toBe(status === '403');
    }
    await page.getByRole('button', { name: 'I have stored it' }).click();
  }
});

test('a token is made and its secret copied in eight keys from the list', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, site, 'ada', '/');
  await page.getByRole('link', { name: 'Access tokens' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Access tokens' })).toBeFocused();
  let keys = 0;
  const press = async (/** @type {string} */ key) => { keys += 1; await page.keyboard.press(key); };
  await press('Tab');
  await press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'New access token' })).toBeFocused();
  await expect(page.getByRole('radio', { name: 'Power BI' })).toBeChecked();
  await press('Tab');
  await press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: '“Power BI 2” is made' })).toBeFocused();
  for (let tries = 0; tries < 3; tries += 1) await press('Tab');
  await press('Enter');
  await expect(page.getByText('Stored', { exact: true })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await secretOf(page));
  expect(keys).toBeLessThanOrEqual(8);
});

test('nobody leaves without the secret unasked', async ({ page }) => {
  await signIn(page, site, 'ada', '/tokens/new');
  await page.getByRole('button', { name: 'Make token' }).click();
  await page.getByRole('link', { name: 'Done' }).click();
  await expect(page.getByRole('dialog', { name: 'Leave without the secret?' })).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Stay' }).click();
  await expect(page.locator('token-reveal')).toBeVisible();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('link', { name: 'Done' }).click();
  await expect(page.getByRole('heading', { name: 'Facts' })).toBeVisible();
});

test('an agent sees that he cannot give the rights of an administrator', async ({ page }) => {
  await signIn(page, site, 'ben', '/tokens/new');
  const administrator = page.getByRole('radio', { name: 'Administrator', exact: true });
  await expect(administrator).toBeDisabled();
  await expect(administrator).toHaveAccessibleDescription('Not yours to give: you are Agent');
  await expect(page.getByRole('radio', { name: 'Backup' })).toBeDisabled();
  await expect(page.getByText('Not for your role: it needs tokens:read, audit:read')).toBeVisible();
  await page.getByRole('radio', { name: 'Agent', exact: true }).check();
  await page.getByText(/^Choose single rights/).click();
  await expect(page.getByRole('checkbox', { name: /tickets:delete/ })).toHaveCount(0);
  await axe(page);
  // Who asks all the same is refused by the server.
  const answer = await page.evaluate(async () => {
    const response = await fetch('/odata/AccessTokens/Tessera.Mint', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ Name: 'more', Role: 'ReadOnlyAdministrator' }),
    });
    return [response.status, (await response.json()).error.code];
  });
  expect(answer).toEqual([403, 'ExceedsRights']);
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  await page.getByRole('button', { name: 'Make token' }).click();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.goto(`${site.url}/tokens`);
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await expect(page.getByRole('link', { name: 'Mine' })).toBeVisible();
});

test('an administrator token asks for the password again', async ({ page }) => {
  await signIn(page, site, 'ada', '/tokens/new');
  await page.getByRole('radio', { name: 'Administrator', exact: true }).check();
  await expect(page.getByText('You will be asked for your password again.')).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill('All of it');
  await page.getByRole('button', { name: 'Make token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your password again' });
  await dialog.getByLabel('Password').fill('wrong horse battery');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog.getByText(/password is wrong/)).toBeVisible();
  await dialog.getByLabel('Password').fill('correct horse battery');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('heading', { name: '“All of it” is made' })).toBeVisible();
  await page.getByRole('button', { name: 'I have stored it' }).click();
});

test('what is wrong is said at its field', async ({ page }) => {
  await signIn(page, site, 'ada', '/tokens/new');
  await page.getByLabel('Name', { exact: true }).fill(' ');
  await page.getByLabel('Works from').fill('10.0.0.1/8\noffice');
  await expect(page.getByText('10.0.0.1/8 has bits beyond its prefix; 10.0.0.0/8 is meant')).toBeVisible();
  await expect(page.getByText('office is neither an address nor a network')).toBeVisible();
  await page.getByRole('radio', { name: 'A day I choose' }).check();
  await page.getByRole('button', { name: 'Make token' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Last day')).toHaveAttribute('aria-invalid', 'true');
  await axe(page);
  await page.getByLabel('Works from').fill('10.0.0.0/8');
  await expect(page.getByText('It would not work from here (127.0.0.1).')).toBeVisible();
  await page.getByRole('button', { name: 'Add my current address (127.0.0.1)' }).click();
  await expect(page.getByLabel('Works from')).toHaveValue('10.0.0.0/8\n127.0.0.1');
  await expect(page.getByText(/It would not work from here/)).toHaveCount(0);
});
