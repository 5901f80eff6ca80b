/** The start: what lies open, what comes and goes, and how long it takes. @module */
import { call, callAll, odata } from '../lib/api.js';
import { bars, columns, legend } from '../lib/chart.js';
import { copyButton } from '../lib/above.js';
import { html } from '../lib/html.js';
import { date, dayMonth, duration, number, pageTexts, t } from '../lib/i18n.js';
import { Page } from '../lib/page.js';
import { can, me } from '../lib/session.js';
import { table } from '../lib/table.js';
import { AGES, ages, byAge, byDay, byHours, DAYS_SHOWN, filled, OPEN, PERCENTS, percentiles, priorities, SPANS, weeks } from './dashboard/reports.js';

await pageTexts(async (language) => (await import(`../i18n/dashboard.${language}.js`))[language]);

/** @typedef {import('./dashboard/reports.js').Day} Day */
/** @typedef {import('./dashboard/reports.js').Aged} Aged */
/** @typedef {import('./dashboard/reports.js').Solved} Solved */
/** @typedef {{ id: string, name?: string, url: string, chart: unknown, figures: unknown, series?: import('../lib/chart.js').Series[] }} Report */

const ALL_ROWS = { most: 50_000, prefer: 'maxpagesize=10000' };

class DashboardPage extends Page {
  /** @type {Day[]} */
  #days = [];
  /** @type {Aged[]} */
  #aged = [];
  /** @type {Solved[]} */
  #solved = [];
  /** @type {Record<string, number>} */
  #counts = {};
  #width = 640;
  #observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (!width || width === this.#width) return;
    this.#width = width;
    this.update();
  });

  pageTitle() {
    return t('dashboard.title');
  }

  get #span() {
    const asked = Number(this.query.get('days'));
    return SPANS.includes(asked) ? asked : 30;
  }

  get #filters() {
    return {
      open: OPEN,
      unassigned: `${OPEN} and AssigneeId eq null`,
      overdue: `${OPEN} and DueDateTime lt now()`,
      mine: `${OPEN} and AssigneeId eq ${me()?.UserId ?? 0}`,
    };
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    const span = this.#span;
    const count = async (/** @type {[string, string]} */ [name, filter]) => [name, Number(await call(`${odata('Tickets/$count', { filter })}`, { signal, headers: { Accept: '*/*' } }))];
    const [days, aged, solved, counts] = await Promise.all([
      can('dashboard:read') ? callAll(byDay(span), { signal, ...ALL_ROWS }) : [],
      callAll(byAge(), { signal, ...ALL_ROWS }),
      callAll(byHours(span), { signal, ...ALL_ROWS }),
      Promise.all(Object.entries({ all: 'true', ...this.#filters }).map(count)),
    ]);
    this.#days = span > DAYS_SHOWN ? weeks(filled(days, span)) : filled(days, span);
    this.#aged = aged;
    this.#solved = solved;
    this.#counts = Object.fromEntries(counts);
  }

  view() {
    if (this.isLoaded && !this.#counts['all']) return this.#welcome();
    return html`<div class="page">
      <div class="page-head">
        <h1 tabindex="-1">${t('dashboard.title')}</h1>
        <nav class="tabs end" aria-label=${t('dashboard.span')}>${SPANS.map((span) => html`
          <a key=${span} href=${`?days=${span}`} aria-current=${span === this.#span ? 'true' : null}>${t('dashboard.last', { count: span })}</a>`)}
        </nav>
      </div>
      <div class="cards">${Object.entries(this.#filters).map(([name, filter]) => html`
        <a class="card" key=${name} href=${`/tickets?filter=${encodeURIComponent(filter)}`}>
          <span class="soft">${t(`dashboard.${name}`)}</span>
          <span class="figure">${this.isLoaded ? number(this.#counts[name] ?? 0) : '–'}</span>
        </a>`)}</div>
      ${this.isLoaded ? [this.#flow(), this.#age(), this.#time()].map((one) => this.#report(one)) : html`<p class="waiting">${t('loading')}</p>`}
    </div>`;
  }

  #welcome() {
    return html`<div class="page"><h1 tabindex="-1">${t('dashboard.title')}</h1>
      <div class="empty"><h2>${t('dashboard.empty')}</h2><p>${t('dashboard.empty-text')}</p>
        <p class="actions">
          ${can('tickets:create') && html`<a class="button primary" href="/tickets/new">${t('dashboard.new')}</a>`}
          <a class="button" href="/connect">${t('dashboard.connect')}</a>
        </p></div>
    </div>`;
  }

  /** @param {Report} report */
  #report({ id, name = id, url, chart, figures, series }) {
    return html`<section class="card report" key=${id} aria-labelledby=${id}>
      <div class="page-head">
        <div><h2 id=${id}>${t(`dashboard.${name}`)}</h2><p class="soft">${t(`dashboard.${id}-text`)}</p></div>
        <div class="end">${copyButton({ text: location.origin + url, label: t('copy.url') })}</div>
      </div>
      <div class="split report-parts">
        <div class="chart-room" ref=${(/** @type {Element} */ room) => this.#observer.observe(room)}>
          ${series && legend(series)}${chart}
        </div>
        <div class="figures">${figures}</div>
      </div>
    </section>`;
  }

  /** @returns {Report} */
  #flow() {
    const rows = this.#days;
    const series = [{ name: t('dashboard.created'), className: 'fill-1' }, { name: t('dashboard.resolved'), className: 'fill-2' }];
    const sum = (/** @type {'Created' | 'Resolved'} */ name) => rows.reduce((total, row) => total + row[name], 0);
    const isByWeek = this.#span > DAYS_SHOWN;
    const flow = isByWeek ? 'flow-weeks' : 'flow';
    const label = t(`dashboard.${flow}-label`, { created: sum('Created'), resolved: sum('Resolved'), count: rows.length });
    const entries = rows.map((row) => ({ label: dayMonth(row.Date), values: [row.Created, row.Resolved] }));
    const isEmpty = !entries.some((entry) => entry.values.some(Boolean));
    if (!can('dashboard:read')) return { id: 'flow', url: byDay(this.#span), chart: html`<p class="notice">${t('dashboard.no-right')}</p>`, figures: null };
    return {
      id: 'flow', name: flow, url: byDay(this.#span), series,
      chart: isEmpty ? nothing() : columns({ width: this.#width, label, entries, series }),
      figures: table({
        caption: t('dashboard.table', { name: t(`dashboard.${flow}`) }), rows: [...rows].reverse(), rowKey: (row) => row.Date,
        columns: [
          { key: 'day', label: t(isByWeek ? 'dashboard.week' : 'dashboard.day'), isHead: true, cell: (row) => date(row.Date) },
          { key: 'created', label: t('dashboard.created'), className: 'number', cell: (row) => number(row.Created) },
          { key: 'resolved', label: t('dashboard.resolved'), className: 'number', cell: (row) => number(row.Resolved) },
        ],
      }),
    };
  }

  /** @returns {Report} */
  #age() {
    const rows = priorities(this.#aged).map(([name, aged]) => ({ name: name ?? t('dashboard.no-priority'), values: ages(aged) }));
    const series = [...AGES, 0].map((end, at) => ({ name: t(`dashboard.age.${end}`), className: `shade-${at + 1}` }));
    const count = this.#aged.reduce((total, row) => total + row.Tickets, 0);
    return {
      id: 'age', url: byAge(), series,
      chart: count ? bars({ width: this.#width, label: t('dashboard.age-label', { count }), entries: rows.map((row) => ({ label: row.name, values: row.values })), series }) : nothing(),
      figures: table({
        caption: t('dashboard.table', { name: t('dashboard.age') }), rows, rowKey: (row) => row.name,
        columns: [
          { key: 'priority', label: t('dashboard.priority'), isHead: true, cell: (row) => row.name },
          ...series.map((one, at) => ({ key: one.className, label: one.name, className: 'number', cell: (/** @type {typeof rows[0]} */ row) => number(row.values[at] ?? 0) })),
        ],
      }),
    };
  }

  /** @returns {Report} */
  #time() {
    const all = percentiles(this.#solved);
    const groups = [{ name: t('dashboard.total'), values: all }, ...priorities(this.#solved).map(([name, solved]) => ({ name: name ?? t('dashboard.no-priority'), values: percentiles(solved) }))];
    const count = this.#solved.reduce((total, row) => total + row.Tickets, 0);
    const entries = PERCENTS.map((percent, at) => ({ label: `${percent} %`, values: [all[at] ?? 0], text: hours(all[at]) }));
    return {
      id: 'time', url: byHours(this.#span),
      chart: count ? bars({ width: this.#width, label: t('dashboard.time-label', { count, half: hours(all[0]) }), entries, series: [{ name: '', className: 'fill-1' }] }) : nothing(),
      figures: table({
        caption: t('dashboard.table', { name: t('dashboard.time') }), rows: groups, rowKey: (row) => row.name,
        columns: [
          { key: 'priority', label: t('dashboard.priority'), isHead: true, cell: (row) => row.name },
          ...PERCENTS.map((percent, at) => ({ key: String(percent), label: t('dashboard.percent', { percent }), className: 'number', cell: (/** @type {typeof groups[0]} */ row) => hours(row.values[at]) })),
        ],
      }),
    };
  }
}

const nothing = () => html`<p class="waiting">${t('dashboard.none')}</p>`;

/** @param {number | null | undefined} value */
function hours(value) {
  return value === null || value === undefined ? '–' : duration(value * 3600);
}

customElements.define('dashboard-page', DashboardPage);
export default DashboardPage;
