/**
 * Reads again what others changed, a little later and together, and hands it to the marks of the list.
 */
import { call } from '../../lib/api.js';
import { isAborted } from '../../lib/i18n.js';
import { EMPTY, feedAddress } from './query.js';

/** @typedef {import('./paging.js').Row} Row */
/** @typedef {import('./query.js').ListQuery} ListQuery */
/** @typedef {import('./live.js').Live} Live */

/** How long to wait for further changes: a script changes many at once. */
const CALM_MS = 400;

/**
 * @typedef {object} Watched
 * @property {Live} live
 * @property {() => ListQuery} query
 * @property {() => string[]} select
 * @property {() => ReadonlyMap<number, Row>} held
 * @property {() => number|null} me
 * @property {AbortSignal} signal
 * @property {(newer: Row[]) => void} show
 */

/** Reads what `live` has noted, never twice at once. */
export class Watch {
  #watched;
  #timer = 0;
  #isReading = false;

  /** @param {Watched} watched */
  constructor(watched) {
    this.#watched = watched;
    watched.signal.addEventListener('abort', () => clearTimeout(this.#timer));
    document.addEventListener('visibilitychange', () => this.soon(), { signal: watched.signal });
  }

  /** Reads in a moment, if there is something and somebody looks. */
  soon() {
    clearTimeout(this.#timer);
    const { live, signal } = this.#watched;
    if (!live.waits || signal.aborted || document.hidden) return;
    this.#timer = window.setTimeout(() => void this.#read(), CALM_MS);
  }

  async #read() {
    if (this.#isReading) return;
    this.#isReading = true;
    const { live, query, select, held, me, signal, show } = this.#watched;
    const asked = query();
    const ids = live.take();
    try {
      const among = `Id in (${ids.join(',')})`;
      const isAll = asked.filter.trim() === '' && asked.search.trim() === '';
      const limited = { ...asked, filter: asked.filter.trim() === '' ? among : `(${asked.filter}) and ${among}` };
      const read = (/** @type {ListQuery} */ of, /** @type {string[]} */ columns) =>
        call(feedAddress(of, { me: me(), select: columns, top: ids.length }), { signal }).then((answer) => answer.value);
      const all = read({ ...EMPTY, filter: among }, select());
      const [now, matching] = await Promise.all([all, isAll ? all : read({ ...limited, orderby: 'Id' }, ['Id'])]);
      // Another query may be shown by now; its own rows are new.
      if (asked === query()) show(live.apply(ids, matching, now, held()));
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
