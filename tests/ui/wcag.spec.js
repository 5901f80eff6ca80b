// What WCAG 2.2 AA asks of every page, as far as a script can tell: axe in both themes, room at 320 pixels, targets of
// 24 pixels, a focus that is seen and not hidden, one h1, a title of its own, forced colours.
import { axe, desk, expect, signIn, test } from './support.js';

const site = desk('titanium');

test.describe.configure({ mode: 'parallel' });

/** Where pages stand, and what windows and histories call them. */
const PAGES = {
  '/dashboard': 'Dashboard', '/tickets': 'Tickets', '/tickets/new': 'New ticket', '/tickets/2': '#2 ', '/tokens': 'Access tokens',
  '/tokens/new': 'New access token', '/tokens/policy': 'Policy for tokens', '/people/customers': 'Customers', '/people/users': 'Staff',
  '/teams': 'Teams', '/settings/pickers': 'Lists', '/audit': 'Audit log', '/connect': 'Connect your tools', '/profile': 'Profile',
};

/** @param {import('@playwright/test').Page} page */
async function settled(page) {
  await expect(page.locator('main h1')).toHaveCount(1);
  await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
}

/** Names of targets that are less than 24 by 24 and have not room enough around. @param {import('@playwright/test').Page} page */
function smallTargets(page) {
  return page.evaluate(() => {
    const targets = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [role=menuitem], [tabindex="0"]')];
    const seen = targets.filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.live') && !one.classList.contains('live'));
    return seen.filter((one) => {
      const box = one.getBoundingClientRect();
      // Room that is kept free around it counts (2.5.8, spacing).
      const style = getComputedStyle(one);
      const width = box.width + parseFloat(style.marginLeft) + parseFloat(style.marginRight);
      const height = box.height + parseFloat(style.marginTop) + parseFloat(style.marginBottom);
      const isInText = style.display === 'inline' && Boolean(one.closest('p, td, th, dd, li, small, span'));
      // A label that can be pressed too makes the target of a box larger.
      const label = one instanceof HTMLInputElement ? one.labels?.[0]?.getBoundingClientRect() : undefined;
      const isLabelled = Boolean(label && label.height >= 24);
      return box.width > 1 && (width < 24 || height < 24) && !isInText && !isLabelled;
    }).map((one) => `${one.tagName} ${one.className} ${one.textContent?.trim().slice(0, 30)} ${JSON.stringify(one.getBoundingClientRect())}`).slice(0, 4);
  });
}

/** Goes through the page by Tab: what got the focus must be seen as focused, and wholly in the window. @param {import('@playwright/test').Page} page */
async function focusTrouble(page) {
  /** @type {string[]} */
  const troubles = [];
  for (let at = 0; at < 25; at += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const middle = document.elementFromPoint(box.x + Math.min(box.width, innerWidth) / 2, box.y + Math.min(box.height, 40) / 2);
      const isHidden = middle && !one.contains(middle) && !middle.contains(one) && !middle.closest('label');
      const name = `${one.tagName} ${one.className} ${one.textContent?.trim().slice(0, 30)}`;
      if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) return `no ring: ${name}`;
      return isHidden ? `hidden by ${middle.className || middle.tagName}: ${name}` : null;
    });
    if (found) troubles.push(found);
  }
  return troubles;
}

for (const [path, title] of Object.entries(PAGES)) {
  test(`${path} keeps the rules`, async ({ page }) => {
    test.setTimeout(120_000);
    await signIn(page, site, 'ada', path);
    await settled(page);
    const told = await page.title();
    expect.soft(told.startsWith(title) && told.endsWith(' · Tessera'), told).toBe(true);
    await axe(page);
    expect.soft(await focusTrouble(page), path).toEqual([]);
    expect.soft(await smallTargets(page), path).toEqual([]);
    await page.emulateMedia({ forcedColors: 'active' });
    await expect(page.locator('main h1')).toBeVisible();
    await page.emulateMedia({ forcedColors: null });
    await page.setViewportSize({ width: 320, height: 700 });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect.soft(beyond, `${path} at 320 pixels`).toBeLessThanOrEqual(0);
    expect.soft(await smallTargets(page), `${path} at 320 pixels`).toEqual([]);
  });
}

test('wider text is not cut off', async ({ page }) => {
  await signIn(page, site, 'ada', '/profile');
  await settled(page);
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }');
    document.adoptedStyleSheets = [sheet];
  });
  const cut = await page.evaluate(() => [...document.querySelectorAll('main :is(h1, h2, p, dd, label, .button)')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== 'visible').map((one) => one.textContent));
  expect(cut).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});
