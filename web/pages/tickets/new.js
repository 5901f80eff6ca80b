/**
 * A new ticket: one form, kept as a draft until it is sent, and sent once however often one tries.
 */
import { call, newKey, odata, quoted } from '../../lib/api.js';
import { field, fieldErrors, focusError, formError, formValues } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { navigate } from '../../lib/router.js';
import { can, me } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { Drafts } from './drafts.js';
import { choices, labelOf, typedIn } from './words.js';

/** @typedef {import('./words.js').Choice} Choice */
/** @typedef {import('./words.js').ListName} ListName */
/** @typedef {{Name: string, Email: string|null}} Customer */

/** @type {readonly [string, ListName][]} */
const CHOSEN = [['PriorityId', 'Priorities'], ['CategoryId', 'Categories'], ['TypeId', 'Types'], ['TeamId', 'Teams'], ['AssigneeId', 'Users']];
const NAMES = ['Title', 'Description', 'RequesterEmail', 'Tags', ...CHOSEN.map(([name]) => name)];
const KEEP_MS = 400;
/** Customers offered for what was typed. */
const OFFERED = 8;

/** The page at `/tickets/new`. */
export default class NewTicketPage extends Page {
  #drafts = new Drafts(localStorage, me()?.UserId ?? 0);
  /** @type {Record<string, string>} */
  #values = {};
  #key = '';
  /** @type {Map<ListName, Choice[]>} */
  #lists = new Map();
  /** @type {Customer[]} */
  #customers = [];
  /** @type {Record<string, string>} */
  #errors = {};
  #isSending = false;
  #timer = 0;
  #looking = 0;

  connectedCallback() {
    const draft = this.#drafts.load('new', 'new');
    if (draft) {
      this.#key = draft.key;
      this.#values = read(draft.text);
    }
    super.connectedCallback();
    addEventListener('pagehide', () => this.#keep(), { signal: this.signal });
    this.signal.addEventListener('abort', () => this.#keep());
    for (const [, list] of CHOSEN) {
      void choices(list).then((entries) => {
        this.#lists.set(list, entries);
        this.update();
      }, () => {});
    }
  }

  pageTitle() {
    return t('tickets.new');
  }

  /** Keeps what is in the form, at once. */
  #keep() {
    if (this.#timer === 0 || !me()) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    const isEmpty = Object.values(this.#values).every((value) => value.trim() === '');
    this.#drafts.save('new', 'new', { text: isEmpty ? '' : JSON.stringify(this.#values), key: this.#key });
  }

  /** @param {string} name @param {Event} event */
  #write(name, event) {
    this.#values[name] = typedIn(event);
    // Other words are another ticket: what was tried before is not repeated.
    this.#key = '';
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#keep(), KEEP_MS);
    if (name === 'RequesterEmail') this.#look(this.#values[name]);
  }

  /** Offers customers whose name or address begins as was typed. @param {string} typed */
  #look(typed) {
    clearTimeout(this.#looking);
    const text = typed.trim();
    if (text.length < 2 || !can('customers:read')) return;
    this.#looking = window.setTimeout(async () => {
      const like = quoted(text.toLowerCase());
      const filter = `Email ne null and (startswith(tolower(Email),${like}) or contains(tolower(Name),${like}))`;
      try {
        this.#customers = (await call(odata('Customers', { filter, select: 'Name,Email', top: OFFERED }), { signal: this.signal })).value;
        this.update();
      } catch {
        // Without offers the address is typed whole.
      }
    }, 200);
  }

  /** @param {Event} event */
  async #send(event) {
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const values = formValues(event);
    if (this.#isSending) return;
    this.#isSending = true;
    this.#errors = {};
    this.#key ||= newKey();
    this.#timer = -1;
    this.#keep();
    this.update();
    try {
      const ticket = await call('/odata/Tickets?$select=Id', { body: bodyOf(values), key: this.#key });
      this.#drafts.clear('new', 'new');
      this.#values = {};
      clearTimeout(this.#timer);
      this.#timer = 0;
      toast(t('tickets.created', { id: String(ticket.Id) }));
      await navigate(`/tickets/${ticket.Id}`);
      return;
    } catch (error) {
      this.#errors = fieldErrors(error, NAMES);
    }
    this.#isSending = false;
    this.update();
    focusError(form);
  }

  #discard() {
    this.#values = {};
    this.#drafts.clear('new', 'new');
    clearTimeout(this.#timer);
    this.#timer = 0;
    void navigate('/tickets');
  }

  view() {
    const { form: formText, ...errors } = this.#errors;
    const input = (/** @type {string} */ name) => ({
      label: labelOf(name), name, value: this.#values[name] ?? '', error: errors[name] ?? null,
      oninput: (/** @type {Event} */ event) => this.#write(name, event),
    });
    return html`<div class="page medium">
      <header class="page-head"><h1 tabindex="-1">${t('tickets.new')}</h1></header>
      <form class="form card" @submit=${(/** @type {Event} */ event) => this.#send(event)}>
        ${formError(formText)}
        ${field({ ...input('Title'), required: true, maxlength: 1000, autocomplete: 'off' })}
        ${field({ ...input('Description'), type: 'textarea', rows: 8, hint: t('tickets.new.description') })}
        ${can('customers:read') ? html`${field({ ...input('RequesterEmail'), type: 'email', list: 'customers', autocomplete: 'off', hint: t('tickets.new.requester') })}
          <datalist id="customers">${this.#customers.map(({ Name, Email }) => html`<option key=${Email} value=${Email}>${Name}</option>`)}</datalist>` : null}
        <div class="fields">
          ${CHOSEN.map(([name, list]) => {
            const entries = this.#lists.get(list) ?? [];
            if (entries.length === 0) return null;
            return html`<div key=${name}>${field({
              ...input(name), type: 'select',
              options: [{ value: '', label: t(name === 'AssigneeId' ? 'tickets.nobody' : 'tickets.new.usual') }, ...entries.map(({ Id, Name }) => ({ value: String(Id), label: Name }))],
            })}</div>`;
          })}
        </div>
        ${field({ ...input('Tags'), hint: t('tickets.tags.hint'), autocomplete: 'off' })}
        <p class="actions">
          <button class="button primary" ?disabled=${this.#isSending}>${t('tickets.new.send')}</button>
          <button type="button" class="button" @click=${() => this.#discard()}>${t('tickets.new.discard')}</button>
          <span class="hint">${t('tickets.new.kept')}</span>
        </p>
      </form>
    </div>`;
  }
}

/** @param {string} text @returns {Record<string, string>} */
function read(text) {
  try {
    const values = JSON.parse(text);
    return Object.fromEntries(Object.entries(values).filter(([name, value]) => NAMES.includes(name) && typeof value === 'string'));
  } catch {
    return {};
  }
}

/** What a form says, as a ticket: what is empty is left to the server's defaults. @param {Record<string, string>} values */
function bodyOf(values) {
  /** @type {Record<string, unknown>} */
  const body = {};
  for (const [name, value] of Object.entries(values)) {
    if (value.trim() === '') continue;
    if (name === 'Tags') body[name] = [...new Set(value.split(',').map((tag) => tag.trim()).filter(Boolean))];
    else body[name] = name.endsWith('Id') ? Number(value) : name === 'Description' ? value : value.trim();
  }
  return body;
}

customElements.define('new-ticket-page', NewTicketPage);
