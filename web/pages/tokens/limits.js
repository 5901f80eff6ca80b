/**
 * What bounds a new token of whoever is signed in, as far as they may know; the server decides all the same.
 * @module
 */
import { call } from '../../lib/api.js';
import { can, me } from '../../lib/session.js';
import { HOURS_MAX, READER_HOURS } from './expiry.js';

/**
 * @typedef {object} Limits
 * @property {number} hoursMax
 * @property {number | null} hoursDefault
 * @property {boolean} isReader  whether the end is fixed and only reading may be given
 * @property {boolean} mayMint
 * @property {string[]} needing  scopes that want a list of addresses
 * @property {string | null} address  where the server sees this browser
 * @property {boolean} isKnown  whether the policy could be read
 */

/**
 * @param {AbortSignal} signal
 * @returns {Promise<Limits>}
 */
export async function loadLimits(signal) {
  const [caller, policy] = await Promise.all([
    call('/odata/Me()', { signal }),
    can('settings:read') ? call('/odata/TokenPolicies(1)', { signal }) : null,
  ]);
  const role = me()?.Role ?? '';
  const isReader = role === 'ReadOnlyAdministrator';
  const roles = /** @type {string[] | undefined} */ (policy?.MintingRoles);
  return {
    hoursMax: caller.TokenHoursMax ?? (isReader ? READER_HOURS : policy?.LifetimeMaxHours ?? HOURS_MAX),
    hoursDefault: caller.TokenHoursDefault ?? policy?.LifetimeDefaultHours ?? null,
    isReader,
    mayMint: can('tokens:mint') && (caller.MayMint ?? roles?.includes(role) ?? true),
    needing: caller.ScopesNeedingAddresses ?? policy?.ScopesNeedingAddresses ?? [],
    address: caller.Address,
    isKnown: policy !== null || caller.TokenHoursMax !== undefined,
  };
}
