/**
 * What happened on a ticket, oldest first: messages, notes and changes. All of it is text, never markup.
 */
import { html } from '../../lib/html.js';
import { dateTime, duration, relative, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { labelOf } from './words.js';

/** @typedef {{Id: number, Body: string, IsInternal: boolean, AuthorKind: string, AuthorName: string|null, CreatedDateTime: string, UpdatedDateTime: string}} Comment */
/**
 * @typedef {{Id: number, Property: string, FromText: string|null, ToText: string|null, ChangedDateTime: string, ChangedByName: string|null,
 *   ActorTokenId: number|null, FormerStateHours: number|null}} Change
 */
/** @typedef {'all'|'messages'|'changes'} Shown */
/** @typedef {{at: string, key: string, comment?: Comment, changes?: Change[]}} Entry */

/** Letters of a text that are shown at first; a log somebody pasted must not bury the conversation. */
export const TEXT_SHOWN = 4000;

/**
 * Messages and changes in one row of time, changes made at once together. Nothing from before `since`
 * is told: of that time not all has been read.
 * @param {readonly Comment[]} comments @param {readonly Change[]} changes @param {Shown} shown @param {string} [since]
 * @returns {Entry[]}
 */
export function entries(comments, changes, shown, since = '') {
  /** @type {Entry[]} */
  const found = [];
  if (shown !== 'changes') found.push(...comments.map((comment) => ({ at: comment.CreatedDateTime, key: `comment-${comment.Id}`, comment })));
  if (shown !== 'messages') {
    /** @type {Map<string, Entry>} */
    const groups = new Map();
    // A new ticket has a row for each property, also for those it does not have.
    const told = changes.filter(({ FromText, ToText }) => FromText !== null || ToText !== null);
    for (const change of told.sort((one, other) => one.Id - other.Id)) {
      const name = `${change.ChangedDateTime} ${change.ChangedByName} ${change.ActorTokenId}`;
      const group = groups.get(name);
      if (group) group.changes?.push(change);
      else groups.set(name, { at: change.ChangedDateTime, key: `change-${change.Id}`, changes: [change] });
    }
    found.push(...groups.values());
  }
  return found.filter(({ at }) => at >= since).sort((one, other) => one.at.localeCompare(other.at) || one.key.localeCompare(other.key));
}

/** @param {Entry[]} all @param {ReadonlySet<string>} whole keys of texts shown in full @param {(key: string) => void} onwhole */
export function timeline(all, whole, onwhole) {
  return html`<ol class="conversation" aria-label=${t('tickets.conversation')}>
    ${all.map((entry) => (entry.comment ? message(entry.comment, entry.key, whole.has(entry.key), () => onwhole(entry.key)) : changed(entry)))}
  </ol>`;
}

/** Of which kind a message is: the word, which also is its look. @param {Comment} comment */
function kindOf({ IsInternal, AuthorKind }) {
  if (IsInternal) return { className: 'message internal', word: t('tickets.message.note') };
  if (AuthorKind === 'Customer') return { className: 'message customer', word: t('tickets.message.customer') };
  return { className: 'message reply', word: t('tickets.message.reply') };
}

/** @param {Comment} comment @param {string} key @param {boolean} isWhole @param {() => void} onwhole */
function message(comment, key, isWhole, onwhole) {
  const { className, word } = kindOf(comment);
  const author = comment.AuthorName ?? t('tickets.message.unknown');
  return html`<li key=${key} id=${key}><article class=${className} aria-label=${`${word}: ${author}`}>
    <header><strong>${author}</strong><span class="word">${word}</span>
      <a class="when" href=${`#${key}`} title=${dateTime(comment.CreatedDateTime)}>${relative(comment.CreatedDateTime)}</a></header>
    ${textOf(comment.Body, isWhole, onwhole)}
  </article></li>`;
}

/** A text as it was written. @param {string} text @param {boolean} isWhole @param {() => void} onwhole */
export function textOf(text, isWhole, onwhole) {
  const isLong = text.length > TEXT_SHOWN + 400;
  return html`<p class="text" dir="auto">${isLong && !isWhole ? `${text.slice(0, TEXT_SHOWN)}…` : text}</p>
    ${isLong && !isWhole ? html`<p><button type="button" class="button small" @click=${onwhole}>${t('tickets.message.whole', { count: text.length })}</button></p>` : null}`;
}

/** @param {Entry} entry */
function changed({ key, at, changes = [] }) {
  const [{ ChangedByName, ActorTokenId }] = changes;
  return html`<li key=${key} class="change">
    <p><strong>${ChangedByName ?? t('tickets.message.unknown')}</strong>
      ${changes.map((change, index) => html`${index > 0 ? ' · ' : ' '}${changeText(change)}`)}
      ${ActorTokenId === null ? null : can('tokens:read')
        ? html` · <a href=${`/tokens/${ActorTokenId}`}>${t('tickets.history.token', { id: String(ActorTokenId) })}</a>`
        : html` · ${t('tickets.history.token', { id: String(ActorTokenId) })}`}
      <time class="when" datetime=${at} title=${dateTime(at)}>${relative(at)}</time></p>
  </li>`;
}

/** @param {Change} change */
function changeText({ Property, FromText, ToText, FormerStateHours }) {
  const property = labelOf(Property);
  const to = ToText ?? t('tickets.nothing');
  if (FromText === null && FormerStateHours === null) return t('tickets.history.first', { property, to });
  const span = FormerStateHours === null ? '' : ` (${t('tickets.history.after', { span: duration(FormerStateHours * 3600) })})`;
  return t('tickets.history.changed', { property, from: FromText ?? t('tickets.nothing'), to }) + span;
}
