// The binary as a server on a free port and as a command, on a folder of its own.
import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { BINARY } from './places.js';

/** The password of everybody. */
export const PASSWORD = 'correct horse battery';

/** Who is there in every template but `new`, and with which role. */
export const PEOPLE = {
  ada: { name: 'Ada', role: 'Administrator' },
  ben: { name: 'Ben', role: 'Agent' },
  cleo: { name: 'Cleo', role: 'ReadOnlyAdministrator' },
  dan: { name: 'Dan', role: 'ReadOnlyAgent' },
};

/** @param {keyof PEOPLE} who */
export const email = (who) => `${who}@x.example`;

/** Tests ask more often than people do. */
const UNLIMITED = {
  TESSERA_RATE_ADMIN_PER_MINUTE: '0',
  TESSERA_RATE_SERVICE_PER_MINUTE: '0',
  TESSERA_RATE_OTHER_PER_MINUTE: '0',
  TESSERA_RATE_SESSION_PER_MINUTE: '0',
  TESSERA_CONCURRENT_PER_TOKEN: '0',
};

/** A helpdesk in a folder: its server, which may stop and start again on the same port, and its commands. */
export class Desk {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {string[]} */
  log = [];
  url = '';

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** A desk on a copy of a folder, or on an empty one. @param {string} [template] */
  static async on(template) {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-ui-'));
    if (template) await cp(template, folder, { recursive: true });
    return new Desk(folder);
  }

  /** Runs a command; what it printed. @param {...string} args */
  async run(...args) {
    const done = await promisify(execFile)(BINARY, [...args, '--data', this.folder], { maxBuffer: 64 << 20 });
    return done.stdout.trim();
  }

  /** Serves, until `stop`. @param {Record<string, string>} [settings] in the environment */
  async start(settings = {}) {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const child = spawn(BINARY, ['serve', '--listen', listen, '--data', this.folder], {
      env: { ...process.env, ...UNLIMITED, ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    await new Promise((listening, failed) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.log.push(line);
        if (process.env.TESSERA_UI_LOG) console.error(line);
        const url = line.match(/^listening on (http\S+)/)?.[1];
        if (url) listening(this.url = url);
      });
      child.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${this.log.join('\n')}`)));
    });
    return this;
  }

  /** Ends the server by its process: politely, or as a crash would. @param {NodeJS.Signals} [signal] */
  async stop(signal = 'SIGTERM') {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((end) => child.once('exit', end));
    child.kill(signal);
    await ended;
  }

  /** Ends the server and removes the folder. */
  async remove() {
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The link for the first administrator. */
  async setupLink() {
    return (await readFile(join(this.folder, 'setup-link'), 'utf8')).trim();
  }

  /** A new access token, made at the machine. @param {string} role @param {...string} more further arguments */
  token(role = 'Administrator', ...more) {
    return this.run('token', 'create', '--name', `made for a test ${role}`, '--role', role, ...more);
  }

  /**
   * A request as a script sends it; the answer with its JSON.
   * @param {string} token @param {string} path @param {{ method?: string, body?: unknown, headers?: Record<string, string> }} [how]
   */
  async ask(token, path, { method = 'GET', body, headers = {} } = {}) {
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...json, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const type = answer.headers.get('content-type') ?? '';
    return { status: answer.status, headers: answer.headers, body: type.includes('json') ? JSON.parse(text) : text };
  }
}
