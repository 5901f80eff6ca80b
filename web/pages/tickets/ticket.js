/**
 * One ticket: what was said, what it is, and changing both. Every change is against the version one has seen.
 */
import { announce, toast } from '../../lib/above.js';
import { ApiError, call } from '../../lib/api.js';
import { errorText, isAborted, t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { can, me, onChange } from '../../lib/session.js';
import { TicketKeys } from './keys.js';
import { Pages, ticketsOf } from './live.js';
import { COMPARED, LIST_OF, NAME_OF } from './ticket-parts.js';
import { ticketView } from './ticket-view.js';
import { choices, valueText } from './words.js';

/** Messages and changes of one page, the newest first; a ticket with 10,000 is read in parts. */
const PAGE_ENTRIES = 50;
/** How long to wait before what others did is read: a reply is two changes. */
const CALM_MS = 300;

/** @typedef {import('./ticket-parts.js').Ticket} Ticket */
/** @typedef {import('./words.js').ListName} ListName */

/** The page at `/tickets/7`. */
export default class TicketPage extends Page {
  /** @type {Ticket|null} */
  ticket = null;
  comments = new Pages((path) => call(path, { signal: this.signal, prefer: `maxpagesize=${PAGE_ENTRIES}` }));
  changes = new Pages((path) => call(path, { signal: this.signal, prefer: `maxpagesize=${PAGE_ENTRIES}` }));
  /** @type {Map<ListName, import('./words.js').Choice[]>} */
  lists = new Map();
  /** @type {Map<string, string>} */
  errors = new Map();
  saving = '';
  saved = '';
  isGone = false;
  isTitleOpen = false;
  /** Texts shown in full. @type {Set<string>} */
  whole = new Set();
  /** The ticket as it was when somebody began to change a property. @type {Map<string, Ticket>} */
  bases = new Map();
  /** @type {import('./composer.js').Composer|null} */
  composer = null;

  /** The number in the address. */
  get number() {
    return Number(this.params['id']);
  }

  connectedCallback() {
    super.connectedCallback();
    const { signal } = this;
    new TicketKeys(this, signal);
    void this.#furnish(signal).catch((error) => { if (!signal.aborted) toast(errorText(error), { tone: 'bad' }); });
    this.#listen(signal);
  }

  /** Brings what the first look does without: where one writes, and what one may choose. @param {AbortSignal} signal */
  async #furnish(signal) {
    const { Composer } = await import('./composer.js');
    if (signal.aborted) return;
    this.composer = new Composer(this.number, {
      signal, update: () => this.update(), sent: (ticket) => {
        this.ticket = ticket;
        void this.readAgain();
      },
    });
    this.update();
    for (const name of new Set(Object.values(LIST_OF))) {
      void choices(name).then((entries) => {
        const own = me();
        this.lists.set(name, name === 'Users' && entries.length === 0 && own ? [{ Id: own.UserId, Name: own.Name }] : entries);
        this.update();
      }, () => {});
    }
  }

  /** Hears what others do. @param {AbortSignal} signal */
  #listen(signal) {
    let timer = 0;
    onChange(signal, ['Tickets', 'Comments'], (heard) => {
      const ids = ticketsOf(heard);
      if (ids && !ids.includes(this.number)) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => void this.readAgain(), CALM_MS);
    });
  }

  pageTitle() {
    return this.ticket ? `#${this.number} ${this.ticket['Title'] ?? ''}` : t('tickets.ticket', { id: this.params['id'] ?? '' });
  }

  /** What stands behind the question mark chooses what is shown, not what is read. */
  queryChanged() {
    this.update();
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    const path = `/odata/Tickets(${this.number})`;
    if (!Number.isSafeInteger(this.number)) throw new ApiError(404, { code: 'NotFound', message: t('tickets.noSuch') });
    const [ticket] = await Promise.all([
      call(path, { signal }),
      can('comments:read') ? this.comments.start(`${path}/Comments?$orderby=CreatedDateTime%20desc,Id%20desc`) : null,
      this.changes.start(`${path}/History?$orderby=ChangedDateTime%20desc,Id%20desc`),
    ]);
    this.ticket = ticket;
  }

  /** Reads again what others did, without moving what one is at. */
  async readAgain() {
    const before = this.comments.rows.length;
    const newest = this.comments.rows[0]?.Id ?? 0;
    try {
      await this.load(this.signal);
      const isNew = (this.comments.rows[0]?.Id ?? 0) > newest && before > 0;
      if (isNew && this.comments.rows[0]?.['AuthorUserId'] !== me()?.UserId) announce(t('tickets.arrived'));
    } catch (error) {
      if (isAborted(error)) return;
      this.isGone = error instanceof ApiError && error.status === 404;
    }
    this.update();
  }

  /** Whether a property is being changed and not saved yet. @param {string} name */
  isTouched(name) {
    return this.bases.has(name);
  }

  /** @param {string} name */
  touch(name) {
    if (this.ticket && !this.bases.has(name)) this.bases.set(name, this.ticket);
  }

  /** What a control shows: what it had when its change began, else what is so now. @param {string} name */
  value(name) {
    return (this.bases.get(name) ?? this.ticket)?.[name];
  }

  /** Saves one property against the version it was seen in. @param {string} name @param {unknown} value */
  async save(name, value) {
    const base = this.bases.get(name) ?? this.ticket;
    if (!base) return false;
    this.saving = name;
    this.saved = '';
    this.errors.delete(name);
    this.update();
    const isDone = await this.#send(name, base, { [name]: value });
    this.saving = '';
    if (isDone) {
      this.bases.delete(name);
      this.saved = name;
      announce(t('tickets.saved.property'));
    }
    this.update();
    this.#showHeld(name, isDone);
    return isDone;
  }

  /** @param {string} name @param {Ticket} base @param {Record<string, unknown>} change */
  async #send(name, base, change) {
    let [sent, version] = [change, base];
    for (;;) {
      try {
        this.ticket = await call(`/odata/Tickets(${this.number})`, { method: 'PATCH', body: sent, ifMatch: version['@odata.etag'] });
        void this.changes.start(`/odata/Tickets(${this.number})/History?$orderby=ChangedDateTime%20desc,Id%20desc`).then(() => this.update(), () => {});
        return true;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) {
          this.errors.set(name, errorText(error));
          return false;
        }
      }
      const now = await call(`/odata/Tickets(${this.number})`).catch((error) => {
        this.errors.set(name, errorText(error));
        return null;
      });
      if (!now) return false;
      const chosen = await this.#merge(base, change, now);
      this.ticket = now;
      if (!chosen) {
        this.bases.delete(name);
        return false;
      }
      [sent, version] = [chosen, now];
    }
  }

  /** Asks for a property by name, and saves what was chosen. @param {'assign'|'status'|'priority'} deed */
  async deed(deed) {
    const { ticket } = this;
    if (!ticket) return;
    const { SETS, choose } = await import('./triage.js');
    this.touch(SETS[deed]);
    const chosen = await choose(deed, [/** @type {any} */ (ticket)]);
    if (chosen) await this.save(SETS[deed], chosen.value);
    else this.bases.delete(SETS[deed]);
  }

  async showKeys() {
    await (await import('./dialogs.js')).showKeys();
  }

  /** What to send against a newer version; asks where others changed a property. @param {Ticket} base @param {Record<string, unknown>} change @param {Ticket} now */
  async #merge(base, change, now) {
    const { chooseVersion, differences, firstPick, merged, needsChoice } = await import('./conflict.js');
    const found = differences(base, change, now, COMPARED);
    if (found.length === 0) return null;
    if (!needsChoice(found)) return merged(found, firstPick(found));
    return chooseVersion(found, ({ name, mine }, version) => {
      if (version === 'mine' && name in change) return this.#told(name, mine);
      const from = version === 'theirs' ? now : base;
      return valueText(name, from[NAME_OF[name] ?? name]);
    });
  }

  /** A value of mine in words. @param {string} name @param {unknown} value */
  #told(name, value) {
    const list = LIST_OF[name];
    const entry = list ? this.lists.get(list)?.find(({ Id }) => Id === value) : undefined;
    return entry ? entry.Name : valueText(name, value);
  }

  /** A control that was not saved shows what is so, unless its text is to be corrected. @param {string} name @param {boolean} isDone */
  #showHeld(name, isDone) {
    const control = this.querySelector(`#${name}`);
    if (isDone || !this.ticket) return;
    if (control instanceof HTMLSelectElement) {
      control.value = String(this.ticket[name] ?? '');
      this.bases.delete(name);
    } else if (control instanceof HTMLInputElement && !this.errors.has(name) && !this.bases.has(name) && control.type === 'text') {
      control.value = Array.isArray(this.ticket[name]) ? this.ticket[name].join(', ') : (this.ticket[name] ?? '');
    }
  }

  view() {
    return ticketView(this);
  }
}

customElements.define('ticket-page', TicketPage);
