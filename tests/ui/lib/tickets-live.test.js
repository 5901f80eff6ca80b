// What others change, and which keys do something.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Live, NEW_MAX, READ_MAX } from '../../../web/pages/tickets/live.js';

// The module also knows pages, which are elements.
/** @type {any} */ (globalThis).HTMLElement ??= class {};
const { SHORTCUTS, actionOf, areOn, turn } = await import('../../../web/pages/tickets/keys.js');

/** @param {number} Id @param {string} version */
const row = (Id, version) => ({ Id, '@odata.etag': version });

test('a row that changed is marked where it stands, and a new ticket waits', () => {
  const live = new Live();
  const held = new Map([[1, row(1, 'a')], [2, row(2, 'a')], [3, row(3, 'a')], [4, row(4, 'a')]]);
  const now = [row(1, 'b'), row(2, 'b'), row(4, 'a'), row(9, 'a')];
  const newer = live.apply([1, 2, 3, 4, 9], [row(1, 'b'), row(4, 'a'), row(9, 'a')], now, held);
  assert.deepEqual([...live.marks], [[1, 'updated'], [2, 'left'], [3, 'gone']]);
  assert.deepEqual([...live.fresh], [9]);
  assert.deepEqual(newer.map((one) => one.Id), [1, 2]);
});

test('what I changed myself is not told as news, but that it left the view is', () => {
  const live = new Live();
  const held = new Map([[1, row(1, 'b')]]);
  live.apply([1], [row(1, 'b')], [row(1, 'b')], held);
  assert.equal(live.marks.size, 0);
  live.apply([1], [], [row(1, 'b')], held);
  assert.equal(live.marks.get(1), 'left');
});

test('a new ticket that the query does not find is not told', () => {
  const live = new Live();
  live.apply([9], [], [row(9, 'a')], new Map());
  assert.equal(live.fresh.size, 0);
});

test('what waits to be read has a limit, and is read in parts', () => {
  const live = new Live();
  for (let id = 1; id <= NEW_MAX + 10; id += 1) live.note(id);
  let read = 0;
  while (live.waits) {
    const ids = live.take();
    assert.ok(ids.length <= READ_MAX);
    read += ids.length;
  }
  assert.equal(read, NEW_MAX);
});

/** @param {string} key @param {object} [more] */
const press = (key, more) => ({ key, ctrlKey: false, altKey: false, metaKey: false, isComposing: false, typing: false, onControl: false, ...more });

test('single keys do something only where nobody types', () => {
  assert.equal(actionOf(press('j'), 'list', true), 'down');
  assert.equal(actionOf(press('j', { typing: true }), 'list', true), null);
  assert.equal(actionOf(press('a', { ctrlKey: true }), 'list', true), null);
  assert.equal(actionOf(press('Enter'), 'list', true), 'open');
  assert.equal(actionOf(press('Enter', { onControl: true }), 'list', true), null);
  assert.equal(actionOf(press('z'), 'list', true), null);
});

test('keys can be turned off, but not the one that lists them', () => {
  const held = new Map();
  const storage = /** @type {Storage} */ (/** @type {unknown} */ ({
    getItem: (/** @type {string} */ key) => held.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => held.set(key, value),
    removeItem: (/** @type {string} */ key) => held.delete(key),
  }));
  assert.equal(areOn(storage), true);
  turn(storage, false);
  assert.equal(areOn(storage), false);
  assert.equal(actionOf(press('j'), 'list', false), null);
  assert.equal(actionOf(press('?'), 'list', false), 'help');
  turn(storage, true);
  assert.equal(areOn(storage), true);
});

test('no key does two things on one page', () => {
  for (const where of ['list', 'ticket']) {
    const keys = SHORTCUTS.filter((shortcut) => shortcut.where === where).flatMap((shortcut) => shortcut.keys);
    assert.equal(new Set(keys).size, keys.length);
  }
});
