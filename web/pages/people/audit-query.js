/**
 * The audit log's filters as an address has them, and as conditions of the feed.
 * @module
 */
import { quoted } from '../../lib/api.js';

/** What may be asked for in the address. */
export const NAMES = /** @type {const} */ (['actor', 'token', 'event', 'set', 'id', 'from', 'to']);

/** What can happen, by kind. */
export const EVENTS = [
  'Created', 'Changed', 'Deleted', 'Imported',
  'TokenMinted', 'TokenChanged', 'TokenRotated', 'TokenRevoked', 'TokenDeleted', 'TokenOrphaned',
  'RoleChanged', 'UserDisabled', 'UserEnabled', 'PolicyChanged',
  'SignedIn', 'SignedOut', 'SessionEnded', 'Confirmed', 'PasswordChanged', 'SetupLinkMade',
  'SignInFailed', 'ScopeDenied', 'AddressDenied', 'RetiredSecretUsed', 'Refused', 'AuditTrimmed',
];

/** What things happen to. */
export const SETS = [
  'Tickets', 'Comments', 'Customers', 'Users', 'Teams', 'TeamMembers', 'AccessTokens', 'TokenPolicies', 'SavedViews',
  'Statuses', 'Priorities', 'Categories', 'Types', 'Sources', 'Resolutions', 'DeletedTickets',
];

/**
 * The conditions of an address. Days begin and end where the reader is; what is no day or number is passed over.
 * @param {URLSearchParams} query
 * @returns {string[]}
 */
export function conditions(query) {
  const get = (/** @type {typeof NAMES[number]} */ name) => (query.get(name) ?? '').trim();
  const found = [];
  const actor = get('actor');
  if (/^\d+$/.test(actor)) found.push(`ActorUserId eq ${actor}`);
  else if (actor) found.push(`contains(tolower(ActorName),${quoted(actor.toLowerCase())})`);
  const token = get('token');
  if (/^\d+$/.test(token)) found.push(`ActorTokenId eq ${token}`);
  else if (token) found.push(`startswith(ActorKeyPrefix,${quoted(token)})`);
  if (get('event')) found.push(`Event eq ${quoted(get('event'))}`);
  if (get('set')) found.push(`EntitySet eq ${quoted(get('set'))}`);
  if (get('id')) found.push(`EntityId eq ${quoted(get('id'))}`);
  const from = midnight(get('from'), 0);
  const to = midnight(get('to'), 1);
  if (from) found.push(`CreatedDateTime ge ${from}`);
  if (to) found.push(`CreatedDateTime lt ${to}`);
  return found;
}

/**
 * When a day begins where the reader is, `after` days later, as an instant.
 * @param {string} day
 * @param {number} after
 */
function midnight(day, after) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!parts) return '';
  const at = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + after);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

/** Sets whose entities have a page, and where. @param {string | null} set @param {string | null} id */
export function pageOf(set, id) {
  if (!id) return null;
  if (set === 'Tickets') return `/tickets/${encodeURIComponent(id)}`;
  if (set === 'AccessTokens') return `/tokens/${encodeURIComponent(id)}`;
  return null;
}
