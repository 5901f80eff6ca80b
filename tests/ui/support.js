// What the tests of the page share: a desk for each file, people who sign in, and what must hold on every page.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base } from '@playwright/test';
import { Desk, PASSWORD, email } from './desk.js';
import { hasTitanium } from './places.js';
import { template } from './templates.js';

export { expect, Desk, PASSWORD, email };
export { PEOPLE } from './desk.js';

/**
 * A test that fails, whatever else it says, when its page breaks the content security policy, throws, or asks
 * anybody but its own server. `troubles` lists what was seen so far.
 */
export const test = base.extend({
  troubles: [async ({ context }, use) => {
    /** @type {string[]} */
    const troubles = [];
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy broken: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    context.on('console', (message) => {
      const text = message.text();
      if (/policy broken|Content Security Policy|TrustedHTML|TrustedScript/.test(text)) troubles.push(text);
    });
    context.on('weberror', (error) => troubles.push(`thrown: ${error.error().stack ?? error.error()}`));
    context.on('request', (request) => {
      const url = request.url();
      if (!/^(blob:|data:)?(https?:\/\/127\.0\.0\.1:\d+\/|about:)|^data:/.test(url)) troubles.push(`asked a stranger: ${url}`);
    });
    await use(troubles);
    expect(troubles).toEqual([]);
  }, { auto: true }],
});

/** Fails when the page broke the content security policy so far. @param {string[]} troubles the fixture of that name */
export function noCspReports(troubles) {
  expect(troubles).toEqual([]);
}

/**
 * A desk for the tests of one file, there from the first to the last of them: `new` knows nobody yet, `people` has
 * Ada, Ben, Cleo and Dan, `titanium` the imported tickets as well (its file is skipped where the material is missing).
 * @param {'new' | 'people' | 'titanium'} data @param {Record<string, string>} [settings] in the environment
 */
export function desk(data, settings) {
  const desk = new Desk('');
  test.skip(data === 'titanium' && !hasTitanium, 'the shared material is not beside the repository');
  test.beforeAll(async () => {
    const made = await Desk.on(data === 'new' ? undefined : template(data));
    desk.folder = made.folder;
    desk.url = '';
    await desk.start(settings);
  });
  test.afterAll(async ({}, info) => {
    if (info.errors.length) console.error(desk.log.slice(-40).join('\n'));
    await desk.remove();
  });
  return desk;
}

/**
 * Signs in without the form, and goes to a page.
 * @param {import('@playwright/test').Page} page @param {Desk} desk
 * @param {keyof import('./desk.js').PEOPLE} who @param {string} [path]
 */
export async function signIn(page, desk, who, path = '/') {
  const answer = await page.request.post(`${desk.url}/session`, { data: { Email: email(who), Password: PASSWORD } });
  expect(answer.status(), await answer.text()).toBe(200);
  await page.goto(desk.url + path);
}

/** What axe finds that depends on colours; all else is the same in both themes. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/**
 * Nothing that axe knows is wrong with what is shown now, in light and in dark.
 * @param {import('@playwright/test').Page} page
 */
export async function axe(page) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    const asked = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
    const { violations } = await (colorScheme === 'light' ? asked : asked.withRules(COLOURS)).analyze();
    const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`);
    expect(told, `${colorScheme} ${page.url()}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}
