/**
 * The two sides of a ticket's page. What happened, oldest first: messages, notes and changes, all of it text, never
 * markup. And the properties, each changed where it stands, with what the server says about it beside it.
 * Both are shown by one page and always together, so that they come as one module.
 */
import { html } from '../../lib/html.js';
import { dateTime, duration, relative, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { labelOf, stateCell, timeCell, typedIn, valueText } from './words.js';

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

/** @typedef {Record<string, any>} Ticket */
/** @typedef {import('./words.js').Choice} Choice */
/** @typedef {import('./words.js').ListName} ListName */

/** Which list an id property chooses from. @type {Readonly<Record<string, ListName>>} */
export const LIST_OF = {
  StatusId: 'Statuses', PriorityId: 'Priorities', CategoryId: 'Categories', TypeId: 'Types',
  SourceId: 'Sources', ResolutionId: 'Resolutions', TeamId: 'Teams', AssigneeId: 'Users',
};

/** What shows the name of an id. @type {Readonly<Record<string, string>>} */
export const NAME_OF = {
  StatusId: 'Status', PriorityId: 'Priority', AssigneeId: 'AssigneeName', TeamId: 'TeamName', CategoryId: 'Category',
  TypeId: 'Type', SourceId: 'Source', ResolutionId: 'Resolution',
};

/** What is compared when two change one ticket. */
export const COMPARED = [
  'Title', 'Description', 'StatusId', 'PriorityId', 'AssigneeId', 'TeamId', 'CategoryId', 'TypeId', 'SourceId', 'ResolutionId',
  'RequesterEmail', 'DueDateTime', 'Tags', 'ExternalReference',
];

const CHOSEN = /** @type {const} */ (['StatusId', 'PriorityId', 'AssigneeId', 'TeamId', 'CategoryId', 'TypeId', 'SourceId', 'ResolutionId']);

/**
 * @typedef {object} Editing
 * @property {Ticket} ticket
 * @property {(name: string) => unknown} value what a control shows: what it had when somebody began to change it
 * @property {ReadonlyMap<ListName, Choice[]>} lists
 * @property {ReadonlyMap<string, string>} errors
 * @property {string} saving the property that is being saved
 * @property {string} saved the property that was saved last
 * @property {(name: string) => void} touch somebody begins to change it
 * @property {(name: string) => boolean} isTouched
 * @property {(name: string, value: unknown) => void} save
 */

/** A time as a field of the browser takes it. @param {unknown} iso */
function localTime(iso) {
  if (typeof iso !== 'string') return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {Editing} editing */
export function properties(editing) {
  const { ticket } = editing;
  return html`<aside class="card properties" aria-label=${t('tickets.properties')}>
    <h2>${t('tickets.properties')}</h2>
    ${can('tickets:write') ? editors(editing) : facts(ticket)}
    <dl class="facts times">
      ${['CreatedDateTime', 'UpdatedDateTime', 'FirstResponseDateTime', 'ResolvedDateTime', 'ClosedDateTime'].filter((name) => ticket[name]).map((name) => html`
        <dt>${labelOf(name)}</dt><dd>${timeCell(ticket[name])}</dd>`)}
      ${ticket['ReopenCount'] > 0 ? html`<dt>${labelOf('ReopenCount')}</dt><dd>${t('tickets.times', { count: ticket['ReopenCount'] })}</dd>` : null}
      ${ticket['MergedIntoId'] ? html`<dt>${t('tickets.merged')}</dt><dd><a href=${`/tickets/${ticket['MergedIntoId']}`}>${`#${ticket['MergedIntoId']}`}</a></dd>` : null}
    </dl>
  </aside>`;
}

/** For who may only read. @param {Ticket} ticket */
function facts(ticket) {
  const names = ['Status', 'Priority', 'AssigneeName', 'TeamName', 'Category', 'Type', 'Source', 'Resolution', 'RequesterName', 'RequesterEmail', 'DueDateTime', 'Tags', 'ExternalReference'];
  return html`<dl class="facts">${names.filter((name) => name in ticket).map((name) => html`
    <dt>${labelOf(name)}</dt><dd>${name === 'Status' ? stateCell(ticket[name], ticket['StatusKind']) : valueText(name, ticket[name])}</dd>`)}</dl>`;
}

/** @param {Editing} editing */
function editors(editing) {
  const text = (/** @type {Event} */ event) => typedIn(event).trim();
  return html`<div class="editors">
    ${CHOSEN.map((name) => chooser(name, editing))}
    ${'RequesterEmail' in editing.ticket ? typed('RequesterEmail', 'email', editing.value('RequesterEmail'), editing, (event) => text(event) || null,
      editing.ticket['RequesterName'] ? t('tickets.requester.is', { name: editing.ticket['RequesterName'] }) : '') : null}
    ${typed('DueDateTime', 'datetime-local', localTime(editing.value('DueDateTime')), editing, (event) => (text(event) ? new Date(text(event)).toISOString() : null),
      relative(editing.ticket['DueDateTime']))}
    ${typed('Tags', 'text', /** @type {string[]} */ (editing.value('Tags') ?? []).join(', '), editing,
      (event) => [...new Set(text(event).split(',').map((tag) => tag.trim()).filter(Boolean))], t('tickets.tags.hint'))}
    ${typed('ExternalReference', 'text', editing.value('ExternalReference'), editing, (event) => text(event) || null, '')}
  </div>`;
}

/** @param {string} name @param {Editing} editing */
function state(name, { errors, saving, saved }) {
  if (errors.has(name)) return html`<p class="error" id=${`${name}-error`}>${errors.get(name)}</p>`;
  return saving === name ? html`<span class="hint">${t('tickets.saving')}</span>` : saved === name ? html`<span class="hint good">${t('saved')}</span>` : null;
}

/** @param {typeof CHOSEN[number]} name @param {Editing} editing */
function chooser(name, editing) {
  const { ticket, lists, errors, touch, save } = editing;
  const held = ticket[name] ?? null;
  const entries = lists.get(LIST_OF[name]) ?? [];
  // What is archived, or may not be read, stays on the ticket that has it.
  const all = held === null || entries.some((entry) => entry.Id === held) ? entries : [{ Id: held, Name: ticket[NAME_OF[name]] ?? `#${held}` }, ...entries];
  return html`<div class=${errors.has(name) ? 'field has-error' : 'field'} key=${name}>
    <label for=${name}>${labelOf(name)}</label>
    <select id=${name} aria-invalid=${errors.has(name) ? 'true' : null} aria-describedby=${errors.has(name) ? `${name}-error` : null}
      ?disabled=${entries.length === 0 && held === null}
      @input=${() => touch(name)} @change=${(/** @type {Event} */ event) => {
        save(name, typedIn(event) === '' ? null : Number(typedIn(event)));
      }}>
      ${name === 'StatusId' ? null : html`<option value="" .selected=${held === null}>${t(name === 'AssigneeId' ? 'tickets.nobody' : 'none')}</option>`}
      ${all.map((entry) => html`<option key=${entry.Id} value=${entry.Id} .selected=${entry.Id === held}>${entry.Name}</option>`)}
    </select>
    ${state(name, editing)}
  </div>`;
}

/**
 * @param {string} name @param {string} type @param {unknown} value @param {Editing} editing
 * @param {(event: Event) => unknown} read @param {string} hint
 */
function typed(name, type, value, editing, read, hint) {
  const { errors, touch, isTouched, save } = editing;
  // A time changes with every digit; it is done when one goes on.
  const isTime = type === 'datetime-local';
  const described = [hint && `${name}-hint`, errors.has(name) && `${name}-error`].filter(Boolean).join(' ') || null;
  return html`<div class=${errors.has(name) ? 'field has-error' : 'field'} key=${name}>
    <label for=${name}>${labelOf(name)}</label>
    <input id=${name} type=${type} autocomplete="off" .value=${value ?? ''} aria-invalid=${errors.has(name) ? 'true' : null} aria-describedby=${described}
      @input=${() => touch(name)}
      @change=${(/** @type {Event} */ event) => { if (!isTime) save(name, read(event)); }}
      @focusout=${(/** @type {Event} */ event) => { if (isTime && isTouched(name)) save(name, read(event)); }}
      @keydown=${(/** @type {KeyboardEvent} */ event) => { if (isTime && event.key === 'Enter' && isTouched(name)) save(name, read(event)); }}>
    ${hint ? html`<p class="hint" id=${`${name}-hint`}>${hint}</p>` : null}
    ${state(name, editing)}
  </div>`;
}
