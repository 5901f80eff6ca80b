// Texts, numbers and times; and that both languages say everything.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { ApiError, local, newKey, odata, quoted } from '../../../web/lib/api.js';
import { date, duration, errorText, number, register, relative, t } from '../../../web/lib/i18n.js';

const folder = fileURLToPath(new URL('../../../web/i18n/', import.meta.url));

register({
  en: { 'one.apple': { one: '{count} apple', other: '{count} apples' }, 'hello': 'Hello {name}', 'error.Conflict': 'No: {message}' },
  de: { 'one.apple': { one: '{count} Apfel', other: '{count} Äpfel' }, 'hello': 'Hallo {name}', 'error.Conflict': 'Nein: {message}' },
});

test('each text is there in both languages, with the same places to fill', async () => {
  const files = readdirSync(folder).filter((name) => /(^|\.)en\.js$/.test(name));
  assert.ok(files.length);
  for (const file of files) {
    const [en, de] = await Promise.all([file, file.replace(/en\.js$/, 'de.js')].map(async (name) => {
      const module = await import(`${folder}${name}`);
      return /** @type {Record<string, unknown>} */ (Object.values(module)[0]);
    }));
    assert.deepEqual(Object.keys(de ?? {}).sort(), Object.keys(en ?? {}).sort(), file);
    const places = (/** @type {unknown} */ message) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g) ?? [])].sort();
    for (const key of Object.keys(en ?? {})) assert.deepEqual(places(de?.[key]), places(en?.[key]), `${file} ${key}`);
  }
});

test('texts are filled in and counted', () => {
  assert.equal(t('hello', { name: '<b>' }), 'Hello <b>');
  assert.equal(t('one.apple', { count: 1 }), '1 apple');
  assert.equal(t('one.apple', { count: 1200 }), '1,200 apples');
  assert.equal(t('no.such'), 'no.such');
});

test('times and spans are said as people say them', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  assert.equal(relative('2026-11-22T10:00:00Z', now), '2 hours ago');
  assert.equal(relative('2026-11-23T13:00:00Z', now), 'tomorrow');
  assert.equal(relative('2026-11-22T11:59:30Z', now), 'now');
  assert.equal(relative(null, now), '');
  assert.equal(duration(0), '0 min');
  assert.equal(duration(8100), '2 hr 15 min');
  assert.equal(duration(200_000), '2 days 7 hr');
  assert.equal(date('2026-11-22'), 'Nov 22, 2026');
  assert.equal(number(1234.5), '1,234.5');
});

test('errors are told by their code, else as the server said', () => {
  assert.equal(errorText(new ApiError(409, { code: 'Conflict', message: "the name 'x' is taken" })), "No: The name 'x' is taken.");
  assert.equal(errorText(new ApiError(400, { code: 'InvalidValue', message: 'it must be given' })), 'It must be given.');
});

test('addresses of the feed are encoded and stay readable', () => {
  assert.equal(odata('Tickets'), '/odata/Tickets');
  assert.equal(odata('Tickets', { filter: `Title eq ${quoted("O'Neil & 50%+")}`, top: 5, orderby: 'Id desc' }),
    "/odata/Tickets?$filter=Title%20eq%20'O''Neil%20%26%2050%25%2B'&$orderby=Id%20desc&$top=5");
  assert.equal(odata('Tickets', { count: false, filter: '' }), '/odata/Tickets');
  assert.equal(local('https://desk.example.com/odata/Tickets?$skiptoken=a%2Fb'), '/odata/Tickets?$skiptoken=a%2Fb');
});

test('markup is made in one file and no file is long', () => {
  const root = fileURLToPath(new URL('../../../web/', import.meta.url));
  for (const name of readdirSync(root, { recursive: true }).map(String).filter((file) => file.endsWith('.js'))) {
    const text = readFileSync(root + name, 'utf8');
    if (!['lib/html.js', 'lib/compile.js'].includes(name)) assert.doesNotMatch(text, /innerHTML|insertAdjacentHTML|document\.write|\beval\(/, name);
    if (!name.startsWith('i18n/')) assert.ok(text.split('\n').length <= 400, `${name} has ${text.split('\n').length} lines`);
  }
});

test('each key is another', () => {
  assert.match(newKey(), /^[0-9a-f]{32}$/);
  assert.notEqual(newKey(), newKey());
});
