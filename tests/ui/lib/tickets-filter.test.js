// Filters of the tickets page: chips and text are one query, and nothing is lost between them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, print } from '../../../web/pages/tickets/filter.js';

/** @param {string} text @param {unknown[]} parts @param {string} [printed] */
const check = (text, parts, printed = text) => {
  assert.deepEqual(parse(text), parts, text);
  assert.equal(print(parse(text)), printed);
};

/** @param {string} field @param {string} op @param {...string} values */
const chip = (field, op, ...values) => ({ field, op, values });

test('each chip is one condition, and the condition is the chip', () => {
  check("Status eq 'Open'", [chip('Status', 'is', 'Open')]);
  check("Status ne 'Open'", [chip('Status', 'isNot', 'Open')]);
  check("Status in ('New','Open')", [chip('Status', 'is', 'New', 'Open')]);
  check("not (Status in ('New','Open'))", [chip('Status', 'isNot', 'New', 'Open')]);
  check('Priority eq null', [chip('Priority', 'empty')]);
  check('AssigneeId ne null', [chip('AssigneeId', 'notEmpty')]);
  check('AssigneeId eq @me', [chip('AssigneeId', 'is', '@me')]);
  check('AssigneeId in (3,@me)', [chip('AssigneeId', 'is', '3', '@me')]);
  check("contains(Title,'it''s')", [chip('Title', 'contains', "it's")]);
  check("not contains(Title,'a')", [chip('Title', 'containsNot', 'a')]);
  check("startswith(RequesterName,'A')", [chip('RequesterName', 'starts', 'A')]);
  check('CreatedDateTime ge 2026-01-01', [chip('CreatedDateTime', 'ge', '2026-01-01')]);
  check("UpdatedDateTime ge now() sub duration'P7D'", [chip('UpdatedDateTime', 'lastDays', '7')]);
  check("DueDateTime le now() add duration'P1D'", [chip('DueDateTime', 'nextDays', '1')]);
  check('DueDateTime lt now()', [chip('DueDateTime', 'past')]);
  check('IsClosed eq false', [chip('IsClosed', 'is', 'false')]);
  check('Id gt 100', [chip('Id', 'gt', '100')]);
  check("Tags/any(t:t eq 'vip')", [chip('Tags', 'has', 'vip')]);
  check("not Tags/any(t:t eq 'vip')", [chip('Tags', 'hasNot', 'vip')]);
});

test('what is written in another way becomes the same chip', () => {
  check("  Status  eq   'Open' ", [chip('Status', 'is', 'Open')], "Status eq 'Open'");
  check("(Status eq 'Open')", [chip('Status', 'is', 'Open')], "Status eq 'Open'");
  check('IsClosed', [chip('IsClosed', 'is', 'true')], 'IsClosed eq true');
  check('not IsClosed', [chip('IsClosed', 'is', 'false')], 'IsClosed eq false');
  check('IsClosed ne true', [chip('IsClosed', 'is', 'false')], 'IsClosed eq false');
  check("Tags/any(x:x eq 'a')", [chip('Tags', 'has', 'a')], "Tags/any(t:t eq 'a')");
  check("CreatedDateTime ge now() sub 'P7D'", [chip('CreatedDateTime', 'lastDays', '7')], "CreatedDateTime ge now() sub duration'P7D'");
});

test('conditions are joined by and', () => {
  check("Status eq 'Open' and IsClosed eq false and Id gt 3", [
    chip('Status', 'is', 'Open'), chip('IsClosed', 'is', 'false'), chip('Id', 'gt', '3'),
  ]);
  check("Title eq 'a and b' and Id eq 1", [chip('Title', 'is', 'a and b'), chip('Id', 'is', '1')]);
});

test('what no chip shows stays as it is written', () => {
  for (const text of [
    "Status eq 'Open' or Id eq 1",
    "length(Title) gt 10",
    'Requester/Company eq Title',
    "Comments/any(c:c/IsInternal and contains(c/Body,'x'))",
    'not Id eq 1',
    "Status eq 'Open",
    'Id eq (1',
    'and',
    'Status eq Priority',
    "Id in (1,2)",
    "Title gt 'a'",
    'not (Status eq null)',
    "not (Status eq 'Open')",
    "constructor eq 'x'",
    'Id constructor 1',
  ]) check(text, [{ raw: text }]);
});

test('a chip and a text stand side by side', () => {
  check("Status eq 'Open' and length(Title) gt 10", [chip('Status', 'is', 'Open'), { raw: 'length(Title) gt 10' }]);
  check("(Id eq 1 or Id eq 2) and IsClosed eq false", [{ raw: '(Id eq 1 or Id eq 2)' }, chip('IsClosed', 'is', 'false')]);
});

test('a text with an or gets brackets when a chip comes beside it', () => {
  const parts = [...parse('Id eq 1 or Id eq 2'), chip('IsClosed', 'is', 'false')];
  // @ts-ignore the chip is one of ours
  assert.equal(print(parts), '(Id eq 1 or Id eq 2) and IsClosed eq false');
});

test('any text comes back with all its words', () => {
  const words = ["'a''b'", "'", '(', ')', 'and', 'or', 'not', 'Status', 'eq', "'x'", '7', ',', 'ä', '💥', '\n', '@me', 'in', 'null'];
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: 1 + (next() % 9) }, () => words[next() % words.length]).join(' ');
    const once = print(parse(text));
    assert.equal(print(parse(once)), once, text);
  }
});
