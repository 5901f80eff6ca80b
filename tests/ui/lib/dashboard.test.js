// What the dashboard makes of days.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filled, weeks } from '../../../web/pages/dashboard/reports.js';

test('days are told as whole weeks that end today, each with all that was done in it', () => {
  const today = Date.parse('2026-11-22T12:00:00Z');
  const rows = [{ Date: '2026-11-22', Created: 1, Resolved: 2 }, { Date: '2026-11-16', Created: 3, Resolved: 0 }, { Date: '2026-11-15', Created: 5, Resolved: 1 }];
  const found = weeks(filled(rows, 365, today));
  assert.equal(found.length, 52);
  assert.deepEqual(found.slice(-2), [{ Date: '2026-11-09', Created: 5, Resolved: 1 }, { Date: '2026-11-16', Created: 4, Resolved: 2 }]);
  assert.deepEqual(weeks(filled([], 6, today)), []);
});
