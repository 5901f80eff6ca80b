/**
 * Hears what others change, reads it again a little later and together, and hands it to the marks of the list.
 */
import { call } from '../../lib/api.js';
import { onChange } from '../../lib/events.js';
import { isAborted } from '../../lib/i18n.js';
import { READ_MAX } from './live.js';
import { EMPTY, feedAddress, readColumns } from './query.js';

/** @typedef {import('./list.js').default} TicketsPage */
/** @typedef {import('./live.js').Row} Row */
/** @typedef {import('./query.js').ListQuery} ListQuery */

/** How long to wait for further changes: a script changes many at once. */
const CALM_MS = 400;

/**
 * The tickets that changes are about: a comment on a ticket changes the ticket. Null where any may have changed.
 * @param {'reset' | import('../../lib/events.js').Change[]} heard
 */
export const ticketsOf = (heard) =>
  (heard === 'reset' ? null : heard.map(({ set, id, ticketId }) => Number(set === 'Tickets' ? id : ticketId)).filter(Boolean));

/** Reads what the list's `live` has noted, never twice at once. */
export class Watch {
  #page;
  #timer = 0;
  /** The newest ticket that was heard of. */
  #highest = 0;
  #isReading = false;

  /** @param {TicketsPage} page @param {AbortSignal} signal */
  constructor(page, signal) {
    this.#page = page;
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
    document.addEventListener('visibilitychange', () => this.soon(), { signal });
    onChange(signal, ['Tickets', 'Comments'], async (heard) => {
      const ids = ticketsOf(heard) ?? [...page.held.keys(), ...await this.#newest()];
      for (const id of ids) page.live.note(id);
      this.#highest = Math.max(this.#highest, ...ids);
      this.soon();
    });
    void this.#newest().then(([id = 0]) => { this.#highest = Math.max(this.#highest, id); });
  }

  /** Tickets that are newer than all that were heard of, where nobody told which they are. @returns {Promise<number[]>} */
  async #newest() {
    const asked = { ...EMPTY, filter: `Id gt ${this.#highest}`, orderby: 'Id desc' };
    const top = this.#highest === 0 ? 1 : READ_MAX;
    return call(feedAddress(asked, { me: null, select: ['Id'], top }), { signal: this.#page.signal }).then(
      (answer) => answer.value.map((/** @type {Row} */ row) => row.Id), () => []);
  }

  /** Reads in a moment, if there is something and somebody looks. */
  soon() {
    clearTimeout(this.#timer);
    const { live, signal } = this.#page;
    if (!live.waits || signal.aborted || document.hidden) return;
    this.#timer = window.setTimeout(() => void this.#read(), CALM_MS);
  }

  async #read() {
    if (this.#isReading) return;
    this.#isReading = true;
    const page = this.#page;
    const { live, signal, asked, me } = page;
    const ids = live.take();
    try {
      const among = `Id in (${ids.join(',')})`;
      const isAll = asked.filter.trim() === '' && asked.search.trim() === '';
      const limited = { ...asked, filter: asked.filter.trim() === '' ? among : `(${asked.filter}) and ${among}`, orderby: 'Id' };
      const read = (/** @type {ListQuery} */ of, /** @type {string[]} */ select) =>
        call(feedAddress(of, { me, select, top: ids.length }), { signal }).then((answer) => answer.value);
      const all = read({ ...EMPTY, filter: among }, readColumns(asked));
      const [now, matching] = await Promise.all([all, isAll ? all : read(limited, ['Id'])]);
      // Another query may be shown by now; its own rows are new.
      if (asked === page.asked) page.showNewer(live.apply(ids, matching, now, page.held));
    } catch (error) {
      // The connection's banner tells what is wrong; these are looked for again with the next change.
      if (!isAborted(error)) for (const id of ids) live.note(id);
      return;
    } finally {
      this.#isReading = false;
    }
    this.soon();
  }
}
