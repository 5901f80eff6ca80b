/**
 * Pages of a collection, each found by the link of the one before: page 10,000 costs what page 1 costs.
 */

/** @typedef {{value: Row[], '@odata.nextLink'?: string}} Answer */
/** @typedef {{Id: number, '@odata.etag'?: string} & Record<string, unknown>} Row */

/** What of a link the browser may follow: the server may know itself by another name. @param {string} link */
export function localPath(link) {
  const url = new URL(link, 'http://localhost');
  return url.pathname + url.search;
}

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
    const answer = await this.#load(localPath(link));
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
