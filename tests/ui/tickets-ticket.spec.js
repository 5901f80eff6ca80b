// One ticket: replies and notes that cannot be confused, changes against the version one saw, drafts, hostile texts.
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('titanium');

/** A ticket of its own for a test. @param {Record<string, unknown>} [more] */
async function made(more = {}) {
  const token = await site.token('Administrator');
  const { body } = await site.ask(token, '/odata/Tickets', {
    method: 'POST', body: { Title: 'The printer is on fire', Description: 'It burns.', RequesterEmail: 'sven@kunde.example', ...more },
  });
  return { token, id: body.Id, path: `/odata/Tickets(${body.Id})` };
}

/** @param {import('@playwright/test').Page} page @param {number} id */
const open = async (page, id) => {
  await signIn(page, site, 'ben', `/tickets/${id}`);
  await expect(page.getByRole('heading', { name: 'Properties' })).toBeVisible();
};

test('a reply and a note cannot be confused', async ({ page }) => {
  const { token, id, path } = await made();
  await open(page, id);
  const composer = page.locator('.composer');
  await expect(composer.getByRole('button', { name: 'Send to customer' })).toBeVisible();
  await expect(composer).not.toHaveClass(/internal/);
  await page.getByLabel('Reply to sven').fill('We are coming.');
  await axe(page);
  await page.getByLabel('Internal note', { exact: true }).check();
  await expect(composer).toHaveClass(/internal/);
  await expect(composer.getByRole('button', { name: 'Send to customer' })).toHaveCount(0);
  await page.getByLabel('Internal note: only staff sees it').fill('He smokes.');
  await axe(page);
  await composer.getByRole('button', { name: 'Save note' }).click();
  await expect(page.locator('.message.internal')).toContainText('He smokes.');
  await expect(page.locator('.message.internal')).toContainText('Internal note · only staff sees it');
  // The reply waited meanwhile.
  await page.getByLabel('Reply to the customer').check();
  await expect(page.getByLabel('Reply to sven')).toHaveValue('We are coming.');
  await page.getByLabel('and set the status to').selectOption('Pending');
  await composer.getByRole('button', { name: 'Send to customer' }).click();
  await expect(page.locator('.message.reply')).toContainText('We are coming.');
  await expect(page.getByLabel('Status', { exact: true })).toHaveValue(/\d+/);
  const { body } = await site.ask(token, `${path}?$expand=Comments($orderby=Id)`);
  expect(body.Status).toBe('Pending');
  expect(body.Comments.map((/** @type {any} */ comment) => [comment.Body, comment.IsInternal])).toEqual([['He smokes.', true], ['We are coming.', false]]);
  await axe(page);
});

test('drafts survive a reload and the end of the session, and go at signing out', async ({ page, context }) => {
  const { id } = await made();
  await open(page, id);
  await page.getByLabel('Reply to sven').fill('Half a sentence');
  await page.getByLabel('Internal note', { exact: true }).check();
  await page.getByLabel('Internal note: only staff sees it').fill('Half a note');
  await page.reload();
  await page.getByLabel('Reply to the customer').check();
  await expect(page.getByLabel('Reply to sven')).toHaveValue('Half a sentence');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Send to customer' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect(page.getByLabel('Reply to sven')).toHaveValue('Half a sentence');
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click();
  await expect(page.locator('.message.reply')).toContainText('Half a sentence');
  const kept = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('tessera:draft:')).length);
  await expect.poll(kept).toBe(1);
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/sign-in/);
  expect(await kept()).toBe(0);
});

test('a reply that was sent into the dark is sent once', async ({ page }) => {
  const { token, id, path } = await made();
  await open(page, id);
  await page.getByLabel('Reply to sven').fill('Only once');
  // The server hears it; the answer is lost.
  await page.route('**/Tessera.Reply', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await page.getByRole('button', { name: 'Send to customer' }).click();
  await expect(page.locator('.composer [role=alert]')).toContainText('cannot be reached');
  await page.reload();
  await expect(page.getByLabel('Reply to sven')).toHaveValue('Only once');
  await page.getByRole('button', { name: 'Send to customer' }).click();
  await expect(page.getByLabel('Reply to sven')).toHaveValue('');
  expect((await site.ask(token, `${path}/Comments/$count`)).body).toBe('1');
});

test('when two change one ticket both versions are shown, and one chooses', async ({ page }) => {
  const { token, id, path } = await made();
  await open(page, id);
  await page.getByRole('button', { name: 'Edit the title' }).click();
  await page.getByLabel('Title', { exact: true }).fill('My title');
  await site.ask(token, path, { method: 'PATCH', body: { Title: 'Their title', Status: 'Pending' } });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Somebody else changed this ticket' });
  await expect(dialog.getByRole('row', { name: /Title/ })).toContainText('The printer is on fire');
  await expect(dialog.getByRole('row', { name: /Title/ })).toContainText('My title');
  await expect(dialog.getByRole('row', { name: /Title/ })).toContainText('Their title');
  await expect(dialog.getByRole('row', { name: /Status/ })).toContainText('Pending');
  await axe(page);
  await dialog.getByLabel('Title: theirs, Their title').check();
  await expect(dialog.getByRole('button', { name: 'Save mine as chosen' })).toBeDisabled();
  await dialog.getByLabel('Title: yours, My title').check();
  await dialog.getByRole('button', { name: 'Save mine as chosen' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('My title');
  expect((await site.ask(token, path)).body).toMatchObject({ Title: 'My title', Status: 'Pending' });
});

test('who leaves the version of the others sees it', async ({ page }) => {
  const { token, id, path } = await made();
  await open(page, id);
  await page.getByRole('button', { name: 'Edit the title' }).click();
  await page.getByLabel('Title', { exact: true }).fill('My title');
  await site.ask(token, path, { method: 'PATCH', body: { Title: 'Their title' } });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Leave theirs' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Their title');
  expect((await site.ask(token, path)).body.Title).toBe('Their title');
});

test('a comment by somebody else is no conflict', async ({ page }) => {
  const { token, id, path } = await made();
  await open(page, id);
  await page.getByRole('button', { name: 'Edit the title' }).click();
  await page.getByLabel('Title', { exact: true }).fill('My title');
  await site.ask(token, `${path}/Tessera.AddNote`, { method: 'POST', body: { Body: 'Meanwhile' } });
  // Not with the mouse: what is just arriving moves the button.
  await page.getByLabel('Title', { exact: true }).press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('My title');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('properties are changed where they stand, and what is wrong is told there', async ({ page }) => {
  const { token, id, path } = await made();
  await open(page, id);
  await page.getByLabel('Priority', { exact: true }).selectOption('High');
  await expect(page.locator('.properties')).toContainText('Saved');
  await page.getByLabel('Tags', { exact: true }).fill('fire, printer, fire');
  await page.getByLabel('Tags', { exact: true }).press('Enter');
  await expect.poll(async () => (await site.ask(token, path)).body.Tags).toEqual(['fire', 'printer']);
  await page.getByLabel('Due', { exact: true }).fill('2027-01-05T14:30');
  await page.getByLabel('Due', { exact: true }).blur();
  await expect.poll(async () => (await site.ask(token, path)).body.DueDateTime).toBe('2027-01-05T13:30:00Z');
  await page.getByLabel('Requester’s address').fill('no address');
  await page.getByLabel('Requester’s address').press('Enter');
  await expect(page.getByLabel('Requester’s address')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Requester’s address')).toHaveAttribute('aria-describedby', /RequesterEmail-error/);
  await axe(page);
  expect((await site.ask(token, path)).body).toMatchObject({ Priority: 'High', RequesterEmail: 'sven@kunde.example' });
  await page.getByRole('link', { name: 'Changes' }).click();
  await expect(page.locator('.change').last()).toContainText('Priority');
});

test('what others write arrives, and what one types stays', async ({ page }) => {
  const { token, id, path } = await made();
  const listening = page.waitForResponse(/\/events$/);
  await open(page, id);
  await listening;
  await page.getByLabel('Reply to sven').pressSequentially('I am wri');
  await site.ask(token, `${path}/Tessera.Reply`, { method: 'POST', body: { Body: 'Somebody was faster' } });
  await expect(page.locator('.conversation')).toContainText('Somebody was faster');
  await expect(page.getByLabel('Reply to sven')).toBeFocused();
  await page.keyboard.type('ting');
  await expect(page.getByLabel('Reply to sven')).toHaveValue('I am writing');
});

test('a new ticket is kept until it is sent', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets/new');
  await expect(page.getByLabel('Priority')).toBeVisible();
  await axe(page);
  await page.getByLabel('Title').fill('A new one');
  await page.getByLabel('Description').fill('With words\nin lines.');
  await page.getByLabel('Requester’s address').fill('nonsense');
  await page.reload();
  await expect(page.getByLabel('Title')).toHaveValue('A new one');
  await expect(page.getByLabel('Description')).toHaveValue('With words\nin lines.');
  await page.getByLabel('Requester’s address').fill('ann@neu.example');
  await page.getByLabel('Priority').selectOption({ label: 'High' });
  await page.getByRole('button', { name: 'Make the ticket' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('A new one');
  await expect(page.locator('.message').first()).toContainText('With words');
  await expect(page.getByLabel('Requester’s address')).toHaveValue('ann@neu.example');
  await page.goto(`${site.url}/tickets/new`);
  await expect(page.getByLabel('Title')).toHaveValue('');
});

test('a ticket that there is not is told in words', async ({ page }) => {
  await signIn(page, site, 'ben', '/tickets/99999999');
  await expect(page.getByRole('alert')).toContainText('There is no such thing');
  await axe(page);
});

test('a deleted ticket is brought back', async ({ page }) => {
  const { token, id, path } = await made();
  await signIn(page, site, 'ada', `/tickets/${id}`);
  await page.getByRole('button', { name: `More for ticket ${id}` }).click();
  await page.getByRole('menuitem', { name: 'Delete the ticket' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the ticket' }).click();
  await expect(page).toHaveURL(/\/tickets$/);
  expect((await site.ask(token, path)).status).toBe(404);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The printer is on fire');
});

const HOSTILE = [
  '<img src=x onerror="window.hit=1">', '<script>window.hit=1</script>', '"><svg onload=window.hit=1>', "javascript:window.hit=1",
  '{{constructor.constructor("window.hit=1")()}}', '</textarea><script>window.hit=1</script>', '<a href="javascript:window.hit=1">x</a>',
  '\u202egnp.exe', '<style>*{display:none}</style>', '${window.hit=1}', '<!--', ']]>', '&lt;b&gt;', '\u0000nul'.slice(1),
];

test('no text of a ticket is ever markup', async ({ page }) => {
  const token = await site.token('Administrator');
  const text = HOSTILE.join('\n');
  const { body } = await site.ask(token, '/odata/Tickets', {
    method: 'POST', body: { Title: HOSTILE.slice(0, 4).join(' '), Description: text, Tags: HOSTILE.slice(0, 3), ExternalReference: HOSTILE[1] },
  });
  const answer = await site.ask(token, `/odata/Tickets(${body.Id})/Tessera.Reply`, { method: 'POST', body: { Body: text } });
  expect(answer.status).toBe(200);
  await site.ask(token, '/odata/SavedViews', { method: 'POST', body: { Name: HOSTILE[0], EntitySet: 'Tickets', Query: `$filter=Id eq ${body.Id}`, IsShared: true } });
  await signIn(page, site, 'ben', `/tickets?filter=Id+eq+${body.Id}&select=Title,Tags,ExternalReference`);
  await expect(page.locator('.ticket-link')).toContainText('<img src=x');
  await page.getByRole('link', { name: HOSTILE[0] }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(HOSTILE[0]);
  await page.goto(`${site.url}/tickets?filter=${encodeURIComponent(HOSTILE[0])}&search=${encodeURIComponent(HOSTILE[2])}`);
  await expect(page.locator('.chip.filter')).toContainText('<img');
  await page.goto(`${site.url}/tickets/${body.Id}`);
  await expect(page.locator('.message .text').last()).toHaveText(text, { useInnerText: true });
  expect(await page.locator('main :is(script, style, img, svg, iframe)').count()).toBe(0);
  expect(await page.evaluate(() => /** @type {any} */ (window).hit)).toBeUndefined();
});

test('the longest conversations of the imported tickets are shown without harm', async ({ page }) => {
  const token = await site.token('Administrator');
  const longest = (await site.ask(token, '/odata/Tickets?$orderby=CommentCount desc&$top=3&$select=Id,CommentCount')).body.value;
  for (const { Id } of longest) {
    await signIn(page, site, 'ben', `/tickets/${Id}`);
    await expect(page.locator('.message').first()).toBeVisible();
    const earlier = page.getByRole('button', { name: 'Show earlier ones' });
    for (let round = 0; round < 20 && await earlier.count() > 0; round += 1) {
      const before = await page.locator('.conversation > li').count();
      await earlier.click();
      await expect.poll(() => page.locator('.conversation > li').count()).toBeGreaterThan(before);
    }
    expect(await page.locator('main :is(script, style, img, iframe)').count()).toBe(0);
  }
  await axe(page);
});
