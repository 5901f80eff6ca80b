/**
 * The parts of the page of one token: its facts, its rights now and before, what happened to it and what it did.
 * @module
 */
import { odata } from '../../lib/api.js';
import { copyText } from '../../lib/above.js';
import { html, render } from '../../lib/html.js';
import { dateTime, has, logText, number, program, relative, t } from '../../lib/i18n.js';
import { table } from '../../lib/table.js';
import { DENIALS, changes, denials, doneFilter, isAlive, isEnding, lost, madeWith, tone } from './facts.js';
import { lastUse, near, ownerOf, roleName } from './words.js';

/** @typedef {import('./facts.js').Token} Token */

/** @param {Token} token */
export function warnings(token) {
  const gone = lost(token);
  const said = [
    token.State === 'expired' && html`${t('tokens.warn.expired', { when: dateTime(token.ExpiresDateTime) })} ${renew(token)}`,
    token.State === 'revoked' && html`${t('tokens.warn.revoked', { when: dateTime(token.RevokedDateTime) })} ${renew(token)}`,
    isAlive(token) && token.OrphanedDateTime && t('tokens.warn.orphaned', { since: dateTime(token.OrphanedDateTime), when: dateTime(token.ExpiresDateTime) }),
    isAlive(token) && gone.length && t('tokens.warn.lost', { count: gone.length, scopes: gone.join(', '), owner: token.OwnerName }),
    isEnding(token, new Date()) && html`${t('tokens.warn.ending', { when: near(token.ExpiresDateTime) })} ${renew(token)}`,
  ].filter(Boolean);
  return said.length ? html`<div class="stack">${said.map((text) => html`<p class="notice warn">${text}</p>`)}</div>` : null;
}

/** @param {Token} token */
function renew(token) {
  return html`<a href=${`/tokens/new?from=${token.Id}`}>${t('tokens.renew.link')}</a>`;
}

/** @param {Token} token */
export function factsCard(token) {
  const time = (/** @type {string | null} */ iso) => (iso ? html`${near(iso)}<br><small class="soft">${dateTime(iso)}</small>` : t('none'));
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
 * @param {readonly import('./facts.js').AuditEvent[]} events
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
      return html`<li key=${scope} class=${isIn ? 'chip on' : 'chip lost'}>${scope}${isIn || !isAlive(token) ? null : html`<small> ${why}</small>`}</li>`;
    })}</ul>
    ${isAlive(token) ? html`<details class="token-more" @toggle=${async (/** @type {Event} */ event) => { const { preview } = await import('./new-parts.js'); const box = /** @type {Element} */ (event.target).querySelector('div'); if (box) render(box, preview(now)); }}><summary>${t('tokens.preview')}</summary><div class="stack"></div></details>` : null}
  </section>`;
}

/** @typedef {import('./facts.js').AuditEvent} AuditEvent */

/** @param {string} event */
function eventName(event) {
  return has(`tokens.event.${event}`) ? t(`tokens.event.${event}`) : event;
}

/**
 * @param {readonly AuditEvent[]} events  the newest first
 * @param {boolean} mayRead
 */
export function timelineCard(events, mayRead) {
  return html`<section class="card" id="timeline" aria-labelledby="timeline-title"><h2 id="timeline-title">${t('tokens.timeline')}</h2>
    ${mayRead ? (events.length ? html`<ol class="token-events">${events.map(entry)}</ol>` : html`<p class="soft">${t('tokens.timeline.none')}</p>`)
      : html`<p class="soft">${t('tokens.timeline.not')}</p>`}
  </section>`;
}

/** @param {AuditEvent} event */
function entry(event) {
  const by = event.ActorName && !DENIALS.includes(event.Event) ? t('tokens.event.by', { name: event.ActorName }) : '';
  const from = [event.Address, event.Agent && program(event.Agent)].filter(Boolean).join(' · ');
  return html`<li key=${event.Id} class=${`token-event ${tone(event)}`}>
    <p class="row"><strong>${eventName(event.Event)}</strong>${event.Count > 1 ? html`<span class="chip">${t('tokens.event.times', { count: event.Count })}</span>` : null}<span>${by}</span></p>
    ${what(event)}
    <p class="hint"><time datetime=${event.CreatedDateTime} title=${relative(event.CreatedDateTime)}>${dateTime(event.CreatedDateTime)}</time>${from && html` · <span title=${event.Agent}>${from}</span>`}</p>
  </li>`;
}

/** @param {AuditEvent} event */
function what(event) {
  if (!event.Detail) return null;
  const changed = changes(event);
  const made = event.Event === 'TokenMinted' ? madeWith([event]) : null;
  if (made) return html`<p class="fine-print">${roleName(made.role)}: <code>${made.scopes.join(', ')}</code></p>`;
  if (!changed.length) return html`<p class="mono fine-print">${readable(event.Detail)}</p>`;
  return html`<ul class="bare">${changed.map(({ property, from, to }) => html`<li><span class="soft">${property}</span> <code>${from}</code> → <code>${to}</code></li>`)}</ul>`;
}

/** A text of the log without whose the token is, which stands beside it. @param {string | null} detail */
const readable = (detail) => logText((detail ?? '').replace(/^(tsr_\w+), of [^;]*/, '$1'));

/**
 * What it was refused, with how often.
 * @param {import('./facts.js').Token} token
 * @param {readonly AuditEvent[]} events
 */
export function deniedCard(token, events) {
  const found = denials(events);
  const most = Math.max(1, ...found.map((one) => one.count));
  return html`<section class="card" aria-labelledby="denied-title"><h2 id="denied-title">${t('tokens.denied')}</h2>
    ${found.length ? html`<ul class="denials">${found.map((one) => html`<li key=${`${one.event} ${one.what}`}>
      <p><strong>${eventName(one.event)}</strong> <code>${one.what}</code></p>
      <p class="row"><meter min="0" max=${most} .value=${one.count} aria-label=${t('tokens.denied.meter', { what: one.what || eventName(one.event) })}></meter><span>${t('tokens.event.times', { count: one.count })}</span></p>
      <p class="hint">${t('tokens.denied.last', { when: relative(one.last) })}${one.address && ` · ${one.address}`}</p>
    </li>`)}</ul>` : html`<p class="soft">${token.DeniedCount ? t('tokens.denied.count', { count: token.DeniedCount }) : t('tokens.denied.none')}</p>`}
  </section>`;
}

/**
 * Everything that was done with it, as the audit log has it.
 * @param {import('./facts.js').Token} token
 * @param {{ events: AuditEvent[], count: number, more: (() => void) | null }} done
 */
export function doneCard(token, { events, count, more }) {
  const address = odata('AuditEvents', { filter: doneFilter(token.Id), orderby: 'Id' });
  /** @type {import('../../lib/table.js').Column<AuditEvent>[]} */
  const columns = [
    { key: 'when', label: t('tokens.done.when'), className: 'narrow', cell: (event) => html`<time datetime=${event.CreatedDateTime} title=${dateTime(event.CreatedDateTime)}>${relative(event.CreatedDateTime)}</time>` },
    { key: 'what', label: t('tokens.done.what'), isHead: true, cell: (event) => eventName(event.Event) },
    { key: 'to', label: t('tokens.done.to'), cell: subject },
    { key: 'detail', label: t('tokens.done.detail'), cell: (event) => html`<span class="fine-print">${readable(event.Detail)}</span>` },
    { key: 'count', label: t('tokens.done.count'), className: 'number', cell: (event) => number(event.Count) },
  ];
  return html`<section class="card" aria-labelledby="done-title"><div class="row"><h2 id="done-title">${t('tokens.done')}</h2>
      <span class="end row"><a class="button small" href=${odata('AuditEvents', { filter: doneFilter(token.Id), orderby: 'Id', format: 'csv' })}>CSV</a>
      <button type="button" class="button small" @click=${() => copyText(location.origin + address)}>${t('copy.url')}</button></span></div>
    ${events.length ? table({ caption: t('tokens.done'), columns, rows: events, rowKey: (event) => event.Id }) : html`<p class="soft">${t('tokens.done.none')}</p>`}
    ${events.length ? html`<p class="row"><span class="soft">${t('tokens.shown.events', { count: events.length, all: count })}</span>${more ? html`<button type="button" class="button small" @click=${more}>${t('more')}</button>` : null}</p>` : null}
  </section>`;
}

/** @param {AuditEvent} event */
function subject({ EntitySet, EntityId, EntityName }) {
  if (!EntitySet) return '';
  const name = EntityName ?? `${EntitySet}(${EntityId ?? ''})`;
  return EntitySet === 'Tickets' ? html`<a href=${`/tickets/${EntityId ?? ''}`}>${name}</a>` : name;
}
