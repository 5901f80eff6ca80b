/**
 * A token that is being described: what bounds it, when it is to end, what follows from it, and the request it becomes.
 * Every time is an instant, never a guess. Knows no page.
 * @module
 */
import { addressList } from './addresses.js';
import { TEMPLATES, closed, excess, freeName, rolesFor, template } from './rights.js';

/**
 * @typedef {object} Draft
 * @property {string} template  id of the template, or "" for none
 * @property {string} name
 * @property {boolean} isNamed  whether somebody wrote the name
 * @property {string} purpose
 * @property {boolean} isPurposed  whether somebody wrote the purpose
 * @property {string} owner  "me", "service", or the id of a user
 * @property {string} responsible  id of who answers for a service
 * @property {string} expiry  a choice of `expiry.choices`
 * @property {string} day
 * @property {string} role
 * @property {string[]} scopes
 * @property {string} addresses
 */

/** @typedef {{ UserId: number, Role: string, Scopes: readonly string[] }} Maker */
/** @typedef {{ Id: number, Name: string, Role: string }} Person */

/** A beginning: the first template one may use. @param {Maker} maker @param {import('./new-parts.js').Limits} limits @returns {Draft} */
export function begun(maker, limits) {
  /** @type {Draft} */
  const draft = {
    template: '', name: '', isNamed: false, purpose: '', isPurposed: false, owner: 'me', responsible: String(maker.UserId),
    expiry: choices(limits).chosen, day: '', role: 'ReadOnlyAgent', scopes: [], addresses: '',
  };
  const first = TEMPLATES.find((one) => obstacle(one, maker) === null);
  return first ? { ...draft, template: first.id, role: first.role, scopes: [...first.scopes] } : draft;
}

/**
 * What keeps somebody from using a template: the scopes they may not give; null if nothing.
 * @param {import('./rights.js').Template} wanted
 * @param {Maker} maker
 * @param {string | null} [ownerRole]
 * @returns {string[] | null}
 */
export function obstacle(wanted, maker, ownerRole = null) {
  const role = rolesFor(maker, ownerRole).find((one) => one.role === wanted.role);
  if (!role || role.of) return role?.missing ?? [];
  const missing = excess(wanted.scopes, role.scopes);
  return missing.length ? missing : null;
}

/**
 * With another template: its role and the least it needs; what somebody wrote stays.
 * @param {Draft} draft
 * @param {string} id
 * @param {{ name: string, purpose: string, taken: readonly string[] }} texts
 * @returns {Draft}
 */
export function withTemplate(draft, id, { name, purpose, taken }) {
  const found = template(id);
  return {
    ...draft,
    template: id,
    name: draft.isNamed ? draft.name : name && freeName(name, taken),
    purpose: draft.isPurposed ? draft.purpose : purpose,
    ...(found ? { role: found.role, scopes: [...found.scopes] } : {}),
  };
}

/**
 * With another role: what of the chosen scopes it holds, or all of it if that is nothing.
 * @param {Draft} draft
 * @param {{ role: string, scopes: readonly string[] }} role
 * @returns {Draft}
 */
export function withRole(draft, { role, scopes }) {
  const kept = draft.template ? draft.scopes.filter((scope) => scopes.includes(scope)) : [];
  return { ...draft, role, scopes: closed(kept.length ? kept : scopes) };
}

/**
 * As another token was, to renew it: everything but its end.
 * @param {Draft} draft
 * @param {import('./facts.js').Token} token
 * @param {Maker} maker
 * @returns {Draft}
 */
export function renewed(draft, token, maker) {
  const role = rolesFor(maker).find((one) => one.role === token.Role);
  const held = role && !role.of ? role.scopes : [];
  const owner = token.Kind === 'svc' ? 'service' : token.OwnerId === null || token.OwnerId === maker.UserId ? 'me' : String(token.OwnerId);
  return {
    ...draft,
    template: '',
    name: token.Name, isNamed: true,
    purpose: token.Purpose ?? '', isPurposed: true,
    owner: owner === 'me' || maker.Scopes.includes('tokens:write') ? owner : 'me',
    responsible: String(token.ResponsibleId ?? maker.UserId),
    role: held.length ? token.Role : draft.role,
    scopes: held.length ? token.Scopes.filter((scope) => held.includes(scope)) : draft.scopes,
    addresses: token.AllowedAddresses.join('\n'),
  };
}

/**
 * What is wrong before it is sent, by the name of the server's property: keys of texts.
 * @param {Draft} draft
 * @param {import('./new-parts.js').Limits} limits
 * @param {Date} now
 * @returns {Record<string, string>}
 */
export function faults(draft, limits, now) {
  /** @type {Record<string, string>} */
  const found = {};
  if (!draft.name.trim()) found['Name'] = 'tokens.fault.name';
  const late = limits.isReader ? null : fault(endOf(draft.expiry, draft.day, { now, hoursMax: limits.hoursMax }), { now, hoursMax: limits.hoursMax });
  if (late) found['ExpiresDateTime'] = late;
  if (draft.scopes.length === 0) found['Scopes'] = 'tokens.fault.scopes';
  if (addressList(draft.addresses) === null) found['AllowedAddresses'] = 'tokens.fault.addresses';
  return found;
}

/**
 * The body of the request.
 * @param {Draft} draft
 * @param {import('./new-parts.js').Limits} limits
 * @param {Date} now
 */
export function toBody(draft, limits, now) {
  const end = endOf(draft.expiry, draft.day, { now, hoursMax: limits.hoursMax });
  const isService = draft.owner === 'service';
  const addresses = addressList(draft.addresses) ?? [];
  return {
    Name: draft.name.trim(),
    ...(draft.purpose.trim() ? { Purpose: draft.purpose.trim() } : {}),
    Role: draft.role,
    Scopes: closed(draft.scopes),
    ...(limits.isReader || !end ? {} : { ExpiresDateTime: end.toISOString() }),
    ...(addresses.length ? { AllowedAddresses: addresses } : {}),
    ...(isService ? { IsService: true, ResponsibleId: Number(draft.responsible) } : {}),
    ...(isService || draft.owner === 'me' ? {} : { OwnerId: Number(draft.owner) }),
  };
}

/** Whether the server will ask for the password again. @param {Draft} draft */
export function needsConfirmation(draft) {
  return draft.owner === 'service' || draft.role === 'Administrator';
}

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

/** @typedef {{ value: string, hours: number | null }} Choice `value` is "h:720" or "custom" */

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

/** @param {number} hours @returns {Choice} */
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

/** The last second of a day where the browser is. @param {string} day @returns {Date | null} */
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

/** @param {Date} now @param {number} [hoursMax] */
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

/** A local day as `<input type=date>` wants it. @param {Date} at */
export function dayText(at) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

