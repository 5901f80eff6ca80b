/**
 * Rows of the audit log about a token, read into what a person wants to know. Texts of the log are taken apart here only.
 * @module
 */

/**
 * @typedef {object} AuditEvent
 * @property {number} Id
 * @property {string} CreatedDateTime
 * @property {string} Event
 * @property {string | null} ActorName
 * @property {number | null} ActorTokenId
 * @property {string | null} EntitySet
 * @property {string | null} EntityId
 * @property {string | null} EntityName
 * @property {string | null} Detail
 * @property {string | null} Address
 * @property {string | null} Agent
 * @property {number} Count
 */

/** What says that somebody was refused. */
export const DENIALS = ['ScopeDenied', 'AddressDenied', 'RetiredSecretUsed', 'Refused'];

/**
 * The audit log's query for one token: what was done to it, and what it was refused.
 * @param {number} id
 */
export function aboutFilter(id) {
  const denied = DENIALS.map((event) => `'${event}'`).join(',');
  return `(EntitySet eq 'AccessTokens' and EntityId eq '${id}') or (ActorTokenId eq ${id} and Event in (${denied}))`;
}

/**
 * The audit log's query for everything that was done with a token.
 * @param {number} id
 */
export function doneFilter(id) {
  return `ActorTokenId eq ${id}`;
}

/**
 * What a token was made with, as the log tells it; null where the log no longer reaches back.
 * @param {readonly AuditEvent[]} events
 * @returns {{ role: string, scopes: string[] } | null}
 */
export function madeWith(events) {
  const detail = events.find((event) => event.Event === 'TokenMinted')?.Detail ?? '';
  const role = /(?:^|; )role ([A-Za-z]+)/.exec(detail)?.[1];
  const scopes = /(?:^|; )scopes ([a-z:,]+)/.exec(detail)?.[1];
  return role && scopes ? { role, scopes: scopes.split(',') } : null;
}

/**
 * One denial for each thing that was refused, the most frequent first.
 * @param {readonly AuditEvent[]} events
 * @returns {{ event: string, what: string, count: number, first: string, last: string, address: string | null }[]}
 */
export function denials(events) {
  /** @type {Map<string, { event: string, what: string, count: number, first: string, last: string, address: string | null }>} */
  const found = new Map();
  for (const event of events) {
    if (!DENIALS.includes(event.Event)) continue;
    const what = whatWasDenied(event);
    const key = `${event.Event} ${what}`;
    const before = found.get(key);
    const at = event.CreatedDateTime;
    found.set(key, {
      event: event.Event,
      what,
      count: (before?.count ?? 0) + event.Count,
      first: before && before.first < at ? before.first : at,
      last: before && before.last > at ? before.last : at,
      address: before && before.last > at ? before.address : event.Address,
    });
  }
  return [...found.values()].sort((a, b) => b.count - a.count || (a.last < b.last ? 1 : -1));
}

/** @param {AuditEvent} event */
function whatWasDenied({ Event, Detail, Address }) {
  const detail = (Detail ?? '').replace(/;? ?first at .*$/, '');
  return Event === 'AddressDenied' ? detail || Address || '' : detail;
}

/**
 * What changed, a line each: `Name: 'a' -> 'b'; Scopes: … -> …`.
 * @param {AuditEvent} event
 * @returns {{ property: string, from: string, to: string }[]}
 */
export function changes({ Detail }) {
  return [...(Detail ?? '').matchAll(/(?:^|; )([A-Z][A-Za-z]+): (.*?) -> (.*?)(?=; [A-Z][A-Za-z]+: |; the former|$)/g)]
    .map(([, property, from, to]) => ({ property, from, to }));
}

/**
 * How grave an event is, for its mark.
 * @param {AuditEvent} event
 * @returns {'good' | 'plain' | 'warn' | 'bad'}
 */
export function tone({ Event }) {
  if (Event === 'TokenMinted') return 'good';
  if (Event === 'TokenRevoked' || Event === 'TokenDeleted' || Event === 'RetiredSecretUsed') return 'bad';
  return DENIALS.includes(Event) || Event === 'TokenOrphaned' ? 'warn' : 'plain';
}
