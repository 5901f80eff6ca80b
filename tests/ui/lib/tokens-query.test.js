// The list's address and its OData query say the same, and neither ever holds a secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ofView, toAddress, toOData, toView, turned, wish, withoutSecret } from '../../../web/pages/tokens/query.js';

const SECRET = 'tsr_ro_8nwX9xVPQLOMjmhVwwsMh7nCaIRXCniCwB97jMuDVvs2ny7vJ';
const of = (text) => wish(new URLSearchParams(text));

test('a pasted secret is cut to what it begins with', () => {
  assert.equal(withoutSecret(SECRET), 'tsr_ro_8nwX9x');
  assert.equal(withoutSecret(`Bearer ${SECRET} `), 'Bearer tsr_ro_8nwX9x');
  const asked = of(`q=${SECRET}`);
  assert.ok(!toAddress(asked).includes('VPQLOM'));
  assert.equal(toOData(asked, 1).filter, "startswith(KeyPrefix,'tsr_ro_8nwX9x')");
});

test('the address comes back as it was', () => {
  for (const text of ['', '?q=power+bi&show=idle&state=expired&owner=me&sort=Name', '?owner=system', '?owner=12']) {
    assert.equal(toAddress(of(text)), text);
  }
});

test('what the page does not know is passed over', () => {
  assert.equal(toAddress(of('show=nonsense&state=x&owner=a&sort=Hash&other=1')), '');
  assert.equal(toAddress(of('show=toString')), '');
});

test('quotes in a search stay text', () => {
  assert.match(toOData(of("q=o'neil"), 1).filter ?? '', /contains\(tolower\(Name\),'o''neil'\)/);
});

test('the order goes by the column and then by the newest', () => {
  assert.equal(toOData(of(''), 1).orderby, 'CreatedDateTime desc,Id desc');
  assert.equal(toOData(of('sort=LastUsedDateTime'), 1).orderby, 'LastUsedDateTime,Id desc');
  assert.equal(turned('Name', 'Name'), '-Name');
  assert.equal(turned('-Name', 'Name'), 'Name');
});

test('a saved view is an OData query that finds its way back', () => {
  const asked = of('q=bi&show=ending&sort=Name');
  const query = toView(asked, 1);
  assert.match(query, /^\$filter=State/);
  assert.equal(ofView(query), toAddress(asked));
  assert.equal(ofView("$filter=State eq 'active'"), null);
});
