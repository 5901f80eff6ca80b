/**
 * The sections of the page on which a token is made, and what a set of scopes opens, told before it is given.
 * @module
 */
import { call } from '../../lib/api.js';
import { check, field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { HOURS_MAX, choices, days, endOf, obstacle } from './draft.js';
import { TEMPLATES, probes, rolesFor, summary, template } from './rights.js';
import { endSentence, roleName, spanText } from './words.js';

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {import('./draft.js').Maker} Maker */
/**
 * @typedef {object} Scene
 * @property {Draft} draft
 * @property {Maker} maker
 * @property {Limits} limits
 * @property {import('./draft.js').Person[]} people  whom it may be made for
 * @property {string | null} ownerRole
 * @property {Record<string, string>} errors
 * @property {string} search
 * @property {typeof import('./picker.js').picker | null} picker  there once somebody wants to choose single rights
 * @property {(change: Partial<Draft>) => void} set
 */

/** @param {Event} event */
const valueOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;

/** @param {Scene} scene @param {(id: string) => void} onchoose */
export function templateCards({ draft, maker, ownerRole }, onchoose) {
  return html`<fieldset class="token-choices">
    <legend>${t('tokens.template')}</legend>
    ${[...TEMPLATES, { id: '', role: '', scopes: [] }].map((one) => {
      const missing = one.id ? obstacle(one, maker, ownerRole) : null;
      const id = `template-${one.id || 'none'}`;
      return html`<div class=${draft.template === one.id ? 'token-choice on' : 'token-choice'} key=${id}>
        <input type="radio" name="template" id=${id} value=${one.id} .checked=${draft.template === one.id} ?disabled=${missing !== null}
          aria-describedby=${`${id}-says`} @change=${() => onchoose(one.id)}>
        <label for=${id}>${t(`tokens.template.${one.id || 'none'}.name`)}</label>
        <p class="hint" id=${`${id}-says`}>${missing ? t('tokens.template.not', { scopes: missing.join(', ') }) : t(`tokens.template.${one.id || 'none'}.says`)}</p>
      </div>`;
    })}
  </fieldset>`;
}

/** @param {Scene} scene */
export function nameFields({ draft, errors, set }) {
  return html`<div class="fields">
    ${field({ label: t('tokens.name'), name: 'Name', value: draft.name, required: true, maxlength: 256, autocomplete: 'off', error: errors['Name'] ?? null,
      hint: t('tokens.name.hint'), oninput: (event) => set({ name: valueOf(event), isNamed: true }) })}
    ${field({ label: t('tokens.purpose'), name: 'Purpose', value: draft.purpose, maxlength: 1000, autocomplete: 'off', error: errors['Purpose'] ?? null,
      hint: t('tokens.purpose.hint'), oninput: (event) => set({ purpose: valueOf(event), isPurposed: true }) })}
  </div>`;
}

/** @param {Scene} scene */
export function ownerFields({ draft, maker, people, errors, set }) {
  if (!maker.Scopes.includes('tokens:write')) return html`<p class="soft">${t('tokens.owner.yours')}</p>`;
  const others = people.filter((person) => person.Id !== maker.UserId);
  const options = [
    { value: 'me', label: t('tokens.owner.me') }, { value: 'service', label: t('tokens.owner.workspace') },
    ...others.map((person) => ({ value: String(person.Id), label: t('tokens.owner.other', { name: person.Name, role: roleName(person.Role) }) })),
  ];
  return html`<div class="fields">
    ${field({ label: t('tokens.owner'), name: 'OwnerId', type: 'select', options, value: draft.owner, error: errors['OwnerId'] ?? null,
      hint: t('tokens.owner.hint'), onchange: (event) => set({ owner: valueOf(event) }) })}
    ${draft.owner === 'service' ? field({ label: t('tokens.responsible'), name: 'ResponsibleId', type: 'select', value: draft.responsible, error: errors['ResponsibleId'] ?? null,
      options: people.map((person) => ({ value: String(person.Id), label: person.Name })), hint: t('tokens.responsible.hint'),
      onchange: (event) => set({ responsible: valueOf(event) }) }) : null}
  </div>`;
}

/** @param {Scene} scene */
export function expiryFields({ draft, limits, errors, set }) {
  const now = new Date();
  const offered = choices(limits);
  const error = errors['ExpiresDateTime'] ?? null;
  const end = endOf(draft.expiry, draft.day, { now, hoursMax: limits.hoursMax });
  return html`<fieldset aria-describedby="expiry-sentence">
    <legend>${t('tokens.expiry')}</legend>
    <div class="segments">${offered.choices.map(({ value, hours }) => html`<span class="segment" key=${value}>
      <input type="radio" name="expiry" id=${`expiry-${value}`} value=${value} .checked=${draft.expiry === value} @change=${() => set({ expiry: value })}>
      <label for=${`expiry-${value}`}>${hours === null ? t('tokens.expiry.custom') : spanText(hours * 3_600_000)}</label></span>`)}</div>
    ${draft.expiry === 'custom' ? field({ label: t('tokens.expiry.day'), name: 'ExpiresDateTime', type: 'date', value: draft.day, ...days(now, limits.hoursMax),
      error, oninput: (event) => set({ day: valueOf(event) }) }) : null}
    <p id="expiry-sentence" role="status" class="sentence">${end && end > now ? endSentence(end, now) : t('tokens.expiry.none')}</p>
    ${error && draft.expiry !== 'custom' ? html`<p class="error">${error}</p>` : null}
    <p class="hint">${limits.isReader ? t('tokens.expiry.reader') : t('tokens.expiry.max', { span: spanText(limits.hoursMax * 3_600_000) })}</p>
  </fieldset>`;
}

/** @param {Scene} scene @param {{ onrole: (role: { role: string, scopes: readonly string[] }) => void, onsearch: (search: string) => void, onopen: () => void }} on */
export function rightsFields({ draft, maker, ownerRole, errors, search, picker, set }, { onrole, onsearch, onopen }) {
  const roles = rolesFor(maker, ownerRole);
  const scopes = roles.find((one) => one.role === draft.role)?.scopes ?? [];
  const reason = (/** @type {typeof roles[number]} */ one) => {
    if (one.of === 'you') return t('tokens.role.you', { role: roleName(maker.Role) });
    return one.of === 'owner' ? t('tokens.role.owner', { role: roleName(ownerRole ?? '') }) : t(`tokens.role.${one.role}.says`);
  };
  return html`<fieldset class="token-choices two">
      <legend>${t('tokens.role')}</legend>
      ${roles.map((one) => html`<div key=${one.role} class=${draft.role === one.role ? 'token-choice on' : 'token-choice'}>${check({ type: 'radio', name: 'role', value: one.role, label: roleName(one.role), checked: draft.role === one.role,
        disabled: one.of !== null, hint: reason(one), onchange: () => onrole(one) })}</div>`)}
    </fieldset>
    <details class="token-more" ?open=${Boolean(errors['Scopes'])} @toggle=${onopen}>
      <summary>${t('tokens.picker.open', { chosen: draft.scopes.length, all: scopes.length })}</summary>
      ${picker?.({ id: 'scope', scopes, chosen: draft.scopes, least: template(draft.template)?.scopes ?? [], search, onsearch, onchange: (chosen) => set({ scopes: chosen }) })}
    </details>
    ${errors['Scopes'] ? html`<p class="error">${errors['Scopes']}</p>` : null}`;
}

/**
 * @typedef {object} Limits
 * @property {number} hoursMax
 * @property {number | null} hoursDefault
 * @property {boolean} isReader  whether the end is fixed and only reading may be given
 * @property {boolean} mayMint
 * @property {string[]} needing  scopes that want a list of addresses
 * @property {string | null} address  where the server sees this browser
 */

/**
 * @param {AbortSignal} signal
 * @returns {Promise<Limits>}
 */
export async function loadLimits(signal) {
  const caller = await call('/odata/Me()', { signal });
  return {
    hoursMax: caller.TokenLifetimeMaxHours ?? HOURS_MAX,
    hoursDefault: caller.TokenLifetimeDefaultHours ?? null,
    isReader: caller.Role === 'ReadOnlyAdministrator',
    mayMint: caller.MayMintTokens !== false,
    needing: caller.ScopesNeedingAddresses ?? [],
    address: caller.Address,
  };
}

/** What the token would open, as it is described now. @param {readonly string[]} scopes */
export function preview(scopes) {
  const told = summary(scopes);
  const names = (/** @type {string[]} */ resources) => resources.map((resource) => t(`tokens.resource.${resource}`)).join(', ');
  const lines = Object.entries(told).filter(([column, resources]) => column !== 'create' || resources.length || !told['change']?.length);
  return html`<ul class="can">
      ${lines.map(([column, resources]) => html`<li key=${column} class=${resources.length ? 'can-do' : 'can-not'}>
        ${resources.length ? t(`tokens.can.${column}`, { what: names(resources) }) : t(`tokens.cannot.${column}`)}</li>`)}
    </ul>
    <div class="table-wrap" tabindex="0" role="region" aria-label=${t('tokens.preview.caption')}><table class="probes">
      <caption class="live">${t('tokens.preview.caption')}</caption>
      <thead class="live"><tr><th scope="col">${t('tokens.preview.request')}</th><th scope="col">${t('tokens.preview.answer')}</th></tr></thead>
      <tbody>${probes(scopes).map(({ method, path, status, missing }) => html`<tr key=${`${method} ${path}`}>
        <th scope="row"><code>${method} ${path}</code></th>
        <td class="narrow"><span class=${status < 300 ? 'state good' : 'state off'} title=${missing.length ? t('tokens.preview.missing', { scopes: missing.join(', ') }) : ''}>${status}</span></td>
      </tr>`)}</tbody>
    </table></div>`;
}
