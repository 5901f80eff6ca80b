// Folders made once, which each test file copies: one with people, one with the imported tracker as well.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Desk, PASSWORD, PEOPLE, email } from './desk.js';
import { BINARY, OUT, TITANIUM, hasTitanium } from './places.js';

/** @param {string} name */
export const template = (name) => join(OUT, 'templates', name);

/** Adds everybody, each with a password. @param {Desk} desk */
async function addPeople(desk) {
  await desk.start();
  const setup = async (/** @type {object} */ body) => {
    const answer = await desk.ask('', '/session/setup', { method: 'POST', body, headers: { Authorization: '' } });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  };
  const [first, ...others] = /** @type {(keyof PEOPLE)[]} */ (Object.keys(PEOPLE));
  const secret = (/** @type {string} */ link) => link.split('#setup=')[1];
  await setup({ Secret: secret(await desk.setupLink()), Password: PASSWORD, Name: PEOPLE[first].name, Email: email(first) });
  for (const who of others) {
    await desk.run('user', 'create', '--name', PEOPLE[who].name, '--email', email(who), '--role', PEOPLE[who].role);
    await setup({ Secret: secret(await desk.run('user', 'link', email(who))), Password: PASSWORD });
  }
  await desk.stop();
}

/** How long a folder stands for a new one: what is in it ages. */
const FRESH_MS = 12 * 3_600_000;

/** @param {string} name @param {(desk: Desk) => Promise<void>} fill */
async function make(name, fill) {
  const made = template(name);
  if (existsSync(made)) {
    const at = (await stat(made)).mtimeMs;
    if (at > (await stat(BINARY)).mtimeMs && at > Date.now() - FRESH_MS) return;
    await rm(made, { recursive: true });
  }
  const unfinished = `${made}-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await fill(new Desk(unfinished));
  await rename(unfinished, made);
}

export default async function makeTemplates() {
  await make('people', addPeople);
  if (!hasTitanium) {
    if (process.env.CI) throw new Error(`'${TITANIUM}' is missing: check out the shared material beside the repository`);
    return;
  }
  await make('titanium', async (desk) => {
    await desk.run('import', TITANIUM);
    await addPeople(desk);
  });
}
