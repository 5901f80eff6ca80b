/**
 * The list of tickets: what the address says is what it shows. Keys, marks and views; no row moves by itself.
 */
import { toast } from '../../lib/above.js';
import { ApiError, call } from '../../lib/api.js';
import { errorText, isAborted, t } from '../../lib/i18n.js';
import { Page } from '../../lib/page.js';
import { navigate } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { ROWS_MAX, RowCache } from './list-parts.js';
import { listView, viewName } from './list-view.js';
import { Live, Pages, Watch } from './live.js';
import { EMPTY, FIXED, feedAddress, fromOptions, pageAddress, readColumns, same, tellsQuery, viewsOf } from './query.js';
import { choices } from './words.js';

/** The single keys, which the first look does without. */
const keys = import('./keys.js');

/** Rows of one page: a screen or two, so that the first is there at once. */
const PAGE_ROWS = 100;

/** @typedef {import('./query.js').ListQuery} ListQuery */
/** @typedef {import('./live.js').Row} Row */
/** @typedef {import('./query.js').View} View */

/** The page at `/tickets`. */
export default class TicketsPage extends Page {
  /** @type {ListQuery} */
  asked = EMPTY;
  /** @type {View[]} */
  views = [...FIXED];
  /** @type {View|null} */
  current = FIXED[0];
  /** Options of the address or view that the list does not show. @type {string[]} */
  others = [];
  /** @type {number|null} */
  count = null;
  /** @type {import('./mistake.js').Mistake|null} */
  mistake = null;
  asText = false;
  isGrowing = false;
  pages = new Pages((path) => call(path, { signal: this.signal, prefer: `maxpagesize=${PAGE_ROWS}` }));
  live = new Live();
  cache = new RowCache();
  /** @type {Set<number>} */
  selected = new Set();
  /** @type {Map<number, string>} */
  problems = new Map();
  /** @type {Map<string, string>} */
  people = new Map();
  #hasViews = false;
  /** @type {Watch|null} */
  #watch = null;

  connectedCallback() {
    super.connectedCallback();
    const { signal } = this;
    void keys.then(({ ListKeys }) => { if (!signal.aborted) new ListKeys(this, signal); }, () => {});
    this.#watch = new Watch(this, signal);
    void choices('Users').then((users) => {
      this.people = new Map(users.map(({ Id, Name }) => [String(Id), Name]));
      this.update();
    }, () => {});
  }

  /** Who looks. */
  me = me()?.UserId ?? null;

  /** The rows by their number. */
  get held() {
    return new Map(this.pages.rows.map((row) => [row.Id, row]));
  }

  pageTitle() {
    const { current } = this;
    return current && current.id !== 'all' ? `${viewName(current)} · ${t('tickets.title')}` : t('tickets.title');
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    const views = this.#loadViews(signal);
    views.catch(() => {});
    const named = this.query.get('view');
    if (named !== null && !FIXED.some((view) => view.id === named)) await views;
    this.#readAddress();
    this.mistake = null;
    const path = feedAddress(this.asked, { me: this.me, select: readColumns(this.asked) });
    void this.#loadCount(signal);
    try {
      if (!(await this.pages.start(path))) return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400 || !(await import('./mistake.js')).take(this, error)) throw error;
      this.pages.rows = [];
      this.pages.next = null;
    }
    this.live.reset();
    this.problems.clear();
    this.selected = new Set([...this.selected].filter((id) => this.held.has(id)));
    this.#rememberWalk();
    this.#watch?.soon();
  }

  /** Keeps the way from one ticket of the list to the next. */
  #rememberWalk() {
    const [ids, address] = [this.pages.rows.map((row) => row.Id), location.pathname + location.search];
    void keys.then(({ rememberWalk }) => rememberWalk(ids, address), () => {});
  }

  /** @param {AbortSignal} signal */
  async #loadViews(signal) {
    if (this.#hasViews) return;
    const answer = await call(`/odata/SavedViews?$filter=EntitySet%20eq%20'Tickets'&$top=500`, { signal, prefer: 'maxpagesize=500' });
    this.views = viewsOf(answer.value, this.me ?? 0);
    this.#hasViews = true;
    this.#readAddress();
    this.update();
  }

  #readAddress() {
    const { query, others } = fromOptions(this.query);
    const id = this.query.get('view') ?? (tellsQuery(this.query) ? null : 'all');
    this.current = this.views.find((view) => view.id === id) ?? null;
    const next = this.current && !tellsQuery(this.query) ? this.current.query : query;
    this.others = [...others, ...(this.current?.others ?? [])];
    if (!same(next, this.asked)) {
      this.asked = next;
      this.count = null;
    }
  }

  /** @param {AbortSignal} signal */
  async #loadCount(signal) {
    try {
      this.count = Number(await call(feedAddress(this.asked, { me: this.me, path: '/$count' }), { signal }));
      this.update();
    } catch {
      // The rows tell what is wrong; without a number the list is as good.
    }
  }

  /** Asks something else; the address tells it. @param {Partial<ListQuery>} change */
  ask(change) {
    const next = { ...this.asked, ...change };
    const from = this.current ? { view: this.current.id === 'all' ? '' : this.current.id, of: this.current.query } : {};
    const address = this.current?.id === 'all' ? pageAddress(next) : pageAddress(next, from);
    if (address === location.pathname + location.search) void this.reload();
    else void navigate(address);
  }

  /** Reads the next page. */
  async grow() {
    if (this.isGrowing || !this.pages.hasMore || this.pages.rows.length >= ROWS_MAX) return;
    this.isGrowing = true;
    try {
      await this.pages.more();
      this.#rememberWalk();
    } catch (error) {
      if (!isAborted(error)) toast(errorText(error), { tone: 'bad' });
    }
    this.isGrowing = false;
    this.update();
  }

  /** @param {number} id @param {boolean} on */
  select(id, on) {
    this.selected = new Set(this.selected);
    if (on) this.selected.add(id);
    else this.selected.delete(id);
    this.update();
  }

  /** @param {boolean} on */
  selectAll(on) {
    this.selected = new Set(on ? this.pages.rows.map((row) => row.Id) : []);
    this.update();
  }

  /** Does something with the rows marked, else with the one in focus. @param {import('./triage.js').Deed} deed @param {number|null} focused */
  async act(deed, focused) {
    const ids = this.selected.size > 0 ? this.selected : new Set(focused === null ? [] : [focused]);
    const rows = this.pages.rows.filter((row) => ids.has(row.Id));
    if (rows.length === 0) {
      toast(t('tickets.noRow'));
      return;
    }
    const { triage } = await import('./triage.js');
    await triage(deed, rows, { select: readColumns(this.asked), show: (outcomes) => this.#showOutcomes(outcomes) });
  }

  /** @param {import('./triage.js').Outcome[]} outcomes */
  #showOutcomes(outcomes) {
    for (const { row, after, error, reason } of outcomes) {
      if (after) this.pages.replace(after);
      if (error) this.problems.set(row.Id, reason);
      else this.problems.delete(row.Id);
      // Whether it still belongs here is asked as for a change by others.
      this.live.note(row.Id);
    }
    this.update();
    this.#watch?.soon();
  }

  /**
   * Reads tickets beside those of the list, as its rows where nothing else is said.
   * @param {Partial<ListQuery>} asked @param {number} top @param {string[]} [select]
   * @returns {Promise<Row[]>}
   */
  async read(asked, top, select = readColumns(this.asked)) {
    return (await call(feedAddress({ ...EMPTY, ...asked }, { me: this.me, select, top }), { signal: this.signal })).value;
  }

  /** After a view was saved, renamed or deleted. @param {import('./query.js').SavedView|null} row */
  async viewsChanged(row) {
    this.#hasViews = false;
    await this.#loadViews(this.signal).catch((error) => toast(errorText(error), { tone: 'bad' }));
    void navigate(row ? `/tickets?view=${row.Id}` : '/tickets');
    this.update();
  }

  /** What one does with views, whose dialogs come when they are wanted. @param {'keep'|'rename'|'drop'} deed @param {any} view */
  async onView(deed, view) {
    const deeds = await import('./view-dialogs.js');
    await deeds[deed](this, view);
  }

  async showKeys() {
    await (await import('./dialogs.js')).showKeys();
  }

  /** Puts newer versions where the old ones stand. @param {Row[]} newer */
  showNewer(newer) {
    for (const row of newer) this.pages.replace(row);
    this.update();
  }

  view() {
    return listView(this);
  }
}

customElements.define('tickets-page', TicketsPage);
