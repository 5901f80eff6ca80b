/**
 * How a token is told wherever one is: its state, its end, its last use, its rights. Brings the texts of these pages.
 * @module
 */
import { html } from '../../lib/html.js';
import { date, dateTime, lang, locale, number, pageTexts, program, relative, t } from '../../lib/i18n.js';
import { ROLE_SIZES, span, standing } from './facts.js';

/** @typedef {import('./facts.js').Token} Token */

await pageTexts(async (language) => (await import(`../../i18n/tokens.${language}.js`))[language]);

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
  return html`<time class="two-lines" datetime=${iso} title=${dateTime(iso)}>${near(iso)}<small>${date(iso)}</small></time>`;
}

/** When, from where and by what it was used last. @param {Token} token */
export function lastUse({ LastUsedDateTime: at, LastUsedAddress: address, LastUsedAgent: agent }) {
  if (!at) return html`<span class="soft">${t('tokens.unused')}</span>`;
  const from = [address, agent].filter(Boolean).join(' · ');
  const short = [address, agent && program(agent)].filter(Boolean).join(' · ');
  return html`<time class="two-lines" datetime=${at} title=${[dateTime(at), from].join(' · ')}>${near(at)}<small>${short}</small></time>`;
}

/** Its role, and how many of the role's scopes are in force. @param {Token} token */
export function rightsOf({ Role, Scopes, EffectiveScopes, State }) {
  const all = ROLE_SIZES[Role] ?? Scopes.length;
  const isAlive = State === 'active' || State === 'rotating';
  const count = isAlive ? EffectiveScopes.length : Scopes.length;
  const isLess = isAlive && EffectiveScopes.length < Scopes.length;
  return html`<span class="two-lines" title=${(isAlive ? EffectiveScopes : Scopes).join(', ')}>${roleName(Role)}
    <small class=${isLess ? 'less' : null}>${t('tokens.scopes.of', { count, all })}</small></span>`;
}

/** @param {string} role */
export function roleName(role) {
  return t(`role.${role}`);
}

/** Whose it is, and who answers for a service. @param {Token} token */
export function ownerOf({ OwnerId, OwnerName, Kind, ResponsibleName }) {
  if (OwnerId !== null || Kind !== 'svc') return html`${OwnerId === null ? t('tokens.owner.system') : OwnerName}`;
  return html`<span class="two-lines">${t('tokens.owner.service')}<small>${ResponsibleName ?? ''}</small></span>`;
}

/** A name for a change, so that it is made once however often it is sent. */
export function onceKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A length of time, such as "30 days". @param {number} millis */
export function spanText(millis) {
  const { unit, count } = span(millis);
  return t(`tokens.span.${unit}`, { count, n: number(count) });
}

/** A time with its weekday, where the reader is. @param {Date} at */
export function fullTime(at) {
  const options = /** @type {const} */ ({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  return new Intl.DateTimeFormat(locale(), options).format(at);
}

/** When it will end, and how long that is. @param {Date} end @param {Date} now */
export function endSentence(end, now) {
  return t('tokens.expiry.sentence', { when: fullTime(end), span: spanText(end.getTime() - now.getTime()) });
}

const DAY = 86_400_000;

/** How long ago or how far ahead, in days up to a hundred: what ends in four weeks ends on a day. @param {string} iso */
export function near(iso) {
  const days = Math.round((Date.parse(iso) - Date.now()) / DAY);
  if (Math.abs(days) < 2 || Math.abs(days) > 99) return relative(iso);
  return new Intl.RelativeTimeFormat(lang(), { numeric: 'always' }).format(days, 'day');
}
