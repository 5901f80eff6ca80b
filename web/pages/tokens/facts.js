/**
 * What a row of AccessTokens means today: its state in a word, and what deserves a look. Knows no page and no text.
 * @module
 */
const DAY = 86_400_000;

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
 * @property {string | null} [FormerLastUsedDateTime]
 * @property {string | null} [FormerLastUsedAddress]
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
 * `waiting`: nobody has called since; `old`: the former secret was used last; `switched`: the new one was; `unknown`:
 * somebody called, but this server does not tell with which secret.
 * @param {Token} token
 * @returns {'waiting' | 'old' | 'switched' | 'unknown'}
 */
export function switching(token) {
  const rotated = instant(token.RotatedDateTime);
  const used = instant(token.LastUsedDateTime);
  if (rotated === null || used === null || used < rotated) return 'waiting';
  if (token.FormerLastUsedDateTime === undefined) return 'unknown';
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
