/**
 * When a token is to end, and what bounds it: presets, the latest end, the end of a chosen day. Every time is an instant, never a guess.
 * @module
 */
import { call } from '../../lib/api.js';
import { can, me } from '../../lib/session.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Life of what a read-only administrator makes, hours; the server takes no other. */
export const READER_HOURS = 72;
/** The longest life anywhere, hours. */
export const HOURS_MAX = 8_760;
/** Days offered, the default among them. */
export const PRESETS = [7, 30, 60, 90];
const DEFAULT_DAYS = 30;
/** Seconds that a form may stay open before "the longest" is beyond the limit by the server's clock. */
const MARGIN = 60_000;

/**
 * @typedef {{ value: string, hours: number | null }} Choice `value` is "h:720" or "custom"
 */

/**
 * The choices within the longest life, and which of them is meant where nothing is said.
 * @param {{ hoursMax?: number, hoursDefault?: number | null, isReader?: boolean }} bounds
 * @returns {{ choices: Choice[], chosen: string }}
 */
export function choices({ hoursMax = HOURS_MAX, hoursDefault = null, isReader = false }) {
  if (isReader) return { choices: [choice(READER_HOURS)], chosen: choice(READER_HOURS).value };
  const max = Math.min(hoursMax, HOURS_MAX);
  const usual = Math.min(hoursDefault ?? DEFAULT_DAYS * 24, max);
  const hours = new Set(PRESETS.map((days) => days * 24).filter((hours) => hours <= max));
  hours.add(usual);
  if (max < PRESETS[PRESETS.length - 1] * 24) hours.add(max);
  const sorted = [...hours].sort((a, b) => a - b).map(choice);
  return { choices: [...sorted, { value: 'custom', hours: null }], chosen: choice(usual).value };
}

/**
 * @param {number} hours
 * @returns {Choice}
 */
function choice(hours) {
  return { value: `h:${hours}`, hours };
}

/**
 * The instant a choice stands for; null where none is chosen yet, or none can be.
 * @param {string} value
 * @param {string} day as `<input type=date>` gives it, for "custom"
 * @param {{ now: Date, hoursMax?: number }} at
 * @returns {Date | null}
 */
export function endOf(value, day, { now, hoursMax = HOURS_MAX }) {
  if (value === 'custom') return endOfDay(day);
  const hours = Number(value.slice(2));
  if (!Number.isFinite(hours) || hours <= 0) return null;
  const isLongest = hours >= Math.min(hoursMax, HOURS_MAX);
  return new Date(now.getTime() + hours * HOUR - (isLongest ? MARGIN : 0));
}

/**
 * The last second of a day where the browser is.
 * @param {string} day
 * @returns {Date | null}
 */
export function endOfDay(day) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!parts) return null;
  const [year, month, date] = parts.slice(1).map(Number);
  const end = new Date(year, month - 1, date, 23, 59, 59);
  return end.getMonth() === month - 1 && end.getDate() === date ? end : null;
}

/**
 * What is wrong with an end, as the key of a text; null if nothing is.
 * @param {Date | null} end
 * @param {{ now: Date, hoursMax?: number }} at
 * @returns {'tokens.expiry.none' | 'tokens.expiry.past' | 'tokens.expiry.late' | null}
 */
export function fault(end, { now, hoursMax = HOURS_MAX }) {
  if (!end) return 'tokens.expiry.none';
  if (end <= now) return 'tokens.expiry.past';
  return end > latest(now, hoursMax) ? 'tokens.expiry.late' : null;
}

/**
 * @param {Date} now
 * @param {number} [hoursMax]
 */
export function latest(now, hoursMax = HOURS_MAX) {
  return new Date(now.getTime() + Math.min(hoursMax, HOURS_MAX) * HOUR);
}

/**
 * The first and last day that a date field may take: the last is the last one that ends within the limit.
 * @param {Date} now
 * @param {number} [hoursMax]
 * @returns {{ min: string, max: string }}
 */
export function days(now, hoursMax = HOURS_MAX) {
  const end = latest(now, hoursMax);
  const last = new Date(end.getFullYear(), end.getMonth(), end.getDate(), 23, 59, 59);
  if (last > end) last.setDate(last.getDate() - 1);
  return { min: dayText(now), max: dayText(last) };
}

/**
 * A local day as `<input type=date>` wants it.
 * @param {Date} at
 */
export function dayText(at) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

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
