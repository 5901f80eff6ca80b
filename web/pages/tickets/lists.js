/**
 * What a ticket can be given: the entries of the lists, the teams and the staff, read once in a while.
 */
import { callAll, odata } from '../../lib/api.js';
import { can } from '../../lib/session.js';

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
