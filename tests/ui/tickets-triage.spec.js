// Ten tickets assigned, given a status and a priority by somebody who has no mouse.
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('titanium');

/** Ten new tickets with a tag, the newest first. @param {string} token @param {string} tag */
async function ten(token, tag) {
  /** @type {number[]} */
  const made = [];
  for (let at = 0; at < 10; at += 1) {
    const { body } = await site.ask(token, '/odata/Tickets', { method: 'POST', body: { Title: `Triage ${at}`, Tags: [tag], Status: 'New' } });
    made.unshift(body.Id);
  }
  return made;
}

test('ten tickets are triaged by keyboard alone', async ({ page }) => {
  const token = await site.token('Administrator');
  const made = await ten(token, 'ten-by-keys');
  await signIn(page, site, 'ben', "/tickets?filter=Tags/any(t:t+eq+'ten-by-keys')&orderby=Id+desc");
  await expect(page.locator('.tickets tbody tr')).toHaveCount(10);
  const press = (/** @type {string} */ key) => page.keyboard.press(key);
  /** Opens a choice, types a part of a name and takes the first. @param {string} key @param {string} part */
  const choose = async (key, part) => {
    await press(key);
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.type(part);
    await press('Enter');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  };
  // The first five one by one, the other five together.
  for (let at = 0; at < 5; at += 1) {
    await press('j');
    await expect(page.locator(`tr[data-id="${made[at]}"] a`)).toBeFocused();
    await choose('a', 'me');
    await expect(page.locator(`tr[data-id="${made[at]}"]`)).toContainText('Ben');
    await choose('s', 'pend');
    await choose('p', 'hig');
  }
  for (let at = 5; at < 10; at += 1) {
    await press('j');
    await press('x');
  }
  await expect(page.getByText('5 marked')).toBeVisible();
  await choose('a', 'ben');
  await choose('s', 'pend');
  await choose('p', 'hig');
  await expect(page.locator('.toast').last()).toContainText('5 tickets have priority High now');
  await press('Escape');
  await expect(page.getByText('5 marked')).toHaveCount(0);
  const now = (await site.ask(token, "/odata/Tickets?$filter=Tags/any(t:t eq 'ten-by-keys')")).body.value;
  for (const ticket of now) expect(ticket).toMatchObject({ Status: 'Pending', Priority: 'High', AssigneeName: 'Ben' });

  await press('k');
  await expect(page.locator(`tr[data-id="${made[8]}"] a`)).toBeFocused();
  await press('o');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Triage 1');
  await press('j');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Triage 0');
  await press('u');
  await expect(page.locator('.tickets tbody tr')).toHaveCount(10);
  await press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('a change of many can be taken back, and one that was too late says so on its row', async ({ page }) => {
  const token = await site.token('Administrator');
  const first = (await ten(token, 'ten-at-once'))[9];
  await signIn(page, site, 'ben', "/tickets?filter=Tags/any(t:t+eq+'ten-at-once')&orderby=Id");
  await expect(page.locator('.tickets tbody tr')).toHaveCount(10);
  await page.getByLabel('Mark all rows shown').check();
  await page.keyboard.press('s');
  await expect(page.getByRole('dialog')).toBeVisible();
  await site.ask(token, `/odata/Tickets(${first})`, { method: 'PATCH', body: { Priority: 'Low' } });
  await page.keyboard.type('open');
  await page.keyboard.press('Enter');
  await expect(page.locator('.toast').filter({ hasText: /9 tickets are Open now/ })).toBeVisible();
  await expect(page.locator(`tr[data-id="${first}"]`)).toContainText('Somebody else changed it first');
  await expect(page.locator(`tr[data-id="${first}"]`)).toContainText('Low');
  await page.locator('.toast').filter({ hasText: /9 tickets/ }).getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.toast').filter({ hasText: /Taken back for 9/ })).toBeVisible();
  expect((await site.ask(token, "/odata/Tickets/$count?$filter=Tags/any(t:t eq 'ten-at-once') and Status eq 'New'")).body).toBe('10');
});

test('what is pressed on the way to a ticket does nothing to the list one leaves', async ({ page }) => {
  // Typed on a slow line, the letters of an answer opened "Assign" for the row that had been in focus.
  /** @type {() => void} */
  let letGo = () => {};
  const held = new Promise((resolve) => { letGo = () => resolve(undefined); });
  await page.route('**/pages/tickets/ticket.js', async (route) => {
    await held;
    await route.continue();
  });
  await signIn(page, site, 'ben', '/tickets');
  await expect(page.locator('.tickets tbody tr').first()).toBeVisible();
  // A list that is shown anew just then has no row in focus.
  await expect(async () => {
    await page.keyboard.press('j');
    await expect(page.locator('.ticket-link:focus')).toHaveCount(1, { timeout: 500 });
  }).toPass();
  await page.keyboard.press('o');
  await expect(page).toHaveURL(/\/tickets\/\d+$/);
  await page.keyboard.type('as');
  letGo();
  await expect(page.getByRole('heading', { name: 'Properties' })).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toBeVisible();
});

test('keys are listed, and can be switched off', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets');
  await expect(page.locator('.tickets tbody tr').first()).toBeVisible();
  // Rows are there a moment before keys do something.
  await expect(async () => {
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toContainText('Next row', { timeout: 1000 });
  }).toPass();
  await axe(page);
  await page.getByLabel('Single keys do something').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.locator('.ticket-link:focus')).toHaveCount(0);
  await page.reload();
  await expect(page.locator('.tickets tbody tr').first()).toBeVisible();
  await page.keyboard.press('j');
  await expect(page.locator('.ticket-link:focus')).toHaveCount(0);
  await page.keyboard.press('?');
  await page.getByLabel('Single keys do something').check();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await expect(page.locator('.ticket-link:focus')).toHaveCount(1);
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toBeVisible();
  await axe(page);
});
