/**
 * How a token is told wherever one is: its state, its end, its last use, its rights.
 * @module
 */
import { html } from '../../lib/html.js';
import { date, dateTime, number, relative, t } from '../../lib/i18n.js';
import { standing } from './facts.js';
import { ROLES } from './rights.js';

/** @typedef {import('./facts.js').Token} Token */

/** @type {Record<ReturnType<typeof standing>, string>} */
const TONES = {
  active: 'good', ending: 'warn', rotating: 'info', orphaned: 'warn', powerless: 'warn', expired: 'off', revoked: 'bad',
};

/** A dot and a word. @param {Token} token @param {Date} [now] */
export function stateOf(token, now = new Date()) {
  const word = standing(token, now);
  return html`<span class=${`state ${TONES[word]}`}>${t(`tokens.state.${word}`)}</span>`;
}

/** How far it is to a time, and the time itself below. @param {string | null} iso @param {string} [none] */
export function timeOf(iso, none = '') {
  if (!iso) return html`<span class="soft">${none}</span>`;
  return html`<time class="when" datetime=${iso} title=${dateTime(iso)}>${relative(iso)}<small>${date(iso)}</small></time>`;
}

/** When, from where and by what it was used last. @param {Token} token */
export function lastUse({ LastUsedDateTime: at, LastUsedAddress: address, LastUsedAgent: agent }) {
  if (!at) return html`<span class="soft">${t('tokens.unused')}</span>`;
  const from = [address, agent].filter(Boolean).join(' · ');
  return html`<time class="when" datetime=${at} title=${[dateTime(at), from].join(' · ')}>${relative(at)}<small>${from}</small></time>`;
}

/** Its role, and how many of the role's scopes are in force. @param {Token} token */
export function rightsOf({ Role, Scopes, EffectiveScopes, State }) {
  const all = ROLES[Role]?.length ?? Scopes.length;
  const isAlive = State === 'active' || State === 'rotating';
  const count = isAlive ? EffectiveScopes.length : Scopes.length;
  const isLess = isAlive && EffectiveScopes.length < Scopes.length;
  return html`<span class="rights">${roleName(Role)}
    <span class=${isLess ? 'chip less' : 'chip'} title=${(isAlive ? EffectiveScopes : Scopes).join(', ')}>${t('tokens.scopes.of', { count: number(count), all: number(all) })}</span></span>`;
}

/** @param {string} role */
export function roleName(role) {
  return t(`tokens.role.${role}`);
}

/** Whose it is, and who answers for a service. @param {Token} token */
export function ownerOf({ OwnerId, OwnerName, Kind, ResponsibleName }) {
  if (OwnerId !== null || Kind !== 'svc') return html`${OwnerId === null ? t('tokens.owner.system') : OwnerName}`;
  return html`<span class="when">${t('tokens.owner.service')}<small>${ResponsibleName ?? ''}</small></span>`;
}

/** A name for a change, so that it is made once however often it is sent. */
export function onceKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
