/** The audit log: who did what to what, with which token, from where. @module */
import { field } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { dateTime, logText, number, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { conditions, EVENTS, NAMES, pageOf, SETS } from './audit-query.js';
import { ListPage } from './list.js';

/** @typedef {import('./list.js').Row} Row */

/** Events that tell of somebody who was refused. */
const REFUSALS = new Set(['SignInFailed', 'ScopeDenied', 'AddressDenied', 'RetiredSecretUsed', 'Refused']);

class AuditPage extends ListPage {
  get of() {
    return { set: 'AuditEvents', title: 'nav.audit', searched: ['ActorName', 'EntityName', 'Detail', 'Address'], sort: { key: 'Id', descending: true } };
  }

  conditions() {
    return conditions(this.query);
  }

  below() {
    /** @param {string} name */
    const asked = (name) => this.query.get(name) ?? '';
    /** @param {string} name */
    const on = (name) => (/** @type {Event} */ event) => this.ask({ [name]: /** @type {HTMLInputElement} */ (event.target).value.trim() });
    /** @param {readonly string[]} values @param {string} prefix */
    const options = (values, prefix) => [{ value: '', label: t('all') }, ...values.map((value) => ({ value, label: prefix ? t(`${prefix}${value}`) : value }))];
    const isAsked = NAMES.some((name) => this.query.has(name));
    return html`<details class="filters" ?open=${isAsked || innerWidth > 1000}><summary>${t('audit.conditions')}</summary><div class="toolbar">
      ${field({ label: t('audit.actor'), name: 'actor', value: asked('actor'), autocomplete: 'off', onchange: on('actor') })}
      ${field({ label: t('audit.token'), name: 'token', value: asked('token'), autocomplete: 'off', onchange: on('token') })}
      ${field({ label: t('audit.event'), name: 'event', type: 'select', value: asked('event'), options: options(EVENTS, 'audit.event.'), onchange: on('event') })}
      ${field({ label: t('audit.set'), name: 'set', type: 'select', value: asked('set'), options: options(SETS, ''), onchange: on('set') })}
      ${field({ label: t('audit.id'), name: 'id', value: asked('id'), autocomplete: 'off', onchange: on('id') })}
      ${field({ label: t('audit.from'), name: 'from', type: 'date', value: asked('from'), onchange: on('from') })}
      ${field({ label: t('audit.to'), name: 'to', type: 'date', value: asked('to'), onchange: on('to') })}
      ${isAsked && html`<a class="button plain" href="/audit">${t('audit.clear')}</a>`}
    </div></details>`;
  }

  columns() {
    return [
      { key: 'Id', label: t('audit.when'), sortable: true, className: 'narrow', cell: (/** @type {Row} */ row) => html`<time datetime=${row['CreatedDateTime']} title=${row['CreatedDateTime']}>${dateTime(row['CreatedDateTime'])}</time>` },
      { key: 'Event', label: t('audit.event'), className: 'narrow', cell: (/** @type {Row} */ row) => html`<span class="row"><span class=${`state ${REFUSALS.has(row['Event']) ? 'bad' : 'info'}`}>${t(`audit.event.${row['Event']}`)}</span>${row['Count'] > 1 && html`<span class="chip">× ${number(row['Count'])}</span>`}</span>` },
      { key: 'Actor', label: t('audit.actor'), isHead: true, className: 'fit', cell: (/** @type {Row} */ row) => actor(row) },
      { key: 'What', label: t('audit.what'), className: 'fit', cell: (/** @type {Row} */ row) => what(row) },
      { key: 'Detail', label: t('audit.detail'), className: 'grow', cell: (/** @type {Row} */ row) => row['Detail'] && logText(row['Detail']) },
      { key: 'Address', label: t('profile.address'), className: 'narrow', cell: (/** @type {Row} */ row) => row['Address'] && html`<span title=${row['Agent']}>${row['Address']}</span>` },
    ];
  }

  empty() {
    return html`<h2>${t('audit.none')}</h2><p>${t('audit.none-text')}</p><p><a class="button" href="/audit">${t('audit.clear')}</a></p>`;
  }
}

/** @param {Row} row */
function actor(row) {
  const name = row['ActorUserId'] ? html`<a href=${`/audit?actor=${row['ActorUserId']}`}>${row['ActorName']}</a>` : row['ActorName'] ?? '–';
  const token = row['ActorTokenId'];
  const isSeen = can('tokens:read') || can('tokens:mint');
  const prefix = html`<span class="mono">${row['ActorKeyPrefix'] ?? `#${token}`}</span>`;
  return html`<span class="row">${name}${token && html`<small class="soft">${isSeen ? html`<a href=${`/tokens/${token}`}>${prefix}</a>` : prefix}</small>`}</span>`;
}

/** @param {Row} row */
function what(row) {
  if (!row['EntitySet']) return null;
  const name = row['EntityName'] ? `${row['EntityName']} ` : '';
  const label = `${row['EntitySet']}${row['EntityId'] ? ` ${row['EntityId']}` : ''}`;
  const href = pageOf(row['EntitySet'], row['EntityId']);
  return html`${name}<small class="soft">${href ? html`<a href=${href}>${label}</a>` : label}</small>`;
}

customElements.define('audit-page', AuditPage);
export default AuditPage;
