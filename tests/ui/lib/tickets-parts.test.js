// Pages, drafts, merging and the caret of the tickets pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerpt, indexOfByte, placeOf } from '../../../web/pages/tickets/mistake.js';
import { DRAFTS_MAX, DRAFT_DAYS, Drafts, forgetAll } from '../../../web/pages/tickets/drafts.js';
import { differences, firstPick, merged, needsChoice } from '../../../web/pages/tickets/conflict.js';
import { Pages } from '../../../web/pages/tickets/live.js';

/** A `localStorage` in memory. @param {boolean} [full] */
function storage(full = false) {
  /** @type {Map<string, string>} */
  const held = new Map();
  return /** @type {Storage} */ (/** @type {unknown} */ ({
    get length() { return held.size; },
    key: (/** @type {number} */ index) => [...held.keys()][index] ?? null,
    getItem: (/** @type {string} */ key) => held.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => {
      if (full) throw new Error('full');
      held.set(key, value);
    },
    removeItem: (/** @type {string} */ key) => held.delete(key),
  }));
}

test('pages follow their links, and a ticket that moved is shown once', async () => {
  /** @type {string[]} */
  const asked = [];
  const answers = [
    { value: [{ Id: 1, Title: 'a' }, { Id: 2, Title: 'b' }], '@odata.nextLink': 'https://desk.example.com/odata/Tickets?$skiptoken=x%2By' },
    { value: [{ Id: 2, Title: 'newer' }, { Id: 3, Title: 'c' }] },
  ];
  const pages = new Pages(async (path) => { asked.push(path); return answers[asked.length - 1]; });
  await pages.start('/odata/Tickets');
  assert.equal(pages.hasMore, true);
  await pages.more();
  assert.deepEqual(pages.rows.map((row) => row.Title), ['a', 'newer', 'c']);
  assert.equal(pages.hasMore, false);
  assert.equal(await pages.more(), false);
  assert.deepEqual(asked, ['/odata/Tickets', '/odata/Tickets?$skiptoken=x%2By']);
});

test('an answer that was overtaken changes nothing', async () => {
  /** @type {((answer: any) => void)[]} */
  const waiting = [];
  const pages = new Pages(() => new Promise((resolve) => waiting.push(resolve)));
  const [first, second] = [pages.start('/one'), pages.start('/two')];
  waiting[1]({ value: [{ Id: 2 }] });
  waiting[0]({ value: [{ Id: 1 }] });
  assert.equal(await first, false);
  assert.equal(await second, true);
  assert.deepEqual(pages.rows.map((row) => row.Id), [2]);
});

test('a draft is kept for its author and ticket alone', () => {
  const held = storage();
  const drafts = new Drafts(held, 3, () => 1000);
  assert.equal(drafts.save(7, 'reply', { text: 'Hello', key: 'k' }), true);
  assert.equal(drafts.load(7, 'reply')?.text, 'Hello');
  assert.equal(drafts.load(7, 'note'), null);
  assert.equal(drafts.load(8, 'reply'), null);
  assert.equal(new Drafts(held, 4).load(7, 'reply'), null);
  drafts.save(7, 'reply', { text: '', key: 'k' });
  assert.equal(held.length, 0);
});

test('signing out forgets all drafts and nothing else', () => {
  const held = storage();
  new Drafts(held, 3).save(7, 'note', { text: 'x', key: 'k' });
  held.setItem('tessera:pref:density', 'compact');
  forgetAll(held);
  assert.equal(held.length, 1);
});

test('a browser that keeps nothing says so', () => {
  assert.equal(new Drafts(storage(true), 3).save(7, 'reply', { text: 'x', key: 'k' }), false);
});

test('drafts that are old, broken or too many are forgotten', () => {
  const held = storage();
  let now = 0;
  const drafts = new Drafts(held, 3, () => now);
  for (let ticket = 0; ticket <= DRAFTS_MAX; ticket += 1) {
    now += 1;
    drafts.save(ticket, 'reply', { text: 'x', key: 'k' });
  }
  assert.equal(held.length, DRAFTS_MAX);
  assert.equal(drafts.load(0, 'reply'), null);
  held.setItem('tessera:draft:3:9:note', '{"text":7}');
  assert.equal(drafts.load(9, 'note'), null);
  now += DRAFT_DAYS * 86_400_000;
  assert.equal(drafts.load(2, 'reply'), null);
});

const NAMES = ['Title', 'Status', 'Tags'];
const BASE = { Title: 'a', Status: 'Open', Tags: ['x'] };

test('nobody must choose when others changed something else than a property', () => {
  const found = differences(BASE, { Title: 'b' }, { ...BASE, CommentCount: 2 }, NAMES);
  assert.equal(needsChoice(found), false);
  assert.deepEqual(merged(found, firstPick(found)), { Title: 'b' });
});

test('both versions of a property are told', () => {
  const found = differences(BASE, { Title: 'b' }, { ...BASE, Title: 'c', Status: 'Pending' }, NAMES);
  assert.deepEqual(found.map((one) => [one.name, one.mine, one.theirs, one.changed]), [
    ['Title', 'b', 'c', 'both'], ['Status', 'Open', 'Pending', 'theirs'],
  ]);
  assert.equal(needsChoice(found), true);
  assert.deepEqual(merged(found, firstPick(found)), { Title: 'b' });
  assert.deepEqual(merged(found, new Set()), {});
});

test('the same change by two is no difference', () => {
  assert.deepEqual(differences(BASE, { Tags: ['y'] }, { ...BASE, Tags: ['y'] }, NAMES), []);
});

test('a byte of the server is a letter of the browser', () => {
  assert.equal(indexOfByte("Title eq 'ä' x", 13), 12);
  assert.equal(indexOfByte('💥 x', 5), 3);
  assert.equal(indexOfByte('abc', 99), 3);
  assert.deepEqual(placeOf("Title eq 'ä' x", { inner: { offset: 14 } }), { at: 13, length: 1 });
  assert.deepEqual(placeOf('Id is 1', { message: '$filter stops making sense at byte 3: expected' }), { at: 3, length: 1 });
  assert.deepEqual(placeOf("Title eq 'Nope' and Nope eq 1", { message: "$filter names 'Nope', which" }), { at: 20, length: 4 });
  assert.equal(placeOf('Id', { message: 'too many' }), null);
});

test('only the surroundings of a mistake are shown', () => {
  assert.deepEqual(excerpt('Id is 1', { at: 3, length: 1 }), { before: 'Id ', wrong: 'i', after: 's 1' });
  assert.equal(excerpt('x'.repeat(100), { at: 60, length: 1 }, 10).before, `…${'x'.repeat(10)}`);
});
