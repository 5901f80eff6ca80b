/**
 * Rows of a collection, read page by page by the link of the one before (page 10,000 costs what page 1 costs), and
 * what others change meanwhile, which is read again a little later and together: marks on rows that stay where they are,
 * and new ones that wait to be shown.
 */
import { local } from '../../lib/api.js';
import { isAborted } from '../../lib/i18n.js';
import { onChange } from '../../lib/session.js';

/** @typedef {{value: Row[], '@odata.nextLink'?: string}} Answer */
/** @typedef {{Id: number, '@odata.etag'?: string} & Record<string, unknown>} Row */

/** The rows read so far, in order, each once. */
export class Pages {
  /** @type {Row[]} */
  rows = [];
  /** @type {string|null} */
  next = null;
  #load;
  #turn = 0;

  /** @param {(path: string) => Promise<Answer>} load */
  constructor(load) {
    this.#load = load;
  }

  /** Whether there is more. */
  get hasMore() {
    return this.next !== null;
  }

  /**
   * Begins anew; the rows before stay until the answer is there. False if another one began meanwhile.
   * @param {string} path
   */
  async start(path) {
    const turn = ++this.#turn;
    const answer = await this.#load(path);
    if (turn !== this.#turn) return false;
    this.rows = [];
    this.#take(answer);
    return true;
  }

  /** Reads the next page, if there is one. */
  async more() {
    const link = this.next;
    if (link === null) return false;
    const turn = this.#turn;
    const answer = await this.#load(local(link));
    if (turn !== this.#turn || link !== this.next) return false;
    this.#take(answer);
    return true;
  }

  /** @param {Answer} answer */
  #take(answer) {
    // A ticket that changed its place while pages were read comes twice: the newer one counts, where it stood.
    const places = new Map(this.rows.map((row, index) => [row.Id, index]));
    for (const row of answer.value) {
      const place = places.get(row.Id);
      if (place === undefined) {
        places.set(row.Id, this.rows.push(row) - 1);
      } else {
        this.rows[place] = row;
      }
    }
    this.next = answer['@odata.nextLink'] ?? null;
  }

  /** Puts a newer version of a row where the old one stands. @param {Row} row */
  replace(row) {
    const place = this.rows.findIndex((held) => held.Id === row.Id);
    if (place >= 0) this.rows[place] = { ...this.rows[place], ...row };
    return place >= 0;
  }
}

/** @typedef {'updated'|'left'|'gone'|'mine'} Mark */

/** New tickets that are told by number; beyond it stays "more than". A page that is not looked at must not grow. */
export const NEW_MAX = 1000;
/** Tickets that are read again at once; an import changes more than anybody watches. */
export const READ_MAX = 100;

/** The marks of one list. */
export class Live {
  /** @type {Map<number, Mark>} */
  marks = new Map();
  /** @type {Set<number>} */
  fresh = new Set();
  /** @type {Set<number>} */
  #changed = new Set();

  /** Forgets what was told, for a list that was read anew; what is noted may have come after its answer. */
  reset() {
    this.marks.clear();
    this.fresh.clear();
  }

  /** Notes that a ticket was changed or made. @param {number} id */
  note(id) {
    if (this.#changed.size < NEW_MAX) this.#changed.add(id);
  }

  /** The tickets to read next, no longer noted then. @returns {number[]} */
  take() {
    const ids = [...this.#changed].slice(0, READ_MAX);
    for (const id of ids) this.#changed.delete(id);
    return ids;
  }

  /** Whether there are tickets to read. */
  get waits() {
    return this.#changed.size > 0;
  }

  /**
   * Marks what was read: `matching` are those of `ids` that the list's query still finds, `all`
   * those that are there at all.
   * @param {number[]} ids @param {Row[]} matching @param {Row[]} all @param {ReadonlyMap<number, Row>} held
   * @returns {Row[]} rows to put in the place of older ones
   */
  apply(ids, matching, all, held) {
    const matches = new Set(matching.map((row) => row.Id));
    const versions = new Map(all.map((row) => [row.Id, row]));
    const newer = [];
    for (const id of ids) {
      const row = versions.get(id);
      const old = held.get(id);
      if (!old) {
        if (matches.has(id) && this.fresh.size < NEW_MAX) this.fresh.add(id);
        continue;
      }
      if (!row) {
        this.marks.set(id, 'gone');
      } else {
        // What I changed myself is there already: only where it belongs is new.
        const isMine = row['@odata.etag'] === old['@odata.etag'];
        if (!matches.has(id)) this.marks.set(id, 'left');
        else if (!isMine || this.marks.get(id) === 'left') this.marks.set(id, isMine ? 'mine' : 'updated');
        if (!isMine) newer.push(row);
      }
    }
    return newer;
  }
}

/** @typedef {import('./list.js').default} TicketsPage */

/** How long to wait for further changes: a script changes many at once. */
const CALM_MS = 400;

/**
 * The tickets that changes are about: a comment on a ticket changes the ticket. Null where any may have changed.
 * @param {'reset' | import('../../lib/session.js').Change[]} heard
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
    const top = this.#highest === 0 ? 1 : READ_MAX;
    return this.#page.read({ filter: `Id gt ${this.#highest}`, orderby: 'Id desc' }, top, ['Id']).then((rows) => rows.map(({ Id }) => Id), () => []);
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
    const { live, asked } = page;
    const ids = live.take();
    try {
      const among = `Id in (${ids.join(',')})`;
      const isAll = asked.filter.trim() === '' && asked.search.trim() === '';
      const limited = { ...asked, filter: asked.filter.trim() === '' ? among : `(${asked.filter}) and ${among}`, orderby: 'Id' };
      const all = page.read({ filter: among }, ids.length);
      const [now, matching] = await Promise.all([all, isAll ? all : page.read(limited, ids.length, ['Id'])]);
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
