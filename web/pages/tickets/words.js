/**
 * What a ticket's properties are to the page, how each is filtered, what it can be given, and how all of it is said.
 * The properties stand with their words because every part of these pages that knows one needs the other. Brings the texts of these pages, in the language that is shown.
 */
import { callAll, odata } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { date, dateTime, has, number, pageTexts, relative, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';

await pageTexts(async (language) => (await import(`../../i18n/tickets.${language}.js`))[language]);

/** @typedef {import('./filter.js').Chip} Chip */
/** @typedef {import('./filter.js').Part} Part */
/** @typedef {import('./filter.js').Op} Op */
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

/** What may be asked of each kind, the most usual first. @type {Record<Kind, Op[]>} */
export const OPS = {
  pick: ['is', 'isNot', 'empty', 'notEmpty'],
  person: ['is', 'isNot', 'empty', 'notEmpty'],
  text: ['contains', 'containsNot', 'is', 'isNot', 'starts', 'ends', 'empty', 'notEmpty'],
  date: ['lastDays', 'ge', 'lt', 'nextDays', 'past', 'future', 'gt', 'le', 'empty', 'notEmpty'],
  number: ['is', 'isNot', 'ge', 'le', 'gt', 'lt', 'empty', 'notEmpty'],
  flag: ['is'],
  tags: ['has', 'hasNot'],
};

/** How many values an operator takes: none, one, or any number. @param {Op} op @param {Kind} kind @returns {'none'|'one'|'many'} */
export function arity(op, kind) {
  if (op === 'empty' || op === 'notEmpty' || op === 'past' || op === 'future') return 'none';
  if ((op === 'is' || op === 'isNot') && (kind === 'pick' || kind === 'person')) return 'many';
  return 'one';
}

/** What is in the field an event is about. @param {Event} event */
export const typedIn = (event) => /** @type {HTMLInputElement} */ (event.target).value;

/** Whether the box an event is about is ticked. @param {Event} event */
export const isOn = (event) => /** @type {HTMLInputElement} */ (event.target).checked;

/** Goes to an element of a page, if it is there. @param {ParentNode} page @param {string} selector */
export const focusOn = (page, selector) => /** @type {HTMLElement|null} */ (page.querySelector(selector))?.focus();

/** What a property is called. @param {string} name */
export const labelOf = (name) => (has(`tickets.field.${name}`) ? t(`tickets.field.${name}`) : name);

/** What an operator is called, as asked of a field. @param {Op} op @param {string} field */
export function opLabel(op, field) {
  const own = `tickets.op.${fieldOf(field)?.kind ?? 'text'}.${op}`;
  return t(has(own) ? own : `tickets.op.${op}`);
}

/**
 * One value of a chip in words; people by their names, as far as they are known.
 * @param {Chip} chip @param {string} value @param {ReadonlyMap<string, string>} people
 */
export function valueLabel(chip, value, people) {
  const kind = fieldOf(chip.field)?.kind;
  if (kind === 'person') return value === '@me' ? t('tickets.me') : (people.get(value) ?? `#${value}`);
  if (kind === 'flag') return t(value === 'true' ? 'tickets.yes' : 'tickets.no');
  if (kind === 'date' && (chip.op === 'lastDays' || chip.op === 'nextDays')) return t('tickets.days', { count: Number(value) });
  if (kind === 'date') return value.length === 10 ? date(value) : dateTime(value);
  return value;
}

/** A chip as a sentence. @param {Part} part @param {ReadonlyMap<string, string>} people */
export function chipText(part, people) {
  if ('raw' in part) return part.raw;
  const values = part.values.map((value) => valueLabel(part, value, people)).join(', ');
  return `${labelOf(part.field)} ${opLabel(part.op, part.field)} ${values}`.trim();
}

/** A time as how long ago, the exact one on hover and for who listens. @param {unknown} iso */
export function timeCell(iso) {
  if (typeof iso !== 'string') return html`<span class="soft">–</span>`;
  return html`<time datetime=${iso} title=${dateTime(iso)}>${relative(iso)}</time>`;
}

/** A property of a ticket in words, for comparisons and the history. @param {string} name @param {unknown} value */
export function valueText(name, value) {
  if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return t('tickets.nothing');
  if (Array.isArray(value)) return value.join(', ');
  if (fieldOf(name)?.kind === 'date') return dateTime(String(value));
  return typeof value === 'number' ? (name.endsWith('Id') ? String(value) : number(value)) : String(value);
}

/** What each kind of status looks like: a colour and a form. @type {Readonly<Record<string, string>>} */
const STATES = { New: 'state info', Open: 'state accent', Pending: 'state warn', Resolved: 'state good', Closed: 'state off' };

/** A status as a dot and its word. @param {unknown} name @param {unknown} kind */
export function stateCell(name, kind) {
  return html`<span class=${STATES[String(kind)] ?? 'state off'}>${name}</span>`;
}

/** The cell of a property. @param {string} name @param {Readonly<Record<string, unknown>>} ticket */
export function cellOf(name, ticket) {
  const value = ticket[name];
  if (name === 'Status') return stateCell(value, ticket['StatusKind']);
  if (name === 'Id') return html`<span class="soft">${String(value)}</span>`;
  if (fieldOf(name)?.kind === 'date') return timeCell(value);
  if (Array.isArray(value)) return value.map((one) => html`<span class="chip tag">${one}</span> `);
  if (name === 'AssigneeName' && value === null) return html`<span class="soft">${t('tickets.unassigned')}</span>`;
  if (value === null || value === undefined || value === '') return html`<span class="soft">–</span>`;
  if (name === 'Priority') return html`<span class=${`priority at-${Math.min(4, Number(ticket['PriorityPosition'] ?? 0))}`}>${value}</span>`;
  return typeof value === 'number' ? number(value) : String(value);
}

/** @typedef {{Id: number, Name: string, Email?: string, Kind?: string, IsArchived?: boolean, IsActive?: boolean, IsDefault?: boolean, Position?: number}} Choice */
/** @typedef {'Statuses'|'Priorities'|'Categories'|'Types'|'Sources'|'Resolutions'|'Teams'|'Users'} ListName */

/** How long a list is taken for what it was: somebody adds a team once a month. */
const FRESH_MS = 60_000;
/** People and teams that are offered; who has more finds the rest by typing. */
const CHOICES_MAX = 1000;

/** @type {Map<ListName, {at: number, entries: Promise<Choice[]>}>} */
const held = new Map();

/** @type {Record<ListName, {select: string, orderby: string, filter: string, scope: string}>} */
const ASKED = {
  Statuses: { select: 'Id,Name,Kind,Position', orderby: 'Position,Id', filter: 'IsArchived eq false', scope: 'tickets:read' },
  Priorities: picker(), Categories: picker(), Types: picker(), Sources: picker(), Resolutions: picker(),
  Teams: { select: 'Id,Name', orderby: 'Name', filter: 'IsArchived eq false', scope: 'teams:read' },
  Users: { select: 'Id,Name,Email', orderby: 'Name', filter: 'IsActive eq true', scope: 'users:read' },
};

function picker() {
  return { select: 'Id,Name,Position', orderby: 'Position,Id', filter: 'IsArchived eq false', scope: 'tickets:read' };
}

/**
 * The entries one may choose, in their order; none where one may not read them.
 * @param {ListName} name
 * @returns {Promise<Choice[]>}
 */
export function choices(name) {
  const asked = ASKED[name];
  if (!can(asked.scope)) return Promise.resolve([]);
  const known = held.get(name);
  if (known && Date.now() - known.at < FRESH_MS) return known.entries;
  const { select, orderby, filter } = asked;
  const entries = callAll(odata(name, { select, orderby, filter }), { most: CHOICES_MAX });
  held.set(name, { at: Date.now(), entries });
  entries.catch(() => held.delete(name));
  return entries;
}
