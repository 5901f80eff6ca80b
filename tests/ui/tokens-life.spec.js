// What happens to a token after it was made: it is rotated, narrowed, revoked while a script runs, and tidied away.
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('people', { TESSERA_USAGE_FLUSH_SECS: '1' });

/**
 * A token as Ada makes it, without the page.
 * @param {import('@playwright/test').Page} page @param {Record<string, unknown>} body
 */
async function mint(page, body) {
  const answer = await page.request.post(`${site.url}/odata/AccessTokens/Tessera.Mint`, { data: { Role: 'ReadOnlyAgent', ...body } });
  expect(answer.status(), await answer.text()).toBe(200);
  return /** @type {{ Id: number, Secret: string }} */ (await answer.json());
}

/** @param {string} secret */
const status = async (secret) => (await site.ask(secret, '/odata/Tickets?$top=1')).status;
const soon = () => new Date(Date.now() + 1500).toISOString();

test('rotation: both secrets work, the page tells when the client has switched, and the old one is ended', async ({ page }) => {
  await signIn(page, site, 'ada', '/');
  const { Id, Secret: old } = await mint(page, { Name: 'Nightly report' });
  await page.goto(`${site.url}/tokens`);
  await page.getByRole('button', { name: 'More for Nightly report' }).click();
  await page.getByRole('menuitem', { name: 'Rotate' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rotate “Nightly report”' });
  await expect(dialog.getByText(/The old secret works until .* for 24 hours\./)).toBeVisible();
  await dialog.getByLabel('How long the old secret works on').fill('0');
  await expect(dialog.getByText('The old secret ends at once')).toBeVisible();
  await dialog.getByLabel('Hours').fill('168');
  await dialog.getByLabel('Hours').blur();
  await expect(dialog.getByText(/for 7 days\./)).toBeVisible();
  await axe(page);
  await dialog.getByRole('button', { name: 'Make a new secret' }).click();
  const secret = (await dialog.locator('output#secret').textContent()) ?? '';
  expect(secret).not.toBe(old);
  expect([await status(old), await status(secret)]).toEqual([200, 200]);
  await expect(dialog.getByText(/It works: first used .* from 127\.0\.0\.1/)).toBeVisible();
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Leave without the secret?' })).toBeVisible();
  await page.getByRole('button', { name: 'Stay' }).click();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.locator('tr', { hasText: 'Nightly report' }).getByText('Rotating')).toBeVisible();

  await page.goto(`${site.url}/tokens/${Id}`);
  await expect(page.getByRole('heading', { name: 'Change-over to the new secret' })).toBeVisible();
  await status(old);
  await expect(page.getByText('The client still uses the old secret.')).toBeVisible();
  await status(secret);
  await expect(page.getByText('The client uses the new secret.')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'End the old secret now' }).click();
  await expect(page.getByText('The last request came with the new secret.')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'End the old secret now' }).click();
  await expect(page.getByRole('heading', { name: 'Change-over to the new secret' })).toHaveCount(0);
  expect([await status(old), await status(secret)]).toEqual([401, 200]);
});

test('a token is changed to less, and only its addresses to more, with the password', async ({ page }) => {
  await signIn(page, site, 'ada', '/');
  const { Id, Secret } = await mint(page, { Name: 'Script', Role: 'Agent', AllowedAddresses: ['127.0.0.1'] });
  await page.goto(`${site.url}/tokens/${Id}`);
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Change “Script”' });
  await dialog.getByLabel('Purpose').fill('Morning triage');
  await dialog.getByText(/^Choose single rights/).click();
  await dialog.getByRole('button', { name: 'Only reading' }).click();
  await dialog.getByLabel('Works from').fill('127.0.0.1\n10.0.0.0/8');
  await axe(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog', { name: 'Your password again' }).getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText('8 of the 16 rights it was made with are in force.')).toBeVisible();
  await expect(page.getByText('10.0.0.0/8').first()).toBeVisible();
  expect((await site.ask(Secret, '/odata/Tickets', { method: 'POST', body: { Title: 'x' } })).status).toBe(403);
  await expect(page.getByRole('heading', { name: 'Denied calls' })).toBeVisible();
  await expect(page.locator('.denials').getByText('tickets:create')).toBeVisible();
});

test('a running script notices at once that its token was revoked', async ({ page }) => {
  await signIn(page, site, 'ada', '/');
  const { Secret } = await mint(page, { Name: 'Runs all day' });
  const seen = { ok: 0, refused: 0, afterRefusal: 0 };
  let isRunning = true;
  const script = (async () => {
    while (isRunning) {
      const code = await status(Secret);
      if (code === 200) seen[seen.refused ? 'afterRefusal' : 'ok'] += 1;
      else seen.refused += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await page.goto(`${site.url}/tokens`);
  await page.getByRole('checkbox', { name: 'Mark Runs all day' }).check();
  await page.getByRole('button', { name: 'Revoke 1' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke this token?' });
  await expect(dialog.getByText('Runs all day')).toBeVisible();
  await axe(page);
  const answered = page.waitForResponse(/Tessera\.Revoke$/);
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await answered;
  expect(await status(Secret)).toBe(401);
  await expect(page.locator('tr', { hasText: 'Runs all day' }).getByText('Revoked')).toBeVisible();
  await expect.poll(() => seen.refused).toBeGreaterThan(0);
  isRunning = false;
  await script;
  expect(seen.ok).toBeGreaterThan(0);
  expect(seen.afterRefusal).toBe(0);
  const answer = await site.ask(Secret, '/odata/Me()');
  expect([answer.status, answer.body.error.code]).toEqual([401, 'TokenRevoked']);
});

test('expired tokens are found by their card, taken off the list after a look, and can be kept for ten seconds', async ({ page }) => {
  await signIn(page, site, 'ada', '/');
  for (const name of ['Old one', 'Old two', 'Old three']) await mint(page, { Name: name, ExpiresDateTime: soon() });
  await mint(page, { Name: 'Stays' });
  await page.waitForTimeout(1600);
  await page.goto(`${site.url}/tokens`);
  await page.getByRole('button', { name: /3 Expired/ }).click();
  await expect(page).toHaveURL(/\?show=expired$/);
  await expect(page.locator('tbody tr')).toHaveCount(3);
  expect(await page.locator('main').textContent()).not.toContain('1970');
  const clear = async () => {
    await page.getByRole('button', { name: 'Take ended ones off the list' }).click();
    const dialog = page.getByRole('dialog', { name: /Take \d tokens off the list\?/ });
    await expect(dialog.getByText('Old two')).toBeVisible();
    const count = (await dialog.getByRole('heading').textContent())?.match(/\d+/)?.[0] ?? '';
    await expect(dialog.getByRole('button', { name: /^Take/ })).toBeDisabled();
    await axe(page);
    await dialog.getByRole('textbox').fill(count);
    await dialog.getByRole('button', { name: /^Take/ }).click();
    await expect(page.locator('tbody tr')).toHaveCount(0);
  };
  await clear();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(3);
  await clear();
  const sent = await page.waitForResponse((response) => response.url().endsWith('Tessera.RemoveExpired') && !response.request().postData()?.includes('Preview'), { timeout: 15_000 });
  expect(sent.status()).toBe(200);
  await page.goto(`${site.url}/tokens`);
  await expect(page.getByRole('link', { name: 'Stays' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Old one' })).toHaveCount(0);
});

test('the list is searched, sorted, kept as a view and written as CSV', async ({ page }) => {
  await signIn(page, site, 'ada', '/');
  const { Id, Secret } = await mint(page, { Name: '=Formula "quoted"', Purpose: '<img src=x onerror=alert(1)>' });
  await page.goto(`${site.url}/tokens`);
  // A found secret: cut to its beginning before it goes anywhere, and its token is found.
  await page.getByRole('searchbox').fill(Secret);
  await expect(page).toHaveURL(/\?q=tsr_ro_[A-Za-z0-9]{6}$/);
  await expect(page.getByRole('searchbox')).toHaveValue(Secret.slice(0, 13));
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await expect(page.getByRole('link', { name: '=Formula "quoted"' })).toBeVisible();
  await page.getByRole('button', { name: 'Expires' }).click();
  await expect(page.locator('th[aria-sort=ascending]')).toHaveText(/Expires/);
  await page.reload();
  await expect(page.locator('tbody tr')).toHaveCount(1);

  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save this view' }).click();
  await page.getByLabel('Name of the view').fill('Formulas');
  await axe(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.goto(`${site.url}/tokens`);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Formulas' }).click();
  await expect(page).toHaveURL(/q=tsr_ro_.*sort=ExpiresDateTime$/);
  await expect(page.locator('tbody tr')).toHaveCount(1);

  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'As CSV' }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe('AccessTokens.csv');
  const text = await (await import('node:fs/promises')).readFile(await download.path(), 'utf8');
  expect(text).toContain(`${Id},"'=Formula ""quoted"""`);
  expect(text).not.toContain(Secret.slice(14));
});
