// Pictures of the main pages as people see them: three widths, light and dark, in target/ui/pictures for whoever
// designs; and those of README in docs/images, when they are missing or TESSERA_UPDATE_DOCS is set.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BINARY, IMAGES, OUT } from './places.js';
import { Desk, PASSWORD, expect, test } from './support.js';

const WIDTHS = [1440, 1024, 390];
const PAGES = {
  'dashboard': '/dashboard', 'tickets': '/tickets', 'ticket': '/tickets/60', 'new-ticket': '/tickets/new', 'tokens': '/tokens',
  'new-token': '/tokens/new', 'policy': '/tokens/policy', 'customers': '/people/customers', 'staff': '/people/users',
  'teams': '/teams', 'lists': '/settings/pickers', 'audit': '/audit', 'connect': '/connect', 'profile': '/profile',
};
/** Those in README, at the first width and light. */
const SHOWN = ['dashboard', 'tickets', 'ticket', 'tokens'];

/** The made-up helpdesk, in a folder of its own. @type {Desk} */
let site;
let home = '';

test.beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tessera-pictures-'));
  const demo = spawn(BINARY, ['serve', '--demo', '--listen', '127.0.0.1:0'], { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: demo.stderr })) if (line.includes('listening on')) break;
  const ended = new Promise((end) => { demo.once('exit', end); });
  demo.kill();
  await ended;
  site = new Desk(join(home, 'tessera-demo'));
  await site.start();
  const link = await site.run('user', 'link', 'amara.okafor@desk.example');
  const body = { Secret: link.split('#setup=')[1], Password: PASSWORD };
  expect((await site.ask('', '/session/setup', { method: 'POST', body, headers: { Authorization: '' } })).status).toBe(200);
  for (const [name, role, days] of [['Power BI', 'ReadOnlyAgent', '30d'], ['Nightly export', 'ReadOnlyAgent', '10d'], ['Phone system', 'Agent', '60d']]) {
    await site.run('token', 'create', '--name', name, '--role', role, '--expires', days);
  }
});

test.afterAll(async () => {
  await site.remove();
  await rm(home, { recursive: true, force: true });
});

test('the main pages stand at every width, light and dark', async ({ page }) => {
  test.setTimeout(600_000);
  await mkdir(join(OUT, 'pictures'), { recursive: true });
  await mkdir(IMAGES, { recursive: true });
  const answer = await page.request.post(`${site.url}/session`, { data: { Email: 'amara.okafor@desk.example', Password: PASSWORD } });
  expect(answer.status()).toBe(200);
  for (const [name, path] of Object.entries(PAGES)) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(site.url + path);
    await expect(page.locator('main h1')).toBeVisible();
    await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        await page.emulateMedia({ colorScheme });
        await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
        await page.screenshot({ path: join(OUT, 'pictures', `${name}-${width}-${colorScheme}.png`), fullPage: width === 390 });
        const cut = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect.soft(cut, `${name} at ${width} is wider than the window`).toBeLessThanOrEqual(0);
      }
    }
    const file = join(IMAGES, `${name}.png`);
    if (!SHOWN.includes(name) || (existsSync(file) && !process.env.TESSERA_UPDATE_DOCS)) continue;
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.screenshot({ path: file });
  }
});
