/**
 * What others change while a list is looked at: marks on rows that stay where they are, and new
 * tickets that wait to be shown. It knows no requests: it says what to read, and takes what was read.
 */

/** @typedef {import('./paging.js').Row} Row */
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

  /** Forgets all, for a list that was read anew. */
  reset() {
    this.marks.clear();
    this.fresh.clear();
    this.#changed.clear();
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
