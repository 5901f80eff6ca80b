/**
 * The query of the list: in the page's address, as an address of the feed, and in the saved views, one's own, those
 * all share and those that everybody has. Pure: it takes and gives texts.
 */
import { ALWAYS, BESIDE, DEFAULT_COLUMNS, fieldOf } from './words.js';

/**
 * @typedef {object} ListQuery
 * @property {string} filter what the tickets must be
 * @property {string} search words in their texts
 * @property {string} orderby in which order; empty for the newest first
 * @property {string[]} columns what is shown of each; empty for the usual ones
 */

/** The order of somebody who chose none. */
export const DEFAULT_ORDER = 'CreatedDateTime desc';

/** @type {Readonly<ListQuery>} */
export const EMPTY = Object.freeze({ filter: '', search: '', orderby: '', columns: [] });

/** Names as they are written in the page's address and, with a dollar, in that of the feed. */
const NAMES = /** @type {const} */ (['filter', 'search', 'orderby', 'select']);

/** @param {string} text @returns {string[]} */
const columnsOf = (text) => {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names)].filter((name) => fieldOf(name)?.column);
};

/**
 * The query that options tell, with or without a dollar, and the names of options it does not show.
 * @param {URLSearchParams} options
 * @returns {{query: ListQuery, others: string[]}}
 */
export function fromOptions(options) {
  const query = { ...EMPTY, columns: /** @type {string[]} */ ([]) };
  const others = [];
  for (const [written, value] of options) {
    const name = written.replace(/^\$/, '').toLowerCase();
    if (name === 'select') query.columns = columnsOf(value);
    else if (name === 'filter' || name === 'search' || name === 'orderby') query[name] = value;
    else if (name !== 'view' && !written.startsWith('@')) others.push(written);
  }
  return { query, others };
}

/** Whether an address tells more than a view. @param {URLSearchParams} options */
export const tellsQuery = (options) => NAMES.some((name) => options.has(name));

/** Whether two ask for the same in the same way. @param {ListQuery} one @param {ListQuery} other */
export const same = (one, other) => NAMES.every((name) => valueOf(one, name) === valueOf(other, name));

/** @param {ListQuery} query @param {typeof NAMES[number]} name */
function valueOf(query, name) {
  if (name === 'select') return query.columns.join(',');
  return query[name].trim();
}

/** As a browser's address bar shows it: what need not be escaped stays readable. @param {string} text */
const escaped = (text) =>
  encodeURIComponent(text).replace(/%(?:20|24|27|28|29|2C|3A|2F|40)/g, (code) => (code === '%20' ? '+' : decodeURIComponent(code)));

/** For the feed: blanks as `%20`, which every client reads. @param {string} text */
const escapedForFeed = (text) => escaped(text).replaceAll('+', '%20');

/**
 * The page's address of a query, `view` naming the saved view it began with.
 * @param {ListQuery} query
 * @param {{view?: string, of?: ListQuery}} [from] the view, and what it asks by itself
 */
export function pageAddress(query, { view = '', of } = {}) {
  const options = view === '' ? [] : [`view=${escaped(view)}`];
  if (!of || !same(query, of)) {
    for (const name of NAMES) {
      const value = valueOf(query, name);
      // Beside a view an option that is empty must say so, else the view's would count.
      if (value !== '' || (of && valueOf(of, name) !== '')) options.push(`${name}=${escaped(value)}`);
    }
    if (of && !options.some((option) => !option.startsWith('view='))) options.push('filter=');
  }
  return options.length === 0 ? '/tickets' : `/tickets?${options.join('&')}`;
}

/**
 * The options of a query as they follow the question mark: what a saved view keeps, without what
 * is only usual.
 * @param {ListQuery} query
 */
export function optionText(query) {
  return NAMES.map((name) => ({ name, value: valueOf(query, name) }))
    .filter(({ value }) => value !== '')
    .map(({ name, value }) => `$${name}=${escapedForFeed(value)}`)
    .join('&');
}

/** The columns shown. @param {ListQuery} query */
export const shownColumns = (query) => (query.columns.length > 0 ? query.columns : DEFAULT_COLUMNS);

/** Whether the filter asks about whoever is looking. @param {string} filter */
export const asksMe = (filter) => /(?<![\w@'])@me\b/.test(filter.replace(/'(?:[^']|'')*'/g, "''"));

/**
 * What the feed is asked: an address below the service root, which any client may use.
 * @param {ListQuery} query
 * @param {{me: number|null, select?: string[], top?: number, path?: string, format?: string}} how
 */
export function feedAddress(query, { me, select = shownColumns(query), top, path = '', format }) {
  const counting = path !== '';
  const options = [];
  if (query.filter.trim() !== '') options.push(`$filter=${escapedForFeed(query.filter.trim())}`);
  if (query.search.trim() !== '') options.push(`$search=${escapedForFeed(query.search.trim())}`);
  if (!counting) {
    options.push(`$orderby=${escapedForFeed(query.orderby.trim() || DEFAULT_ORDER)}`);
    options.push(`$select=${select.join(',')}`);
    if (top) options.push(`$top=${top}`);
  }
  if (format) options.push(`$format=${format}`);
  if (me !== null && asksMe(query.filter)) options.push(`@me=${me}`);
  return `/odata/Tickets${path}${options.length > 0 ? `?${options.join('&')}` : ''}`;
}

/** What the list reads of each row: its columns and what it needs itself. @param {ListQuery} query */
export const readColumns = (query) =>
  [...new Set([...ALWAYS, ...shownColumns(query).flatMap((name) => [name, ...(BESIDE[name] ?? [])])])];

/** The sort after a press on a column's head: up, down, up. @param {string} orderby @param {string} key */
export function toggledOrder(orderby, key) {
  const [first, way] = (orderby || DEFAULT_ORDER).split(',')[0].trim().split(/\s+/);
  return first === key && way !== 'desc' ? `${key} desc` : key;
}

/** By what the list is sorted first. @param {string} orderby @returns {{key: string, way: 'ascending'|'descending'}} */
export function sortOf(orderby) {
  const [key, way] = (orderby.trim() || DEFAULT_ORDER).split(',')[0].trim().split(/\s+/);
  return { key, way: way === 'desc' ? 'descending' : 'ascending' };
}

/**
 * @typedef {object} View
 * @property {string} id of `SavedViews`, or the name of one that everybody has
 * @property {string} name as its owner called it; empty where the page has a text for it
 * @property {ListQuery} query
 * @property {string[]} others options it has that the list does not show
 * @property {'fixed'|'own'|'shared'} kind
 * @property {string} [tag] its version, for changing it
 * @property {boolean} [isShared]
 * @property {boolean} [isOwn]
 */
/** @typedef {{Id: number, Name: string, EntitySet: string, Query: string, OwnerId: number|null, IsShared: boolean, Position: number, '@odata.etag'?: string}} SavedView */

/** @param {string} id @param {string} filter @param {string} [orderby] @returns {View} */
const fixed = (id, filter, orderby = '') => ({ id, name: '', query: { ...EMPTY, filter, orderby }, others: [], kind: 'fixed' });

const WORKING = "StatusKind in ('New','Open','Pending')";

/** What everybody has. @type {readonly View[]} */
export const FIXED = [
  fixed('all', ''),
  fixed('open', WORKING),
  fixed('mine', `AssigneeId eq @me and ${WORKING}`),
  fixed('unassigned', `AssigneeId eq null and ${WORKING}`),
  fixed('overdue', `DueDateTime lt now() and ${WORKING}`, 'DueDateTime'),
];

/**
 * A row of `SavedViews` as a view of the list; null if it asks another set.
 * @param {SavedView} row
 * @param {number} me
 * @returns {View|null}
 */
export function viewOf(row, me) {
  if (row.EntitySet.toLowerCase() !== 'tickets') return null;
  const { query, others } = fromOptions(new URLSearchParams(row.Query.replace(/^\?/, '')));
  const isOwn = row.OwnerId === me;
  return {
    id: String(row.Id), name: row.Name, query, others, kind: row.IsShared ? 'shared' : 'own',
    tag: row['@odata.etag'], isShared: row.IsShared, isOwn,
  };
}

/** All views of the list, in order. @param {SavedView[]} rows @param {number} me @returns {View[]} */
export function viewsOf(rows, me) {
  const sorted = [...rows].sort((one, other) => one.Position - other.Position || one.Name.localeCompare(other.Name));
  return [...FIXED, ...sorted.map((row) => viewOf(row, me)).filter((view) => view !== null)];
}

/** Whether the list asks something else than the view it began with. @param {View} view @param {ListQuery} query */
export const isChanged = (view, query) => !same(view.query, query);

/**
 * What to send to keep a query.
 * @param {string} name @param {ListQuery} query @param {boolean} isShared
 */
export const bodyOf = (name, query, isShared) => ({
  Name: name.trim(), EntitySet: 'Tickets', Query: optionText(query), IsShared: isShared,
});

/** Who may change a view. @param {View} view @param {(scope: string) => boolean} can */
export function mayChange(view, can) {
  if (view.kind === 'fixed') return false;
  return view.isShared ? can('settings:write') : can('tickets:write') && view.isOwn === true;
}
