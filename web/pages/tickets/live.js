/**
 * Rows of a collection, read page by page by the link of the one before (page 10,000 costs what page 1 costs), and
 * what others change meanwhile: marks on rows that stay where they are, and new ones that wait to be shown.
 */
import { local } from '../../lib/api.js';

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
