// That the comparison of looks finds what it is for: each fault, made on purpose, is more than the tolerance.
import { LIGHT_MAX, SIZES, apart, lookOf, meant } from './looks.js';
import { fill } from './sample.js';
import { desk, expect, signIn, test } from './support.js';

const site = desk('people');
test.beforeAll(() => fill(site));

/** @type {[name: string, path: string, width: number, theme: 'light' | 'dark', css: string][]} */
const FAULTS = [
  ['tickets', '/tickets', 1440, 'light', '.tickets :is(th, td):nth-child(4) { display: none }'],
  ['tickets', '/tickets', 1440, 'light', '.rail { display: none }'],
  ['tickets', '/tickets', 1440, 'light', '.split { display: block }'],
  ['tickets', '/tickets', 1440, 'light', 'header.bar { display: none }'],
  ['tickets', '/tickets', 1440, 'dark', ':root { color-scheme: light !important }'],
  ['tickets', '/tickets', 390, 'light', '.tickets :is(td, th) { display: table-cell } .tickets :is(tr, tbody, table) { display: revert }'],
  ['ticket', '/tickets/1', 1440, 'light', '.split > :last-child { margin-inline-start: -16rem }'],
  ['ticket', '/tickets/1', 1024, 'light', '.properties { display: none }'],
];

test('a lost column, panels over each other, a theme that is not there are found', async ({ page }) => {
  await signIn(page, site, 'ada', '/profile');
  let shown = '';
  for (const [name, path, width, colorScheme, css] of FAULTS) {
    if (shown !== path) await page.goto(site.url + path);
    shown = path;
    await expect(page.locator('#main > [aria-busy=false] h1')).toBeVisible();
    if (name === 'ticket') await expect(page.locator('.composer')).toBeVisible();
    const { height, cell, inkMax } = /** @type {typeof SIZES[number]} */ (SIZES.find((size) => size.width === width));
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.evaluate((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`time, .when { display: none } ${text}`);
      document.adoptedStyleSheets = [sheet];
    }, css);
    const { ink, light } = apart(meant(name)[`${width} ${colorScheme}`], await lookOf(page, await page.screenshot({ animations: 'disabled' }), cell));
    if (process.env.TESSERA_UI_LOG) console.log(`${name} ${width} ${colorScheme}: ink ${(100 * ink).toFixed(1)} %, light ${(100 * light).toFixed(1)} %, ${css}`);
    expect.soft(ink > inkMax || light > LIGHT_MAX, `${name} at ${width} with ${css}: ${ink}, ${light}`).toBe(true);
  }
});
