/**
 * What a ticket's properties are to the page: how each is filtered, shown and sorted.
 * It knows no labels (they are texts, `tickets.field.NAME`) and no requests.
 */

/** @typedef {'pick'|'person'|'text'|'date'|'number'|'flag'|'tags'} Kind */
/**
 * @typedef {object} Field
 * @property {string} name the property, as OData knows it
 * @property {Kind} kind how it is filtered
 * @property {string} [set] where the choices of a pick come from
 * @property {boolean} [column] whether it may be a column
 * @property {boolean} [hidden] whether it is filtered only by those who type it
 * @property {string} [scope] what one must hold to read it
 */

/** @type {readonly Field[]} */
export const FIELDS = [
  { name: 'Id', kind: 'number', column: true },
  { name: 'Title', kind: 'text', column: true },
  { name: 'Status', kind: 'pick', set: 'Statuses', column: true },
  { name: 'StatusKind', kind: 'pick', hidden: true },
  { name: 'Priority', kind: 'pick', set: 'Priorities', column: true },
  { name: 'AssigneeId', kind: 'person' },
  { name: 'AssigneeName', kind: 'text', column: true, hidden: true },
  { name: 'TeamName', kind: 'pick', set: 'Teams', column: true },
  { name: 'RequesterName', kind: 'text', column: true },
  { name: 'RequesterEmail', kind: 'text', column: true, scope: 'customers:read' },
  { name: 'Category', kind: 'pick', set: 'Categories', column: true },
  { name: 'Type', kind: 'pick', set: 'Types', column: true },
  { name: 'Source', kind: 'pick', set: 'Sources', column: true },
  { name: 'Resolution', kind: 'pick', set: 'Resolutions', column: true },
  { name: 'Tags', kind: 'tags', column: true },
  { name: 'IsClosed', kind: 'flag' },
  { name: 'CreatedDateTime', kind: 'date', column: true },
  { name: 'UpdatedDateTime', kind: 'date', column: true },
  { name: 'DueDateTime', kind: 'date', column: true },
  { name: 'FirstResponseDateTime', kind: 'date', column: true },
  { name: 'ResolvedDateTime', kind: 'date', column: true },
  { name: 'ClosedDateTime', kind: 'date', column: true },
  { name: 'Description', kind: 'text' },
  { name: 'ExternalReference', kind: 'text', column: true },
  { name: 'CommentCount', kind: 'number', column: true },
  { name: 'ReopenCount', kind: 'number', column: true },
];

/** The columns of somebody who chose none. */
export const DEFAULT_COLUMNS = [
  'Id', 'Title', 'Status', 'Priority', 'RequesterName', 'AssigneeName', 'UpdatedDateTime',
];

/** What a row needs beside its columns: its number, and what a shortcut changes. */
export const ALWAYS = ['Id', 'Title', 'StatusId', 'PriorityId', 'AssigneeId', 'TeamId', 'UpdatedDateTime'];

/** What is read beside a column, for its look. @type {Readonly<Record<string, string[]>>} */
export const BESIDE = { Status: ['StatusKind'], Priority: ['PriorityPosition'] };

/**
 * The field of that name, exactly.
 * @param {string} name
 * @returns {Field|undefined}
 */
export const fieldOf = (name) => FIELDS.find((field) => field.name === name);

/** Whether tickets can be sorted by it. @param {string} name */
export const isSortable = (name) => {
  const field = fieldOf(name);
  return field?.column === true && field.kind !== 'tags';
};

/** What to sort by for a column: a priority by its place in the list, not by its letters. @param {string} name */
export const sortKey = (name) => (name === 'Priority' ? 'PriorityPosition' : name);

/** The column that is sorted by that key. @param {string} key */
export const columnOfSort = (key) => (key === 'PriorityPosition' ? 'Priority' : key);
