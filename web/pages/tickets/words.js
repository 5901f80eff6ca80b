/**
 * Properties, values and chips of tickets in words.
 */
import { dateTime, date, has, number, relative, t } from '../../lib/i18n.js';
import { html } from '../../lib/html.js';
import { fieldOf } from './fields.js';
import { isRaw } from './filter.js';

/** @typedef {import('./filter.js').Chip} Chip */
/** @typedef {import('./filter.js').Part} Part */

/** What a property is called. @param {string} name */
export const labelOf = (name) => (has(`tickets.field.${name}`) ? t(`tickets.field.${name}`) : name);

/** What an operator is called, as asked of a field. @param {import('./filter.js').Op} op @param {string} field */
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
  if (isRaw(part)) return part.raw;
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
