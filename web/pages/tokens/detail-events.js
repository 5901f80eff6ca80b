/**
 * What happened to a token and with it: the timeline, what it was refused, and everything it did.
 * @module
 */
import { odata } from '../../lib/api.js';
import { copyText } from '../../lib/copy.js';
import { html } from '../../lib/html.js';
import { date, dateTime, has, number, relative, t } from '../../lib/i18n.js';
import { table } from '../../lib/table.js';
import { DENIALS, changes, denials, doneFilter, tone } from './timeline.js';

/** @typedef {import('./timeline.js').AuditEvent} AuditEvent */

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
    ${mayRead ? (events.length ? html`<ol class="events">${events.map(entry)}</ol>` : html`<p class="soft">${t('tokens.timeline.none')}</p>`)
      : html`<p class="soft">${t('tokens.timeline.not')}</p>`}
  </section>`;
}

/** @param {AuditEvent} event */
function entry(event) {
  const by = event.ActorName && !DENIALS.includes(event.Event) ? t('tokens.event.by', { name: event.ActorName }) : '';
  const from = [event.Address, event.Agent].filter(Boolean).join(' · ');
  return html`<li key=${event.Id} class=${`event ${tone(event)}`}>
    <p><strong>${eventName(event.Event)}</strong>${event.Count > 1 ? html` <span class="chip">${t('tokens.event.times', { count: event.Count })}</span>` : null} ${by}</p>
    ${what(event)}
    <p class="hint"><time datetime=${event.CreatedDateTime} title=${relative(event.CreatedDateTime)}>${dateTime(event.CreatedDateTime)}</time>${from && ` · ${from}`}</p>
  </li>`;
}

/** @param {AuditEvent} event */
function what(event) {
  if (!event.Detail) return null;
  const changed = changes(event);
  if (!changed.length) return html`<p class="mono detail">${event.Detail}</p>`;
  return html`<ul class="bare">${changed.map(({ property, from, to }) => html`<li><span class="soft">${property}</span> <code>${from}</code> → <code>${to}</code></li>`)}</ul>`;
}

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
    { key: 'when', label: t('tokens.done.when'), className: 'narrow', cell: (event) => html`<time datetime=${event.CreatedDateTime} title=${dateTime(event.CreatedDateTime)}>${date(event.CreatedDateTime)}</time>` },
    { key: 'what', label: t('tokens.done.what'), isHead: true, cell: (event) => eventName(event.Event) },
    { key: 'to', label: t('tokens.done.to'), cell: subject },
    { key: 'detail', label: t('tokens.done.detail'), cell: (event) => html`<span class="detail">${event.Detail}</span>` },
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
