// Every page as it is fetched, told and seen: at most twenty modules until it is whole, what a screen reader finds
// (`told.js`), and its look at three widths in light and dark against the one that is meant (`looks.js`). The pictures lie in
// target/ui/pictures. TESSERA_UPDATE_LOOKS=1 takes what is there now as what is meant.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LIGHT_MAX, SIZES, apart, lookOf, mean, meant, pictureFile } from './looks.js';
import { VIEWS } from './pages.js';
import { fill } from './sample.js';
import { desk, expect, signIn, test } from './support.js';
import { tells } from './told.js';

const site = desk('people');
const MODULES_MAX = 20;

test.describe.configure({ mode: 'parallel' });
test.beforeAll(() => fill(site));

/** Until nothing more is fetched for what is shown. @param {import('@playwright/test').Page} page @returns {Promise<string[]>} its modules */
async function whole(page) {
  await expect(page.locator('#main > [aria-busy=false] h1')).toBeVisible();
  const modules = () => page.evaluate(() => [...new Set(performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js')))]);
  let before = -1;
  let found = await modules();
  while (found.length !== before) {
    before = found.length;
    await page.waitForTimeout(250);
    found = await modules();
  }
  return found;
}

/** Hides what is another at each run. @param {import('@playwright/test').Page} page */
function hideTimes(page) {
  return page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('time, .when { display: none }');
    document.adoptedStyleSheets = [sheet];
  });
}

/** @param {import('@playwright/test').Page} page @param {string} name */
async function looks(page, name) {
  const wanted = meant(name);
  /** @type {Record<string, import('./looks.js').Look>} */
  const found = {};
  await mkdir(dirname(pictureFile(name)), { recursive: true });
  for (const { width, height, cell, inkMax } of SIZES) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
      const png = await page.screenshot({ animations: 'disabled' });
      await writeFile(pictureFile(`${name}-${width}-${colorScheme}`), png);
      const look = await lookOf(page, png, cell);
      if (colorScheme === 'dark') look.ink = [];
      const size = `${width} ${colorScheme}`;
      found[size] = look;
      if (process.env.TESSERA_UPDATE_LOOKS) continue;
      const { ink, light } = wanted[size] ? apart(wanted[size], look) : { ink: 1, light: 1 };
      if (process.env.TESSERA_UI_LOG) console.log(`${name} ${size}: ink ${(100 * ink).toFixed(1)} %, light ${(100 * light).toFixed(1)} %`);
      const told = `${name} at ${size} does not look as it is meant: see ${pictureFile(`${name}-${width}-${colorScheme}`)}`;
      expect.soft(ink, `${told} (what is drawn)`).toBeLessThanOrEqual(inkMax);
      expect.soft(light, `${told} (how light it is)`).toBeLessThanOrEqual(LIGHT_MAX);
    }
    expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} at ${width} is wider than the window`).toBeLessThanOrEqual(0);
  }
  if (process.env.TESSERA_UPDATE_LOOKS) mean(name, found);
}

for (const { name, path, isOpen, ready = 'h1', who = 'ada' } of VIEWS) {
  test(`${name} needs few modules, tells what it is, and looks as it is meant`, async ({ page }) => {
    // It is fetched some seconds later, so that it is there should the session end.
    await page.route('**/password-dialog.js', (route) => route.abort());
    if (isOpen) await page.goto(site.url + path);
    else await signIn(page, site, who, path);
    await expect(page.locator(ready).first()).toBeVisible();
    const modules = await whole(page);
    expect.soft(modules.length, modules.join('\n')).toBeLessThanOrEqual(MODULES_MAX);
    await tells(name === 'dashboard' ? page.locator('body') : page.getByRole('main'), name);
    await hideTimes(page);
    await looks(page, name);
  });
}
