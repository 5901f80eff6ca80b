/**
 * A token that is being described: what is chosen, what follows from it, and the request it becomes. Knows no page.
 * @module
 */
import { addressList } from './addresses.js';
import { choices, endOf, fault } from './limits.js';
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

/**
 * A beginning: the first template one may use.
 * @param {Maker} maker
 * @param {import('./limits.js').Limits} limits
 * @returns {Draft}
 */
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
 * @param {import('./limits.js').Limits} limits
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
 * @param {import('./limits.js').Limits} limits
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
