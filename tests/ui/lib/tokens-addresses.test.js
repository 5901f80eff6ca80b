// Lists of addresses are read as the server reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allows, parse, read, show } from '../../../web/pages/tokens/addresses.js';

const check = (text, want) => {
  const network = parse(text);
  assert.equal(network && show(network), want, text);
};

test('addresses and networks are kept in one form', () => {
  check('203.0.113.7', '203.0.113.7');
  check('10.0.0.0/8', '10.0.0.0/8');
  check('203.0.113.7/32', '203.0.113.7');
  check('2001:DB8::/32', '2001:db8::/32');
  check('2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1');
  check('::', '::');
  check('::1', '::1');
  check('1::', '1::');
  check('::ffff:10.0.0.1', '10.0.0.1');
  check('::ffff:10.0.0.0/104', '10.0.0.0/8');
  check('0.0.0.0/0', '0.0.0.0/0');
});

test('what is neither is refused', () => {
  for (const text of ['', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', 'desk.example', ':::', '1:2:3:4:5:6:7:8:9', '1::2::3', '::/129', '12345::', '10.0.0.0/8/8', '::ffff:0.0.0.0/90']) check(text, null);
});

test('each line is answered', () => {
  const lines = read('10.0.0.1/8, 10.0.0.0/8\n10.0.0.0/8 office');
  assert.deepEqual(lines.map((line) => line.fault), ['bits', null, 'twice', 'notAddress']);
  assert.equal(lines[0].meant, '10.0.0.0/8');
  assert.equal(lines[1].size, 1n << 24n);
});

test('a list lets in whom it names, and an empty one everybody', () => {
  const holds = (list, address) => allows(read(list), address);
  assert.equal(holds('', '203.0.113.7'), true);
  assert.equal(holds('10.0.0.0/8', '10.1.2.3'), true);
  assert.equal(holds('10.0.0.0/8', '::ffff:10.1.2.3'), true);
  assert.equal(holds('10.0.0.0/8', '11.0.0.0'), false);
  assert.equal(holds('::/0', '10.0.0.1'), false);
  assert.equal(holds('nonsense', '10.0.0.1'), false);
  assert.equal(holds('10.0.0.0/8', null), null);
});
