// How long the list of tickets takes from the last byte of an answer to the paint, in a store of any size: `scripts/ui
// paint FOLDER`. The folder is not copied; a member of staff is added to it, and nothing else is changed.
import { Desk, PASSWORD, expect, test } from './support.js';

const STORE = process.env.TESSERA_UI_STORE ?? '';
const RUNS = 15;
const PAINT_MAX_MS = 200;
const EMAIL = 'paint@x.example';

const site = new Desk(STORE);
test.skip(!STORE, 'TESSERA_UI_STORE names no folder');
test.beforeAll(async () => {
  test.setTimeout(180_000);
  await site.start();
  await site.run('user', 'create', '--name', 'Paint', '--email', EMAIL, '--role', 'Administrator').catch(() => {});
  const secret = (await site.run('user', 'link', EMAIL)).split('#setup=')[1];
  const answer = await site.ask('', '/session/setup', { method: 'POST', body: { Secret: secret, Password: PASSWORD }, headers: { Authorization: '' } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
});
test.afterAll(() => site.stop());

/** @typedef {{ answer: number, paint: number }} Took milliseconds to the last byte, and from there to the paint */

/**
 * Does something that shows other rows. What counts is the frame after the one in which rows were put on the page.
 * @param {import('@playwright/test').Page} page @param {() => Promise<unknown>} act @returns {Promise<Took>}
 */
async function timed(page, act) {
  await page.evaluate(() => {
    performance.clearResourceTimings();
    /** @type {any} */ (globalThis).paints.length = 0;
  }).catch(() => {});
  await act();
  const found = await page.waitForFunction(() => {
    const asked = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType('resource'))
      .find(({ name, responseEnd }) => /\/odata\/Tickets\?/.test(name) && !/top=/.test(name) && responseEnd > 0);
    const paint = asked && /** @type {any} */ (globalThis).paints.find((/** @type {any} */ one) => one.changed >= asked.responseEnd);
    return paint && { answer: asked.responseEnd - asked.startTime, paint: paint.painted - asked.responseEnd };
  }, undefined, { timeout: 60_000 });
  return /** @type {Promise<Took>} */ (found.jsonValue());
}

/** @param {number[]} values */
const told = (values) => {
  const sorted = [...values].sort((one, other) => one - other);
  return { median: Math.round(sorted[sorted.length >> 1]), worst: Math.round(sorted[sorted.length - 1]) };
};

test('rows are painted soon after their answer', async ({ page }) => {
  test.setTimeout(600_000);
  await page.addInitScript(() => {
    const paints = (/** @type {any} */ (globalThis).paints = /** @type {{ changed: number, painted: number }[]} */ ([]));
    new MutationObserver((records) => {
      if (!records.some(({ addedNodes }) => [...addedNodes].some((node) => node instanceof Element && (node.matches('tr') || node.querySelector('tbody tr'))))) return;
      const changed = performance.now();
      requestAnimationFrame(() => requestAnimationFrame(() => paints.push({ changed, painted: performance.now() })));
    }).observe(document, { subtree: true, childList: true });
  });
  await page.request.post(`${site.url}/session`, { data: { Email: EMAIL, Password: PASSWORD } });
  const list = `${site.url}/tickets`;
  await page.goto(list);
  await expect(page.locator('.tickets tbody tr').first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.list-state')).toContainText(/tickets/, { timeout: 60_000 });
  console.log(await page.locator('.list-state').textContent().then((text) => text?.trim()));
  const rows = page.locator('.tickets tbody tr');
  const whole = () => page.goto(list).then(() => expect(rows).toHaveCount(100));
  /** @type {Record<string, { before?: () => Promise<unknown>, act: () => Promise<unknown> }>} */
  const kinds = {
    'the first page, newest first': { act: () => page.goto(list) },
    'open tickets only': { before: whole, act: () => page.locator('.rail').getByRole('link', { name: 'Open', exact: true }).click() },
    'sorted by title': { before: whole, act: () => page.getByRole('button', { name: 'Title' }).click() },
    'the next page': { before: whole, act: () => rows.last().scrollIntoViewIfNeeded() },
  };
  for (const [name, { before, act }] of Object.entries(kinds)) {
    /** @type {Took[]} */
    const took = [];
    for (let run = 0; run < RUNS; run += 1) {
      await before?.();
      took.push(await timed(page, act));
    }
    const [answer, paint] = [told(took.map((one) => one.answer)), told(took.map((one) => one.paint))];
    console.log(`${name}: answer ${answer.median} ms (worst ${answer.worst}), painted ${paint.median} ms after it (worst ${paint.worst})`);
    expect.soft(paint.median, name).toBeLessThanOrEqual(PAINT_MAX_MS);
  }
});
