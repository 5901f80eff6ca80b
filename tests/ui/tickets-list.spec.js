// The list of tickets: one query as chips and as text, views, columns, other tools, and what others change meanwhile.
import { readFile } from 'node:fs/promises';
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('titanium');

/** @param {import('@playwright/test').Page} page */
const rows = (page) => page.locator('.tickets tbody tr');
/** The numbers of the tickets shown. @param {import('@playwright/test').Page} page */
const ids = (page) => rows(page).evaluateAll((all) => all.map((row) => Number(/** @type {HTMLElement} */ (row).dataset.id)));
/** @param {import('@playwright/test').Page} page */
const shown = async (page) => {
  await expect(page.locator('tickets-page')).toHaveAttribute('aria-busy', 'false');
  await expect(rows(page).first()).toBeVisible();
};
/** @param {string} token @param {string} filter */
const countOf = async (token, filter) => Number((await site.ask(token, `/odata/Tickets/$count?$filter=${encodeURIComponent(filter)}`)).body);

test('chips and text edit one query, and the address tells it', async ({ page }) => {
  const token = await site.token('Agent');
  await signIn(page, site, 'ben', '/tickets');
  await shown(page);
  await page.getByRole('button', { name: '+ Filter' }).click();
  await axe(page);
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Property').selectOption('Title');
  await dialog.getByLabel('Comparison').selectOption('contains');
  await dialog.getByLabel('Value').fill("e'");
  await dialog.getByRole('button', { name: 'Filter', exact: true }).click();
  await expect(page).toHaveURL(/filter=contains\(Title,%27e%27%27%27\)/);
  await page.getByRole('button', { name: 'As text' }).click();
  const text = page.getByLabel('$filter');
  await expect(text).toHaveValue("contains(Title,'e''')");
  await text.fill("contains(Title,'a') and length(Title) gt 20");
  await text.press('Enter');
  await expect(page.locator('.chip.filter')).toHaveCount(2);
  await expect(page.locator('.chip.filter.raw')).toHaveText(/length\(Title\) gt 20/);
  const count = await countOf(token, "contains(Title,'a') and length(Title) gt 20");
  await expect(page.locator('.list-state')).toContainText(new Intl.NumberFormat('en').format(count));
  await page.getByRole('button', { name: /^Take away: Title/ }).click();
  await expect(text).toHaveValue('length(Title) gt 20');
  await page.reload();
  await expect(page.locator('.chip.filter.raw')).toHaveCount(1);
  await page.goBack();
  await expect(page.locator('.chip.filter')).toHaveCount(2);
});

test('a mistake is told where it is', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets');
  await shown(page);
  await page.getByRole('button', { name: 'As text' }).click();
  const text = page.getByLabel('$filter');
  await text.fill("Title eq 'ä' is 1");
  await text.press('Enter');
  await expect(page.locator('#filter-error mark')).toHaveText('i');
  await expect(text).toHaveAttribute('aria-invalid', 'true');
  await expect(text).toHaveAttribute('aria-describedby', /filter-error/);
  await expect(text).toHaveValue("Title eq 'ä' is 1");
  await axe(page);
  await text.fill("Titel eq 'x'");
  await text.press('Enter');
  await expect(page.locator('#filter-error mark')).toHaveText('Titel');
  await text.fill('Id gt 0');
  await text.press('Enter');
  await expect(page.locator('#filter-error')).toBeEmpty();
  await shown(page);
  await page.getByRole('searchbox').fill('"printer');
  await page.getByRole('searchbox').press('Enter');
  await expect(page.locator('#query-error')).toContainText('closing double quote');
  await expect(page.getByRole('searchbox')).toHaveAttribute('aria-invalid', 'true');
});

test('search finds words, and sorting is said and kept', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets');
  await shown(page);
  await page.getByRole('searchbox').fill('printer');
  await page.getByRole('searchbox').press('Enter');
  await expect(page).toHaveURL(/search=printer/);
  await shown(page);
  await page.getByRole('button', { name: 'Number' }).click();
  await expect(page.getByRole('columnheader', { name: 'Number' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(page).toHaveURL(/orderby=Id/);
  await expect.poll(async () => { const all = await ids(page); return all.every((id, at) => at === 0 || all[at - 1] < id); }).toBe(true);
  await page.getByRole('button', { name: 'Number' }).click();
  await expect(page.getByRole('columnheader', { name: 'Number' })).toHaveAttribute('aria-sort', 'descending');
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'Number' })).toHaveAttribute('aria-sort', 'descending');
});

test('pages follow each other and no ticket comes twice', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets');
  await shown(page);
  await expect.poll(() => rows(page).count()).toBe(100);
  await page.getByRole('button', { name: 'Show more' }).focus();
  await expect.poll(() => rows(page).count()).toBeGreaterThanOrEqual(200);
  const all = await ids(page);
  expect(new Set(all).size).toBe(all.length);
});

test('a query is kept as a view, for oneself or for all', async ({ page, browser }) => {
  await signIn(page, site, 'ada', "/tickets?filter=contains(Title,'a')&orderby=Id");
  await shown(page);
  await page.getByRole('button', { name: 'Save as a new view' }).click();
  await axe(page);
  await page.getByLabel('Name of the view').fill('Tickets with an a');
  await page.getByLabel('Share it with everybody').check();
  await page.getByRole('button', { name: 'Save view' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Tickets with an a');
  await expect(page).toHaveURL(/\/tickets\?view=\d+$/);
  const token = await site.token('Administrator');
  const saved = (await site.ask(token, "/odata/SavedViews?$filter=Name eq 'Tickets with an a'")).body.value[0];
  expect(saved).toMatchObject({ EntitySet: 'Tickets', IsShared: true, Query: "$filter=contains(Title,'a')&$orderby=Id" });
  expect((await site.ask(token, `/odata/Tickets?${saved.Query}`)).status).toBe(200);

  const other = await browser.newContext();
  const page2 = await other.newPage();
  await signIn(page2, site, 'ben', '/tickets');
  await page2.getByRole('link', { name: 'Tickets with an a' }).click();
  await expect(page2.locator('.chip.filter')).toHaveText(/Title contains a/);
  await expect(page2.getByRole('button', { name: /What to do with the view/ })).toHaveCount(0);
  await page2.getByRole('searchbox').fill('printer');
  await page2.getByRole('searchbox').press('Enter');
  await expect(page2.getByText('Changed since the view was saved.')).toBeVisible();
  await page2.getByRole('button', { name: 'Save as a new view' }).click();
  await page2.getByLabel('Name of the view').fill('My printers');
  await page2.getByRole('button', { name: 'Save view' }).click();
  await expect(page2.getByRole('heading', { level: 1 })).toHaveText('My printers');
  await page2.getByRole('button', { name: 'Number' }).click();
  await page2.getByRole('button', { name: 'Save changes to the view' }).click();
  await expect(page2).toHaveURL(/\/tickets\?view=\d+$/);
  await expect(page2.getByRole('columnheader', { name: 'Number' })).toHaveAttribute('aria-sort', 'descending');
  await other.close();

  await page.reload();
  await expect(page.getByRole('link', { name: 'My printers' })).toHaveCount(0);
  await page.getByRole('button', { name: /What to do with the view/ }).click();
  await page.getByRole('menuitem', { name: 'Delete the view' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the view' }).click();
  await expect(page.getByRole('link', { name: 'Tickets with an a' })).toHaveCount(0);
});

test('columns and density are chosen, and the address tells the columns', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets');
  await shown(page);
  await page.getByRole('button', { name: 'Columns' }).click();
  await axe(page);
  await page.getByLabel('Requester', { exact: true }).uncheck();
  await page.getByLabel('Due', { exact: true }).check();
  await page.getByRole('button', { name: 'Move Due forward' }).click();
  await page.getByRole('button', { name: 'Show these' }).click();
  await expect(page).toHaveURL(/select=Id,Title,Status,Priority,AssigneeName,DueDateTime,UpdatedDateTime/);
  await expect(page.getByRole('columnheader', { name: 'Requester' })).toHaveCount(0);
  await expect(page.getByRole('columnheader', { name: 'Due' })).toBeVisible();
  await page.getByRole('button', { name: 'Compact' }).click();
  await page.reload();
  await shown(page);
  await expect(page.getByRole('button', { name: 'Compact' })).toHaveAttribute('aria-pressed', 'true');
  const boxes = await page.locator('.tickets tbody tr').first().locator('a, input').evaluateAll((all) => all.map((one) => {
    const { width, height } = one.getBoundingClientRect();
    return [width, height];
  }));
  for (const [width, height] of boxes) expect(Math.min(width, height)).toBeGreaterThanOrEqual(20);
  await page.getByRole('button', { name: 'Compact' }).click();
});

test('the same tickets come out as an address, as CSV, in Power BI and in Excel', async ({ page, context }) => {
  const token = await site.token('Agent');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, site, 'ben', "/tickets?filter=contains(Title,'a')&select=Id,Title,Status");
  await shown(page);
  const first = (await ids(page))[0];
  const open = () => page.getByRole('button', { name: 'Use elsewhere' }).click();
  await open();
  await axe(page);
  await page.getByRole('menuitem', { name: 'Copy OData URL' }).click();
  await expect(page.getByText('The OData URL is copied', { exact: false }).first()).toBeVisible();
  const url = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  const answer = await site.ask(token, url.pathname + url.search);
  expect(answer.body.value[0].Id).toBe(first);
  expect(Object.keys(answer.body.value[0]).filter((name) => !name.startsWith('@'))).toEqual(['Id', 'Title', 'Status']);

  await open();
  const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Download CSV' }).click()]);
  const lines = (await readFile(await csv.path(), 'utf8')).split('\r\n');
  expect(lines[0].replace('\ufeff', '')).toBe('Id,Title,Status');
  expect(lines[1]).toMatch(new RegExp(`^${first},`));

  for (const [name, kind] of [['Open in Power BI (.pbids)', '.pbids'], ['Open in Excel (.odc)', '.odc']]) {
    await open();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()]);
    expect(file.suggestedFilename()).toContain(kind);
    expect(await readFile(await file.path(), 'utf8')).toContain('contains(Title');
  }
});

test('what others change is marked where it stands, and new tickets wait', async ({ page }) => {
  const token = await site.token('Agent');
  const listening = page.waitForResponse(/\/events$/);
  await signIn(page, site, 'ben', '/tickets');
  await shown(page);
  await listening;
  const before = await ids(page);
  const id = before[3];
  await page.locator(`tr[data-id="${id}"] a`).focus();
  expect((await site.ask(token, `/odata/Tickets(${id})`, { method: 'PATCH', body: { Title: 'Changed by somebody else' } })).status).toBe(200);
  await expect(page.locator(`tr[data-id="${id}"]`)).toContainText('Changed by somebody else');
  await expect(page.locator(`tr[data-id="${id}"] .mark`)).toHaveText('updated');
  const made = await site.ask(token, '/odata/Tickets', { method: 'POST', body: { Title: 'Quite new' } });
  await expect(page.getByRole('button', { name: 'Show 1 new ticket' })).toBeVisible();
  expect(await ids(page)).toEqual(before);
  await expect(page.locator(`tr[data-id="${id}"] a`)).toBeFocused();
  await axe(page);
  await page.getByRole('button', { name: 'Show 1 new ticket' }).click();
  await expect(page.locator(`tr[data-id="${made.body.Id}"]`)).toBeVisible();
});

test('nothing is asked that one may not read', async ({ page }) => {
  /** @type {number[]} */
  const refused = [];
  page.on('response', (response) => { if (response.status() >= 400) refused.push(response.status()); });
  await signIn(page, site, 'dan', '/tickets');
  await shown(page);
  await expect(page.getByRole('link', { name: 'New ticket' })).toHaveCount(0);
  await page.locator('.ticket-link').first().click();
  await expect(page.getByRole('heading', { name: 'Properties' })).toBeVisible();
  await expect(page.locator('.composer')).toHaveCount(0);
  await axe(page);
  expect(refused).toEqual([]);
});
