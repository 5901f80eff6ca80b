// Texts, numbers and times; and that both languages say everything.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { ApiError, local, newKey, odata, quoted } from '../../../web/lib/api.js';
import { fieldErrors } from '../../../web/lib/field.js';
import { date, duration, errorText, number, program, register, registerReasons, relative, setLang, t } from '../../../web/lib/i18n.js';
import { en } from '../../../web/i18n/en.js';
import { de, reasons } from '../../../web/i18n/de.js';

const folder = fileURLToPath(new URL('../../../web/i18n/', import.meta.url));

register({
  en: { 'one.apple': { one: '{count} apple', other: '{count} apples' }, 'hello': 'Hello {name}' },
  de: { 'one.apple': { one: '{count} Apfel', other: '{count} Äpfel' }, 'hello': 'Hallo {name}' },
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

test('programs are told by their short names', () => {
  const check = (/** @type {string | null} */ agent, /** @type {string} */ name) => assert.equal(program(agent), name);
  check('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'Chrome 140, Linux');
  check('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge 140, Windows');
  check('Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041', 'PowerShell 5, Windows');
  check('curl/8.5.0', 'curl/8.5.0');
  check(null, '–');
});

/** Codes that no request of the page can bring about: it sends no such header, body or address. */
const NEVER_MET = ['InvalidEncoding', 'DuplicateQueryOption', 'InvalidHeader', 'TokenInQuery', 'AmbiguousCredentials', 'MethodNotAllowed', 'NotAcceptable', 'UnsupportedMediaType'];

test('every code of an error that the page can meet has a text in both languages', () => {
  const listed = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8').matchAll(/^\| `(\w+)` \| \d{3} \|/gm);
  const codes = [...listed].map(([, code]) => code ?? '');
  assert.ok(codes.length > 30);
  assert.deepEqual(NEVER_MET.filter((code) => !codes.includes(code)), []);
  for (const code of codes.filter((code) => !NEVER_MET.includes(code))) {
    for (const texts of [en, de]) assert.ok(texts[`error.${code}`], `no text for ${code}`);
    assert.notDeepEqual(en[`error.${code}`], de[`error.${code}`], code);
  }
});

test('errors are told by their code, with what the server says of its reason', async () => {
  register({ en, de });
  registerReasons('de', reasons);
  /** @param {string} code @param {string} message @param {string} english @param {string} german @param {string} [target] */
  const check = async (code, message, english, german, target = 'Title') => {
    const error = new ApiError(400, { code, message, target });
    assert.equal(errorText(error), english);
    await setLang('de');
    assert.equal(errorText(error), german);
    await setLang('en');
  };
  globalThis.document ??= /** @type {any} */ ({ documentElement: {} });
  await check('InvalidValue', "'Title' does not fit: it takes at most 1000 characters in one line", '“Title” does not fit: it takes at most 1000 characters in one line.', '„Title“ passt nicht: es nimmt höchstens 1000 Zeichen in einer Zeile.');
  await check('InvalidValue', "'Title' does not fit: as nobody foresaw", '“Title” does not fit: as nobody foresaw.', '„Title“ passt nicht: der Server sagt dazu „as nobody foresaw“.');
  await check('Conflict', "'Name' conflicts: there is such a Team already", 'Not as things stand: there is such a Team already.', 'So geht es nicht: das gibt es schon (Team).');
  await check('InsufficientScope', "this needs the scope 'teams:write', which is not in force for you; Me() tells what is", 'You may not do this: it needs the right “teams:write”.', 'Das dürfen Sie nicht: Es braucht das Recht „teams:write“.');
  await check('BodyTooLarge', "the body is larger than 'body_bytes_max' of 4096 bytes", 'That is too large to be sent at once: 4,096 bytes are the most.', 'Das ist zu groß, um es auf einmal zu senden: Höchstens 4.096 Bytes gehen.');
  await check('LimitExceeded', "$filter passes the limit 'query_nodes_max' of 1000", '$filter is more than “query_nodes_max” allows, which is 1,000.', '$filter ist mehr, als „query_nodes_max“ erlaubt, nämlich 1.000.', '$filter');
  await check('UnknownProperty', "$filter names 'Titel', which 'Ticket' does not have; did you mean 'Title'?", '$filter names “Titel”, which is not there. Did you mean “Title”?', '$filter nennt „Titel“, das gibt es dort nicht. Meinten Sie „Title“?', '$filter');
  await check('InvalidSyntax', '$filter stops making sense at byte 3: expected a comparison operator', '$filter stops making sense there: expected a comparison operator.', '$filter ist dort nicht zu verstehen: dort gehört ein Vergleich hin, wie eq, ne, gt oder lt.', '$filter');
  await check('InternalError', 'something failed on our side; the log has it under 00ff00ff00ff00ff', 'Something failed on the server. Its log has the cause under 00ff00ff00ff00ff.', 'Auf dem Server ist etwas schiefgegangen. In seinem Protokoll steht die Ursache unter 00ff00ff00ff00ff.');
  // A message that does not fill the places of its text is told as it is.
  await check('BodyTooLarge', 'the body is too large', 'The body is too large.', 'Der Server hat es abgelehnt: The body is too large.');
  await check('InvalidValue', 'it must be given', 'It must be given.', 'Der Server hat es abgelehnt: It must be given.', '');
  await check('Newer', 'as it was never said', 'As it was never said.', 'Der Server hat es abgelehnt: As it was never said.');
  // Beside its field the reason is enough.
  const error = new ApiError(400, { code: 'InvalidValue', target: 'Title', message: "'Title' does not fit: it must be given" });
  assert.deepEqual(fieldErrors(error, ['Title']), { Title: 'It must be given.' });
  assert.deepEqual(fieldErrors(error, ['Name']), { form: '“Title” does not fit: it must be given.' });
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
