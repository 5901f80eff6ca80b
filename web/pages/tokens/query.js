/**
 * The list's search, filter and order: from the address of the page, to OData, and back. Never a secret in either.
 * @module
 */
import { ENDING_DAYS, IDLE_DAYS } from './facts.js';

/** @typedef {{ search: string, card: string, state: string, owner: string, sort: string }} Wish */

/** @type {Readonly<Record<string, string>>} What a card shows, as a condition. */
export const CARDS = Object.freeze({
  ending: `State in ('active','rotating') and ExpiresDateTime le now() add duration'P${ENDING_DAYS}D'`,
  unused: `State in ('active','rotating') and LastUsedDateTime eq null`,
  idle: `State in ('active','rotating') and LastUsedDateTime le now() sub duration'P${IDLE_DAYS}D'`,
  expired: `State eq 'expired'`,
});

/** States to choose from; "working" is what a client can use. */
export const STATES = ['', 'working', 'rotating', 'expired', 'revoked'];

/** What the columns sort by; a minus before it is descending. */
export const SORTS = ['Name', 'State', 'OwnerName', 'CreatedDateTime', 'ExpiresDateTime', 'LastUsedDateTime', 'UseCount', 'DeniedCount'];

const USUAL_SORT = '-CreatedDateTime';

/**
 * Takes a secret out of what was typed: what is left is how it begins, which finds the token and opens nothing.
 * @param {string} text
 */
export function withoutSecret(text) {
  return text.replace(/(tsr_[a-z]+_[A-Za-z0-9]{6})[A-Za-z0-9]+/g, '$1').trim();
}

/**
 * @param {URLSearchParams} query
 * @returns {Wish}
 */
export function wish(query) {
  const sort = query.get('sort') ?? '';
  return {
    search: withoutSecret(query.get('q') ?? ''),
    card: Object.hasOwn(CARDS, query.get('show') ?? '') ? query.get('show') ?? '' : '',
    state: STATES.includes(query.get('state') ?? '') ? query.get('state') ?? '' : '',
    owner: /^(me|system|\d+)$/.test(query.get('owner') ?? '') ? query.get('owner') ?? '' : '',
    sort: SORTS.includes(sort.replace(/^-/, '')) ? sort : USUAL_SORT,
  };
}

/**
 * The query of the page's address, with nothing that is as usual.
 * @param {Wish} wish
 */
export function toAddress({ search, card, state, owner, sort }) {
  const query = new URLSearchParams();
  if (search) query.set('q', withoutSecret(search));
  if (card) query.set('show', card);
  if (state) query.set('state', state);
  if (owner) query.set('owner', owner);
  if (sort !== USUAL_SORT) query.set('sort', sort);
  const text = query.toString();
  return text ? `?${text}` : '';
}

/**
 * The same as OData options.
 * @param {Wish} wish
 * @param {number | null} me id of who asks
 * @returns {{ filter?: string, orderby: string }}
 */
export function toOData({ search, card, state, owner, sort }, me) {
  const parts = [];
  if (card) parts.push(CARDS[card]);
  if (state === 'working') parts.push(`State in ('active','rotating')`);
  else if (state) parts.push(`State eq ${quoted(state)}`);
  if (owner === 'system') parts.push('OwnerId eq null');
  else if (owner) parts.push(`OwnerId eq ${owner === 'me' ? me : owner}`);
  for (const word of withoutSecret(search).split(/\s+/).filter(Boolean)) parts.push(found(word));
  const name = sort.replace(/^-/, '');
  const order = sort.startsWith('-') ? `${name} desc` : name;
  return { ...(parts.length ? { filter: parts.join(' and ') } : {}), orderby: `${order},Id desc` };
}

/** @param {string} word */
function found(word) {
  if (word.startsWith('tsr_')) return `startswith(KeyPrefix,${quoted(word)})`;
  const text = quoted(word.toLowerCase());
  const places = ['Name', 'Purpose', 'OwnerName', 'ResponsibleName', 'Role', 'KeyPrefix', 'LastUsedAddress'];
  return `(${places.map((place) => `contains(tolower(${place}),${text})`).join(' or ')})`;
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A saved view: the OData options anybody can use, and the page's own beside them, which the server passes over.
 * @param {Wish} wish
 * @param {number | null} me
 */
export function toView(wish, me) {
  const { filter, orderby } = toOData(wish, me);
  const options = [filter ? `$filter=${encodeURIComponent(filter)}` : '', `$orderby=${encodeURIComponent(orderby)}`];
  return [...options.filter(Boolean), `list=${encodeURIComponent(toAddress(wish).slice(1))}`].join('&');
}

/**
 * The page's address of a saved view; null where another program made it and it has none.
 * @param {string} query
 */
export function ofView(query) {
  const list = new URLSearchParams(query.replace(/^\?/, '')).get('list');
  return list === null ? null : toAddress(wish(new URLSearchParams(list)));
}

/**
 * The state of the order after a column's head was pressed: ascending, then descending.
 * @param {string} sort
 * @param {string} column
 */
export function turned(sort, column) {
  return sort === column ? `-${column}` : column;
}
