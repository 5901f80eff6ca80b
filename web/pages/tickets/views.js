/**
 * Saved views: queries under a name, one's own and those all share, and four that everybody has.
 */
import { EMPTY, fromOptions, optionText, same } from './query.js';

/** @typedef {import('./query.js').ListQuery} ListQuery */
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
