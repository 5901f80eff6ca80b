/**
 * What a row of AccessTokens and its rows of the audit log mean today. Knows no page and no text.
 * @module
 */

const DAY = 86_400_000;

/** How many scopes each role holds. @type {Readonly<Record<string, number>>} */
export const ROLE_SIZES = Object.freeze({ Administrator: 32, ReadOnlyAdministrator: 13, Agent: 16, ReadOnlyAgent: 2 });
/** Days before its end at which a token is said to be ending. */
export const ENDING_DAYS = 14;
/** Days without use after which a token is said to be idle. */
export const IDLE_DAYS = 90;

/**
 * @typedef {object} Token
 * @property {number} Id
 * @property {string} Name
 * @property {string | null} Purpose
 * @property {string} KeyPrefix
 * @property {string} Kind
 * @property {'active' | 'rotating' | 'expired' | 'revoked'} State
 * @property {number | null} OwnerId
 * @property {string} OwnerName
 * @property {number | null} ResponsibleId
 * @property {string | null} ResponsibleName
 * @property {number | null} CreatedById
 * @property {number | null} ParentId
 * @property {string} Role
 * @property {string[]} Scopes
 * @property {string[]} EffectiveScopes
 * @property {string[]} AllowedAddresses
 * @property {string} CreatedDateTime
 * @property {string} ExpiresDateTime
 * @property {string | null} RevokedDateTime
 * @property {string | null} RotatedDateTime
 * @property {string | null} OverlapEndsDateTime
 * @property {string | null} OrphanedDateTime
 * @property {string | null} LastUsedDateTime
 * @property {string | null} LastUsedAddress
 * @property {string | null} LastUsedAgent
 * @property {number} UseCount
 * @property {number} DeniedCount
 * @property {string | null} FormerLastUsedDateTime
 * @property {string | null} FormerLastUsedAddress
 */

/** @param {Pick<Token, 'State'>} token */
export function isAlive(token) {
  return token.State === 'active' || token.State === 'rotating';
}

/**
 * The one word that tells most: a state of the server, or what an active token should be looked at for.
 * @param {Token} token
 * @param {Date} now
 * @returns {'active' | 'ending' | 'rotating' | 'orphaned' | 'powerless' | 'expired' | 'revoked'}
 */
export function standing(token, now) {
  if (!isAlive(token)) return token.State;
  if (token.OrphanedDateTime) return 'orphaned';
  if (token.EffectiveScopes.length === 0) return 'powerless';
  if (token.State === 'rotating') return 'rotating';
  return isEnding(token, now) ? 'ending' : 'active';
}

/**
 * @param {Token} token
 * @param {Date} now
 */
export function isEnding(token, now) {
  const left = Date.parse(token.ExpiresDateTime) - now.getTime();
  return isAlive(token) && left > 0 && left <= ENDING_DAYS * DAY;
}

/**
 * The rights that a token was given and that are not in force now.
 * @param {Pick<Token, 'Scopes' | 'EffectiveScopes'>} token
 */
export function lost(token) {
  const has = new Set(token.EffectiveScopes);
  return token.Scopes.filter((scope) => !has.has(scope));
}

/**
 * How far a client has come with the new secret of a token that is being rotated.
 * `waiting`: nobody has called since; `old`: the former secret was used last; `switched`: the new one was.
 * @param {Token} token
 * @returns {'waiting' | 'old' | 'switched'}
 */
export function switching(token) {
  const rotated = instant(token.RotatedDateTime);
  const used = instant(token.LastUsedDateTime);
  if (rotated === null || used === null || used < rotated) return 'waiting';
  const former = instant(token.FormerLastUsedDateTime);
  if (former === null || former < rotated) return 'switched';
  return used > former ? 'switched' : 'old';
}

/** @param {string | null | undefined} text */
function instant(text) {
  return text ? Date.parse(text) : null;
}

/**
 * What a person may do with a token.
 * @param {Token} token
 * @param {{ UserId: number, Scopes: readonly string[] }} person
 */
export function allowed(token, person) {
  const isAdministrator = person.Scopes.includes('tokens:write');
  const isOwn = token.OwnerId === person.UserId;
  const mayDecide = (isOwn && person.Scopes.includes('tokens:mint')) || isAdministrator;
  return {
    edit: mayDecide && isAlive(token),
    revoke: mayDecide && isAlive(token),
    remove: mayDecide && !isAlive(token),
    rotate: isAlive(token) && (isOwn || (token.OwnerId === null && isAdministrator)) && person.Scopes.includes('tokens:mint'),
    renew: person.Scopes.includes('tokens:mint'),
  };
}

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

/**
 * A length of time in whole units: days where it is at least two, else hours, else minutes.
 * @param {number} millis
 * @returns {{ unit: 'days' | 'hours' | 'minutes', count: number }}
 */
export function span(millis) {
  if (millis >= 2 * DAY - 3_600_000) return { unit: 'days', count: Math.round(millis / DAY) };
  if (millis >= 3_600_000) return { unit: 'hours', count: Math.round(millis / 3_600_000) };
  return { unit: 'minutes', count: Math.max(1, Math.round(millis / 60_000)) };
}
