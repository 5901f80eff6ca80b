/**
 * What a token is: its facts, its rights now beside those it was made with, and what to be warned of.
 * @module
 */
import { html } from '../../lib/html.js';
import { dateTime, number, relative, t } from '../../lib/i18n.js';
import { isAlive, isEnding, lost } from './facts.js';
import { preview } from './new-parts.js';
import { madeWith } from './timeline.js';
import { lastUse, ownerOf, roleName } from './words.js';

/** @typedef {import('./facts.js').Token} Token */

/** @param {Token} token */
export function warnings(token) {
  const gone = lost(token);
  return html`<div class="stack">
    ${token.State === 'expired' ? html`<p class="notice warn">${t('tokens.warn.expired', { when: dateTime(token.ExpiresDateTime) })} ${renew(token)}</p>` : null}
    ${token.State === 'revoked' ? html`<p class="notice warn">${t('tokens.warn.revoked', { when: dateTime(token.RevokedDateTime) })} ${renew(token)}</p>` : null}
    ${isAlive(token) && token.OrphanedDateTime ? html`<p class="notice warn">${t('tokens.warn.orphaned', { since: dateTime(token.OrphanedDateTime), when: dateTime(token.ExpiresDateTime) })}</p>` : null}
    ${isAlive(token) && gone.length ? html`<p class="notice warn">${t('tokens.warn.lost', { count: gone.length, scopes: gone.join(', '), owner: token.OwnerName })}</p>` : null}
    ${isEnding(token, new Date()) ? html`<p class="notice warn">${t('tokens.warn.ending', { when: relative(token.ExpiresDateTime) })} ${renew(token)}</p>` : null}
  </div>`;
}

/** @param {Token} token */
function renew(token) {
  return html`<a href=${`/tokens/new?from=${token.Id}`}>${t('tokens.renew.link')}</a>`;
}

/** @param {Token} token */
export function factsCard(token) {
  const time = (/** @type {string | null} */ iso) => (iso ? html`${relative(iso)}<br><small class="soft">${dateTime(iso)}</small>` : t('none'));
  return html`<section class="card" aria-labelledby="facts-title"><h2 id="facts-title">${t('tokens.facts')}</h2>
    <dl class="facts">
      <dt>${t('tokens.col.owner')}</dt><dd>${ownerOf(token)}</dd>
      <dt>${t('tokens.col.rights')}</dt><dd>${roleName(token.Role)}</dd>
      <dt>${t('tokens.col.expires')}</dt><dd>${time(token.ExpiresDateTime)}</dd>
      <dt>${t('tokens.col.created')}</dt><dd>${time(token.CreatedDateTime)}</dd>
      ${token.RotatedDateTime ? html`<dt>${t('tokens.rotated')}</dt><dd>${time(token.RotatedDateTime)}</dd>` : null}
      <dt>${t('tokens.col.used')}</dt><dd>${lastUse(token)}</dd>
      <dt>${t('tokens.col.uses')}</dt><dd>${number(token.UseCount)}</dd>
      <dt>${t('tokens.col.denied')}</dt><dd>${number(token.DeniedCount)}</dd>
      <dt>${t('tokens.col.addresses')}</dt><dd>${token.AllowedAddresses.length ? html`<ul class="bare">${token.AllowedAddresses.map((one) => html`<li><code>${one}</code></li>`)}</ul>` : t('tokens.everywhere')}</dd>
      <dt>${t('tokens.col.prefix')}</dt><dd><code>${token.KeyPrefix}…</code></dd>
      ${token.ParentId ? html`<dt>${t('tokens.parent')}</dt><dd><a href=${`/tokens/${token.ParentId}`}>${t('tokens.number', { id: String(token.ParentId) })}</a></dd>` : null}
      <dt>Id</dt><dd>${String(token.Id)}</dd>
    </dl></section>`;
}

/**
 * The rights in force now beside those it was made with; what is gone is struck through and named.
 * @param {Token} token
 * @param {readonly import('./timeline.js').AuditEvent[]} events
 */
export function rightsCard(token, events) {
  const before = madeWith(events)?.scopes ?? token.Scopes;
  const now = isAlive(token) ? token.EffectiveScopes : [];
  const all = [...new Set([...before, ...token.Scopes])];
  return html`<section class="card" aria-labelledby="rights-title"><h2 id="rights-title">${t('tokens.rights')}</h2>
    <p class="soft">${isAlive(token) ? t('tokens.rights.text', { now: now.length, before: before.length }) : t('tokens.rights.ended', { before: before.length })}</p>
    <ul class="chips">${all.map((scope) => {
      const isIn = now.includes(scope);
      const why = token.Scopes.includes(scope) ? t('tokens.rights.capped') : t('tokens.rights.narrowed');
      return html`<li key=${scope} class=${isIn ? 'chip on' : 'chip gone'}>${scope}${isIn || !isAlive(token) ? null : html`<small> ${why}</small>`}</li>`;
    })}</ul>
    ${isAlive(token) ? html`<details class="more"><summary>${t('tokens.preview')}</summary><div class="stack">${preview(now)}</div></details>` : null}
  </section>`;
}
