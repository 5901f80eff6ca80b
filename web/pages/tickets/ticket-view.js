/**
 * What a ticket looks like: the conversation beside the properties, and where one writes below it.
 */
import { copyText, menu, toast } from '../../lib/above.js';
import { call } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { dateTime, errorText, relative, t } from '../../lib/i18n.js';
import { navigate } from '../../lib/router.js';
import { can } from '../../lib/session.js';
import { listAddress, neighbours } from './keys.js';
import { entries, properties, textOf, timeline } from './ticket-parts.js';
import { focusOn, stateCell } from './words.js';

/** @typedef {import('./ticket.js').default} TicketPage */
/** @typedef {import('./ticket-parts.js').Shown} Shown */

/** The longest title the server takes. */
const TITLE_MAX = 1000;

/** @param {TicketPage} page */
export function ticketView(page) {
  const { ticket } = page;
  if (!ticket) return html`<div class="page"><h1 tabindex="-1">${page.pageTitle()}</h1><p class="waiting">${t('loading')}</p></div>`;
  return html`<div class="page ticket-page">
    ${head(page, ticket)}
    ${page.isGone ? html`<p class="notice warn" role="alert">${t('tickets.gone')}</p>` : null}
    <div class="split">
      <div class="stack">
        ${conversation(page, ticket)}
        ${page.composer?.view({ requester: ticket['RequesterName'] ?? null, statuses: page.lists.get('Statuses') ?? [] })}
      </div>
      ${properties({
        ticket, lists: page.lists, errors: page.errors, saving: page.saving, saved: page.saved,
        value: (name) => page.value(name), touch: (name) => page.touch(name), isTouched: (name) => page.isTouched(name),
        save: (name, value) => void page.save(name, value),
      })}
    </div>
  </div>`;
}

/** @param {TicketPage} page @param {import('./ticket-parts.js').Ticket} ticket */
function head(page, ticket) {
  const { previous, next, place, of } = neighbours(page.number);
  return html`<header class="ticket-head">
    <nav class="row" aria-label=${t('tickets.walk')}>
      <a href=${listAddress()}>${t('tickets.walk.back')}</a>
      ${of > 0 && place > 0 ? html`<span class="soft">${t('tickets.walk.place', { place, of })}</span>
        ${previous === null ? null : html`<a class="button small" href=${`/tickets/${previous}`} aria-label=${t('tickets.key.previous')}>↑</a>`}
        ${next === null ? null : html`<a class="button small" href=${`/tickets/${next}`} aria-label=${t('tickets.key.next')}>↓</a>`}` : null}
    </nav>
    <div class="page-head">
      ${title(page, ticket)}
      <div class="end">
        ${page.composer?.mayReply ? html`<button type="button" class="button" @click=${() => page.composer?.show('reply')}>${t('tickets.reply')}</button>` : null}
        ${page.composer?.mayNote ? html`<button type="button" class="button" @click=${() => page.composer?.show('note')}>${t('tickets.note')}</button>` : null}
        ${menu({
          id: 'ticket', label: t('tickets.more', { id: String(page.number) }),
          items: [
            { label: t('tickets.outside.copy'), onclick: () => void copyText(`${location.origin}/odata/Tickets(${page.number})`) },
            { label: t('tickets.copy.link'), onclick: () => void copyText(`${location.origin}/tickets/${page.number}`) },
            { label: t('tickets.keys'), onclick: () => void page.showKeys() },
            can('tickets:delete') && { label: t('tickets.delete'), danger: true, onclick: () => void remove(page) },
          ],
        })}
      </div>
    </div>
    <p class="row">${stateCell(ticket['Status'], ticket['StatusKind'])}<span class="soft">${
      t('tickets.byline', { id: String(page.number), name: ticket['RequesterName'] ?? t('tickets.message.unknown') })}
      <time datetime=${ticket['CreatedDateTime']} title=${dateTime(ticket['CreatedDateTime'])}>${relative(ticket['CreatedDateTime'])}</time></span></p>
  </header>`;
}

/** Deletes the ticket, if that is meant, and brings it back if it was wrong. @param {TicketPage} page */
async function remove({ number, ticket }) {
  const { ask } = await import('../../lib/dialog.js');
  const id = String(number);
  if (!(await ask({ title: t('tickets.delete.title', { id }), text: t('tickets.delete.text'), action: t('tickets.delete'), danger: true }))) return;
  const failed = (/** @type {unknown} */ error) => toast(errorText(error), { tone: 'bad' });
  try {
    await call(`/odata/Tickets(${id})`, { method: 'DELETE', ifMatch: ticket?.['@odata.etag'] ?? '' });
    toast(t('tickets.deleted', { id }), {
      undo: () => void call(`/odata/DeletedTickets(${id})/Tessera.Restore`, { method: 'POST' }).then(() => navigate(`/tickets/${id}`), failed),
    });
    await navigate(listAddress());
  } catch (error) {
    failed(error);
  }
}

/** @param {TicketPage} page @param {boolean} isOpen */
function openTitle(page, isOpen) {
  page.isTitleOpen = isOpen;
  if (isOpen) page.touch('Title');
  else page.bases.delete('Title');
  page.errors.delete('Title');
  page.update();
  focusOn(page, isOpen ? '#Title' : '#edit-title');
}

/** @param {TicketPage} page @param {import('./ticket-parts.js').Ticket} ticket */
function title(page, ticket) {
  const text = ticket['Title'] || t('tickets.untitled');
  if (!page.isTitleOpen) {
    return html`<h1 tabindex="-1" dir="auto">${text}</h1>
      ${can('tickets:write') ? html`<button type="button" class="button small plain" id="edit-title" @click=${() => openTitle(page, true)}>${t('tickets.title.edit')}</button>` : null}`;
  }
  const error = page.errors.get('Title');
  return html`<form class="title-form" @submit=${async (/** @type {Event} */ event) => {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (page.querySelector('#Title'));
    // Where somebody else's version was taken the title is as they have it, and the form is done as well.
    if ((await page.save('Title', input.value.trim() || null)) || !page.errors.has('Title')) openTitle(page, false);
  }}>
    <h1 class="live" tabindex="-1">${text}</h1>
    <div class="field"><label class="live" for="Title">${t('tickets.field.Title')}</label>
      <input id="Title" dir="auto" maxlength=${TITLE_MAX} autocomplete="off" .value=${page.value('Title') ?? ''}
        aria-invalid=${error ? 'true' : null} aria-describedby=${error ? 'Title-error' : null}>
      ${error ? html`<p class="error" id="Title-error">${error}</p>` : null}</div>
    <button class="button primary">${t('save')}</button>
    <button type="button" class="button" @click=${() => openTitle(page, false)}>${t('cancel')}</button>
  </form>`;
}

/** @param {TicketPage} page @param {import('./ticket-parts.js').Ticket} ticket */
function conversation(page, ticket) {
  const asked = page.query.get('show');
  /** @type {Shown} */
  const shown = asked === 'messages' || asked === 'changes' ? asked : 'all';
  const comments = /** @type {import('./ticket-parts.js').Comment[]} */ (/** @type {unknown} */ (page.comments.rows));
  const changes = /** @type {import('./ticket-parts.js').Change[]} */ (/** @type {unknown} */ (page.changes.rows));
  const whole = (/** @type {string} */ key) => {
    page.whole.add(key);
    page.update();
  };
  const hasMore = (shown !== 'changes' && page.comments.hasMore) || (shown !== 'messages' && page.changes.hasMore);
  const oldest = [
    shown !== 'changes' && page.comments.hasMore ? comments.at(-1)?.CreatedDateTime ?? '' : '',
    shown !== 'messages' && page.changes.hasMore ? changes.at(-1)?.ChangedDateTime ?? '' : '',
  ];
  const since = oldest.sort().at(-1);
  const earlier = async () => {
    await Promise.all([shown === 'changes' ? false : page.comments.more(), shown === 'messages' ? false : page.changes.more()])
      .catch((error) => { if (!page.signal.aborted) toast(errorText(error), { tone: 'bad' }); });
    page.update();
  };
  return html`<section class="stack" aria-label=${t('tickets.conversation')}>
    <nav class="tabs" aria-label=${t('tickets.show')}>
      ${/** @type {const} */ (['all', 'messages', 'changes']).map((one) => html`
        <a href=${one === 'all' ? `/tickets/${page.number}` : `/tickets/${page.number}?show=${one}`} aria-current=${one === shown ? 'true' : null}>${t(`tickets.show.${one}`)}</a>`)}
    </nav>
    ${shown === 'changes' || !ticket['Description'] ? null : html`<article class="message customer" aria-label=${t('tickets.field.Description')}>
      <header><strong>${ticket['RequesterName'] ?? t('tickets.message.unknown')}</strong><span class="word">${t('tickets.message.first')}</span>
        <time class="when" datetime=${ticket['CreatedDateTime']} title=${dateTime(ticket['CreatedDateTime'])}>${relative(ticket['CreatedDateTime'])}</time></header>
      ${textOf(String(ticket['Description']), page.whole.has('description'), () => whole('description'))}
    </article>`}
    ${hasMore ? html`<p class="more"><button type="button" class="button small" @click=${() => void earlier()}>${t('tickets.earlier')}</button></p>` : null}
    ${timeline(entries(comments, changes, shown, since), page.whole, whole)}
  </section>`;
}
