// The query of the list, in the page's address, in a saved view and in the feed's address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY, asksMe, feedAddress, fromOptions, optionText, pageAddress, sortOf, toggledOrder } from '../../../web/pages/tickets/query.js';
import { FIXED, bodyOf, isChanged, mayChange, viewOf, viewsOf } from '../../../web/pages/tickets/query.js';

/** @param {string} address */
const back = (address) => fromOptions(new URLSearchParams(address.split('?')[1] ?? '')).query;

const QUERY = { filter: "contains(Title,'a&b + 100% ä')", search: 'printer "paper jam"', orderby: 'DueDateTime desc', columns: ['Id', 'Title'] };

test('an address tells the whole query', () => {
  assert.equal(pageAddress(EMPTY), '/tickets');
  assert.deepEqual(back(pageAddress(QUERY)), QUERY);
  assert.deepEqual(back(`?${optionText(QUERY)}`), QUERY);
  assert.equal(pageAddress({ ...EMPTY, filter: "Status eq 'Open'" }), "/tickets?filter=Status+eq+'Open'");
});

test('beside a view only what differs from it is told', () => {
  const of = { ...EMPTY, filter: 'IsClosed eq false' };
  assert.equal(pageAddress(of, { view: '7', of }), '/tickets?view=7');
  assert.equal(pageAddress(EMPTY, { view: '7', of }), '/tickets?view=7&filter=');
  assert.equal(pageAddress({ ...of, search: 'x' }, { view: '7', of }), '/tickets?view=7&filter=IsClosed+eq+false&search=x');
});

test('options the list does not show are told by name', () => {
  const { query, others } = fromOptions(new URLSearchParams('$filter=Id eq 1&$expand=Comments&@me=3&view=7'));
  assert.equal(query.filter, 'Id eq 1');
  assert.deepEqual(others, ['$expand']);
});

test('columns that there are not are left out', () => {
  assert.deepEqual(fromOptions(new URLSearchParams('select=Id,Nope,Id,Title')).query.columns, ['Id', 'Title']);
});

test("the feed's address can be used by any client", () => {
  assert.equal(feedAddress({ ...EMPTY, filter: 'AssigneeId eq @me' }, { me: 3, select: ['Id'] }),
    '/odata/Tickets?$filter=AssigneeId%20eq%20@me&$orderby=CreatedDateTime%20desc&$select=Id&@me=3');
  assert.equal(feedAddress({ ...EMPTY, search: 'a b' }, { me: 3, path: '/$count' }), '/odata/Tickets/$count?$search=a%20b');
  assert.equal(feedAddress(EMPTY, { me: 3, select: ['Id'], format: 'csv' }),
    '/odata/Tickets?$orderby=CreatedDateTime%20desc&$select=Id&$format=csv');
});

test('whoever is looking is asked about by an alias, not by a text', () => {
  assert.equal(asksMe('AssigneeId eq @me'), true);
  assert.equal(asksMe("Title eq '@me'"), false);
  assert.equal(asksMe("Title eq 'it''s @me'"), false);
  assert.equal(asksMe('AssigneeId eq @men'), false);
});

test('a press on a head sorts up, then down', () => {
  assert.equal(toggledOrder('', 'Title'), 'Title');
  assert.equal(toggledOrder('Title', 'Title'), 'Title desc');
  assert.equal(toggledOrder('Title desc', 'Title'), 'Title');
  assert.deepEqual(sortOf(''), { key: 'CreatedDateTime', way: 'descending' });
  assert.deepEqual(sortOf('Title asc,Id desc'), { key: 'Title', way: 'ascending' });
});

const ROW = { Id: 7, Name: 'Printers', EntitySet: 'Tickets', Query: '$filter=contains(Title,%27printer%27)&$orderby=Id', OwnerId: 3, IsShared: false, Position: 0 };

test('a saved view is a query under a name', () => {
  const view = viewOf(ROW, 3);
  assert.equal(view?.query.filter, "contains(Title,'printer')");
  assert.equal(view?.kind, 'own');
  assert.equal(view && isChanged(view, view.query), false);
  assert.equal(view && isChanged(view, { ...view.query, orderby: 'Id desc' }), true);
  assert.deepEqual(bodyOf(' P ', { ...EMPTY, filter: 'Id eq 1' }, true), { Name: 'P', EntitySet: 'Tickets', Query: '$filter=Id%20eq%201', IsShared: true });
});

test('views of other sets are not views of the list', () => {
  assert.equal(viewsOf([{ ...ROW, EntitySet: 'Customers' }], 3).length, FIXED.length);
  assert.deepEqual(viewsOf([ROW, { ...ROW, Id: 8, Name: 'A' }], 3).slice(FIXED.length).map((view) => view.id), ['8', '7']);
});

test('shared views are changed by who may change settings, others by their owner', () => {
  const own = /** @type {any} */ (viewOf(ROW, 3));
  const shared = /** @type {any} */ (viewOf({ ...ROW, IsShared: true }, 3));
  const agent = (/** @type {string} */ scope) => scope === 'tickets:write';
  assert.equal(mayChange(own, agent), true);
  assert.equal(mayChange(shared, agent), false);
  assert.equal(mayChange(shared, () => true), true);
  assert.equal(mayChange(FIXED[0], () => true), false);
});
