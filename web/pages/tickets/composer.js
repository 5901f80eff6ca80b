/**
 * Where one writes to the customer or notes something for staff: two kinds that look, read and send
 * differently, each with a draft of its own.
 */
import { call, newKey } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { errorText, t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { Drafts } from './drafts.js';
import { typedIn } from './words.js';

/** @typedef {'reply'|'note'} Kind */
/** @typedef {{text: string, status: string, key: string, sent: string}} Written `sent` is what was tried to send with `key` */

/** How long after a key the draft is kept. */
const KEEP_MS = 400;
/** The longest text the page sends; the server says more about its own limit. */
const TEXT_MAX = 1_000_000;

/** The two drafts of one ticket, and the form that shows one of them. */
export class Composer {
  /** @type {Kind} */
  kind;
  #ticket;
  #host;
  #drafts = new Drafts(localStorage, me()?.UserId ?? 0);
  /** @type {Record<Kind, Written>} */
  #written;
  #timer = 0;
  /** Counts what was sent, so that the field begins anew. */
  #sent = 0;
  #isSending = false;
  #error = '';
  #isKept = true;

  /**
   * @param {number} ticket
   * @param {{update: () => void, sent: (ticket: any) => void, signal: AbortSignal}} host
   */
  constructor(ticket, host) {
    this.#ticket = ticket;
    this.#host = host;
    this.#written = { reply: this.#load('reply'), note: this.#load('note') };
    this.kind = this.mayReply && (this.#written.reply.text !== '' || this.#written.note.text === '' || !this.mayNote) ? 'reply' : 'note';
    const keep = () => this.#keep();
    addEventListener('pagehide', keep, { signal: host.signal });
    document.addEventListener('visibilitychange', keep, { signal: host.signal });
    host.signal.addEventListener('abort', keep);
  }

  get mayReply() {
    return can('comments:create');
  }

  get mayNote() {
    return can('notes:write') && can('comments:create');
  }

  /** @param {Kind} kind @returns {Written} */
  #load(kind) {
    const draft = this.#drafts.load(this.#ticket, kind);
    return { text: draft?.text ?? '', status: draft?.status ?? '', key: draft?.key ?? '', sent: draft?.key ? sentText(draft) : '' };
  }

  /** Keeps what is written, at once; nothing of who has signed out. */
  #keep() {
    if (!me()) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#isKept = true;
    for (const kind of /** @type {const} */ (['reply', 'note'])) {
      const { text, status, key, sent } = this.#written[kind];
      const isSame = sent === sentText({ text, status });
      this.#isKept = this.#drafts.save(this.#ticket, kind, { text, status, key: isSame ? key : '' }) && this.#isKept;
    }
  }

  /** @param {Kind} kind */
  show(kind) {
    if (kind === 'reply' ? !this.mayReply : !this.mayNote) return;
    this.kind = kind;
    this.#error = '';
    this.#host.update();
    /** @type {HTMLElement|null} */ (document.querySelector('#message'))?.focus();
  }

  /** @param {Partial<Written>} change */
  #write(change) {
    this.#written[this.kind] = { ...this.#written[this.kind], ...change };
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#keep();
      this.#host.update();
    }, KEEP_MS);
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    const { kind } = this;
    const written = this.#written[kind];
    if (this.#isSending || written.text.trim() === '') return;
    // The same words go under the same name: sent again after a lost answer they are still sent once.
    const words = sentText(written);
    if (written.key === '' || written.sent !== words) Object.assign(written, { key: newKey(), sent: words });
    this.#keep();
    this.#isSending = true;
    this.#error = '';
    this.#host.update();
    try {
      const body = kind === 'note' ? { Body: written.text } : { Body: written.text, ...(written.status ? { Status: written.status } : {}) };
      const ticket = await call(`/odata/Tickets(${this.#ticket})/Tessera.${kind === 'note' ? 'AddNote' : 'Reply'}`, { body, key: written.key });
      this.#drafts.clear(this.#ticket, kind);
      this.#written[kind] = { text: '', status: '', key: '', sent: '' };
      this.#sent += 1;
      toast(t(kind === 'note' ? 'tickets.note.saved' : 'tickets.reply.sent'));
      this.#host.sent(ticket);
    } catch (error) {
      this.#error = errorText(error);
    }
    this.#isSending = false;
    this.#host.update();
  }

  /** @param {{requester: string|null, statuses: readonly {Name: string}[]}} about */
  view({ requester, statuses }) {
    if (!this.mayReply && !this.mayNote) return null;
    const isNote = this.kind === 'note';
    const written = this.#written[this.kind];
    const label = isNote ? t('tickets.note.label') : requester ? t('tickets.reply.to', { name: requester }) : t('tickets.reply.label');
    return html`<form class=${isNote ? 'composer internal' : 'composer reply'} @submit=${(/** @type {Event} */ event) => this.#send(event)}>
      <fieldset class="kinds"><legend class="live">${t('tickets.kind')}</legend>
        ${this.mayReply ? this.#kindBox('reply') : null}${this.mayNote ? this.#kindBox('note') : null}
      </fieldset>
      ${[html`<div class="field" key=${`${this.kind}-${this.#sent}`}>
        <label for="message" class="live">${label}</label>
        <textarea id="message" rows="3" placeholder=${label} maxlength=${TEXT_MAX} required aria-describedby="message-hint" .value=${written.text}
          @input=${(/** @type {Event} */ event) => this.#write({ text: typedIn(event) })}
          @keydown=${(/** @type {KeyboardEvent} */ event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            /** @type {HTMLTextAreaElement} */ (event.target).form?.requestSubmit();
          }}></textarea>
        <p class="hint" id="message-hint">${t(isNote ? 'tickets.note.hint' : 'tickets.reply.hint')} ${this.#draftText(written)}</p>
      </div>`]}
      <div role="alert">${this.#error && html`<p class="error box">${this.#error}</p>`}</div>
      <div class="row">
        <button class=${isNote ? 'button send-note' : 'button primary'} ?disabled=${this.#isSending}>${t(isNote ? 'tickets.note.send' : 'tickets.reply.send')}</button>
        ${isNote || !can('tickets:write') ? null : html`<label for="status-after">${t('tickets.reply.then')}</label>
          <select id="status-after" @change=${(/** @type {Event} */ event) => this.#write({ status: typedIn(event) })}>
            <option value="" .selected=${written.status === ''}>${t('tickets.reply.keep')}</option>
            ${statuses.map(({ Name }) => html`<option key=${Name} value=${Name} .selected=${written.status === Name}>${Name}</option>`)}
          </select>`}
      </div>
    </form>`;
  }

  /** @param {Written} written */
  #draftText(written) {
    if (written.text === '') return '';
    return t(this.#isKept ? 'tickets.draft.kept' : 'tickets.draft.lost');
  }

  /** @param {Kind} kind */
  #kindBox(kind) {
    return html`<label class=${kind === this.kind ? 'kind on' : 'kind'}><input type="radio" name="message-kind" value=${kind} .checked=${kind === this.kind}
      @change=${() => {
        this.kind = kind;
        this.#error = '';
        this.#host.update();
      }}>${t(kind === 'note' ? 'tickets.kind.note' : 'tickets.kind.reply')}</label>`;
  }
}

/** What is sent, as one text. @param {{text: string, status?: string}} written */
const sentText = ({ text, status = '' }) => `${status}\n${text}`;
