// The pictures of README, of the made-up helpdesk that `serve --demo` shows: each run takes them, and puts them in their
// place when they are missing or TESSERA_UPDATE_DOCS is set. All pages at all widths are in `pages.spec.js`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VIEWS } from './pages.js';
import { BINARY, IMAGES } from './places.js';
import { Desk, PASSWORD, expect, test } from './support.js';

const SHOWN = { dashboard: '/dashboard', tickets: '/tickets', ticket: '/tickets/60', tokens: '/tokens' };

/** The made-up helpdesk, in a folder of its own. @param {string} home */
async function demo(home) {
  const child = spawn(BINARY, ['serve', '--demo', '--listen', '127.0.0.1:0'], { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('listening on')) break;
  const ended = new Promise((end) => { child.once('exit', end); });
  child.kill();
  await ended;
  const desk = await new Desk(join(home, 'tessera-demo')).start();
  const link = await desk.run('user', 'link', 'amara.okafor@desk.example');
  const body = { Secret: link.split('#setup=')[1], Password: PASSWORD };
  expect((await desk.ask('', '/session/setup', { method: 'POST', body, headers: { Authorization: '' } })).status).toBe(200);
  for (const [name, role, days] of [['Power BI', 'ReadOnlyAgent', '30d'], ['Nightly export', 'ReadOnlyAgent', '10d'], ['Phone system', 'Agent', '60d']]) {
    await desk.run('token', 'create', '--name', name, '--role', role, '--expires', days);
  }
  return desk;
}

test('README has its pictures', async ({ page }) => {
  test.setTimeout(300_000);
  await mkdir(IMAGES, { recursive: true });
  const home = await mkdtemp(join(tmpdir(), 'tessera-pictures-'));
  const desk = await demo(home);
  try {
    const answer = await page.request.post(`${desk.url}/session`, { data: { Email: 'amara.okafor@desk.example', Password: PASSWORD } });
    expect(answer.status()).toBe(200);
    for (const [name, path] of Object.entries(SHOWN)) {
      await page.goto(desk.url + path);
      await expect(page.locator('#main > [aria-busy=false] h1')).toBeVisible();
      await expect(page.locator(VIEWS.find((view) => view.name === name)?.ready ?? 'h1').first()).toBeVisible();
      const picture = await page.screenshot();
      const file = join(IMAGES, `${name}.png`);
      if (process.env.TESSERA_UPDATE_DOCS || !existsSync(file)) await writeFile(file, picture);
    }
  } finally {
    await desk.remove();
    await rm(home, { recursive: true, force: true });
  }
});
