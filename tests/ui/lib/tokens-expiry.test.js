// The end of a token is what was chosen, within the limit, and never 1970.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { span } from '../../../web/pages/tokens/facts.js';
import { choices, dayText, days, endOf, endOfDay, fault } from '../../../web/pages/tokens/draft.js';

const now = new Date(2026, 10, 22, 14, 0, 0);
const values = (bounds) => choices(bounds).choices.map((one) => one.hours ?? one.value).join(' ');

test('the choices are those the policy allows', () => {
  assert.equal(values({}), '168 720 1440 2160 custom');
  assert.equal(choices({}).chosen, 'h:720');
  assert.equal(values({ hoursMax: 1000 }), '168 720 1000 custom');
  assert.equal(values({ hoursMax: 48 }), '48 custom');
  assert.equal(choices({ hoursMax: 48 }).chosen, 'h:48');
  assert.equal(values({ hoursDefault: 12 }), '12 168 720 1440 2160 custom');
  assert.equal(choices({ hoursDefault: 12 }).chosen, 'h:12');
  assert.equal(choices({ hoursDefault: 5000, hoursMax: 100 }).chosen, 'h:100');
  assert.equal(values({ isReader: true }), '72');
});

test('a choice is an instant', () => {
  assert.equal(endOf('h:720', '', { now }).getTime() - now.getTime(), 720 * 3_600_000);
  assert.equal(endOf('custom', '', { now }), null);
  assert.equal(endOf('h:NaN', '', { now }), null);
  const longest = endOf('h:48', '', { now, hoursMax: 48 });
  assert.ok(longest < new Date(now.getTime() + 48 * 3_600_000), 'a form that was open a moment is still within the limit');
});

test('a day ends with its last second, and what is no day is none', () => {
  const end = endOfDay('2027-01-05');
  assert.deepEqual([end.getHours(), end.getMinutes(), end.getSeconds(), dayText(end)], [23, 59, 59, '2027-01-05']);
  for (const text of ['', '2027-02-30', '1.1.2027', '2027-1-5']) assert.equal(endOfDay(text), null, text);
});

test('what is wrong with an end is said', () => {
  assert.equal(fault(null, { now }), 'tokens.expiry.none');
  assert.equal(fault(new Date(now), { now }), 'tokens.expiry.past');
  assert.equal(fault(endOfDay('2028-01-05'), { now }), 'tokens.expiry.late');
  assert.equal(fault(endOfDay('2027-01-05'), { now }), null);
});

test('the last day offered ends within the limit', () => {
  const { min, max } = days(now, 30 * 24);
  assert.equal(min, '2026-11-22');
  assert.equal(fault(endOfDay(max), { now, hoursMax: 30 * 24 }), null);
  assert.equal(max, '2026-12-21');
});

test('a length is told in whole units', () => {
  const check = (hours, want) => assert.equal(Object.values(span(hours * 3_600_000)).join(' '), want);
  check(720, 'days 30');
  check(719.99, 'days 30');
  check(47.5, 'days 2');
  check(24, 'hours 24');
  check(0.5, 'minutes 30');
  check(0, 'minutes 1');
});
