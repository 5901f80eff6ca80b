/**
 * What the list looks like: views beside it, the bar above, rows, the same query outside this page, and what to do
 * where there are no tickets.
 */
import { copyText, menu, toast } from '../../lib/above.js';
import { html } from '../../lib/html.js';
import { lang, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { ROWS_MAX, filterBar, isDense, rowsTable, setDense } from './list-parts.js';
import { isRaw, parse, print } from './filter.js';
import { NEW_MAX } from './live.js';
import { asksMe, feedAddress, isChanged, mayChange, optionText, pageAddress, shownColumns, toggledOrder } from './query.js';
import { focusOn } from './words.js';

/** @typedef {import('./list.js').default} TicketsPage */
/** @typedef {import('./query.js').View} View */
/** @typedef {import('./query.js').ListQuery} ListQuery */

/** @param {TicketsPage} page */
export function listView(page) {
  return html`<div class="page tickets-page">
    ${head(page)}
    <div class="split rail">
      ${rail(page.views, page.current)}
      <div class="stack">
        ${filterBar({
          search: page.asked.search, filter: page.asked.filter, parts: parse(page.asked.filter), asText: page.asText,
          mistake: page.mistake, people: page.people,
          onsearch: (search) => page.ask({ search }), onfilter: (filter) => page.ask({ filter }),
          onchip: (index) => void editPart(page, index), onremove: (index) => removePart(page, index), ontext: () => toggleText(page),
        })}
        ${page.others.length > 0 ? html`<p class="notice warn">${t('tickets.others', { options: page.others.join(', ') })}</p>` : null}
        ${keeping(page)}
        <div class="list-state">
          <p role="status" class="soft">${page.count === null ? null : t('tickets.count', { count: page.count })}</p>
          ${bulk(page)}
          ${fresh(page)}
        </div>
        ${rows(page)}
      </div>
    </div>
  </div>`;
}

/** Changes a chip, or makes one; a text that no chip shows is changed as text. @param {TicketsPage} page @param {number|null} index */
async function editPart(page, index) {
  const parts = parse(page.asked.filter);
  const part = index === null ? undefined : parts[index];
  if (part && isRaw(part)) {
    page.asText = false;
    return toggleText(page);
  }
  const chip = await (await import('./dialogs.js')).editChip(part);
  if (chip) page.ask({ filter: print(index === null ? [...parts, chip] : parts.with(index, chip)) });
}

/** @param {TicketsPage} page */
async function chooseColumns(page) {
  const chosen = await (await import('./dialogs.js')).chooseColumns(shownColumns(page.asked));
  if (chosen) page.ask({ columns: chosen });
}

/** @param {TicketsPage} page @param {number} index */
function removePart(page, index) {
  page.ask({ filter: print(parse(page.asked.filter).toSpliced(index, 1)) });
  focusOn(page, '#add-filter');
}

/** @param {TicketsPage} page */
function toggleText(page) {
  page.asText = !page.asText;
  page.update();
  focusOn(page, '#filter-text');
}

/** Reads on as the end comes into sight. @param {TicketsPage} page @param {Element} end */
function growAt(page, end) {
  const seen = new IntersectionObserver((entries) => {
    if (!end.isConnected) seen.disconnect();
    else if (entries.some((entry) => entry.isIntersecting)) void page.grow();
  }, { rootMargin: '600px' });
  seen.observe(end);
}

/** @param {TicketsPage} page */
function head(page) {
  const name = page.current ? viewName(page.current) : t('tickets.title');
  return html`<header class="page-head">
    <h1 tabindex="-1">${name}</h1>
    ${page.current ? viewMenu(page.current, page) : null}
    <div class="end">
      ${outsideMenu(page.asked, page.me)}
      <button type="button" class="button" @click=${() => void chooseColumns(page)}>${t('tickets.columns')}</button>
      <button type="button" class="button" aria-pressed=${isDense()} @click=${() => {
        setDense(!isDense());
        page.update();
      }}>${t('tickets.dense')}</button>
      <button type="button" class="button" aria-label=${t('tickets.keys')} title=${t('tickets.keys')} @click=${() => void page.showKeys()}>?</button>
      ${can('tickets:create') ? html`<a class="button primary" href="/tickets/new">${t('tickets.new')}</a>` : null}
    </div>
  </header>`;
}

/** What to do with a query that no view holds. @param {TicketsPage} page */
function keeping(page) {
  const { current, asked } = page;
  if (!can('tickets:write') || page.mistake || (current && !isChanged(current, asked))) return null;
  return html`<div class="keeping">
    ${current ? html`<span class="soft">${t('tickets.view.changed')}</span>` : null}
    ${current && mayChange(current, can) ? html`<button type="button" class="button small" @click=${() => void page.onView('keep', current)}>${t('tickets.view.update')}</button>` : null}
    <button type="button" class="button small" @click=${() => void page.onView('keep', null)}>${t('tickets.view.save.new')}</button>
  </div>`;
}

/** @param {TicketsPage} page */
function bulk(page) {
  const count = page.selected.size;
  if (count === 0) return null;
  return html`<div class="bulk" role="group" aria-label=${t('tickets.bulk')}>
    <strong>${t('tickets.selected', { count })}</strong>
    <button type="button" class="button small" @click=${() => void page.act('assign', null)}>${t('tickets.assign')}</button>
    <button type="button" class="button small" @click=${() => void page.act('status', null)}>${t('tickets.status')}</button>
    <button type="button" class="button small" @click=${() => void page.act('priority', null)}>${t('tickets.priority')}</button>
    <button type="button" class="button small" @click=${() => page.selectAll(false)}>${t('tickets.select.none')}</button>
  </div>`;
}

/** New tickets wait until they are asked for. @param {TicketsPage} page */
function fresh(page) {
  const count = page.live.fresh.size;
  return html`<div role="status" class="fresh">${count === 0 ? null : html`
    <button type="button" class="button small" @click=${() => void page.reload()}>${
      count >= NEW_MAX ? t('tickets.fresh.many', { count }) : t('tickets.fresh', { count })}</button>`}</div>`;
}

/** @param {TicketsPage} page */
function rows(page) {
  if (page.mistake) return html`<div class="empty"><h2>${t('tickets.unread.title')}</h2><p>${t('tickets.unread.text')}</p></div>`;
  if (page.pages.rows.length === 0) return page.isLoading || !page.isLoaded ? html`<p class="waiting">${t('loading')}</p>` : empty(page);
  const shown = {
    caption: page.current ? viewName(page.current) : t('tickets.title'), rows: page.pages.rows, columns: shownColumns(page.asked),
    orderby: page.asked.orderby, selected: page.selected, marks: page.live.marks, problems: page.problems, isDense: isDense(),
    onsort: (/** @type {string} */ key) => page.ask({ orderby: toggledOrder(page.asked.orderby, key) }),
    onselect: (/** @type {number} */ id, /** @type {boolean} */ on) => page.select(id, on),
    onselectall: (/** @type {boolean} */ on) => page.selectAll(on),
  };
  return html`${rowsTable(shown, page.cache.templates(shown, lang()))}${more(page)}`;
}

/** @param {TicketsPage} page */
function more(page) {
  if (!page.pages.hasMore) return null;
  if (page.pages.rows.length >= ROWS_MAX) return html`<p class="soft">${t('tickets.tooMany', { count: ROWS_MAX })}</p>`;
  return html`<p class="more"><button type="button" class="button" ref=${(/** @type {Element} */ button) => growAt(page, button)}
    @click=${() => void page.grow()}>${t(page.isGrowing ? 'loading' : 'more')}</button></p>`;
}

/** @param {TicketsPage} page */
function empty(page) {
  const { asked } = page;
  const isNarrow = asked.filter !== '' || asked.search !== '';
  return html`<div class="empty">
    <h2>${t(isNarrow ? 'tickets.none.title' : 'tickets.first.title')}</h2>
    <p>${t(isNarrow ? 'tickets.none.text' : 'tickets.first.text')}</p>
    <p class="actions">
      ${isNarrow ? html`<a class="button" href="/tickets">${t('tickets.none.all')}</a>` : null}
      ${can('tickets:create') ? html`<a class="button primary" href="/tickets/new">${t('tickets.new')}</a>` : null}
    </p>
  </div>`;
}

/** What a view is called. @param {View} view */
export const viewName = (view) => (view.kind === 'fixed' ? t(`tickets.view.${view.id}`) : view.name);

/** @param {View} view */
const addressOf = (view) => (view.id === 'all' ? '/tickets' : pageAddress(view.query, { view: view.id, of: view.query }));

/**
 * All views, as links.
 * @param {readonly View[]} views @param {View|null} current
 */
function rail(views, current) {
  /** @type {['fixed'|'own'|'shared', string][]} */
  const groups = [['fixed', 'tickets.views'], ['own', 'tickets.views.own'], ['shared', 'tickets.views.shared']];
  return html`<nav class="rail" aria-label=${t('tickets.views')}>
    ${groups.map(([kind, title]) => {
      const own = views.filter((view) => view.kind === kind);
      if (own.length === 0) return null;
      return html`<div key=${kind}>${kind === 'fixed' ? null : html`<h2>${t(title)}</h2>`}
        <ul>${own.map((view) => html`<li key=${view.id}><a href=${addressOf(view)} aria-current=${view === current ? 'page' : null}>${
          viewName(view)}</a></li>`)}</ul></div>`;
    })}
  </nav>`;
}

/** The menu of a saved view. @param {View} view @param {TicketsPage} page */
function viewMenu(view, page) {
  if (!mayChange(view, can)) return null;
  return menu({
    id: 'view', label: t('tickets.view.menu', { name: view.name }),
    items: [
      { label: t('tickets.view.rename'), onclick: () => void page.onView('rename', view) },
      { label: t('tickets.view.delete'), danger: true, onclick: () => void page.onView('drop', view) },
    ],
  });
}

/**
 * The addresses of a query.
 * @param {ListQuery} query @param {number|null} me
 */
function addressesOf(query, me) {
  const feed = feedAddress(query, { me });
  // The files take the options as one value: what stands in them is escaped once more.
  const options = optionText({ ...query, columns: shownColumns(query) }) + (me !== null && asksMe(query.filter) ? `&@me=${me}` : '');
  const file = (/** @type {string} */ name) => `/connect/${name}?set=Tickets&query=${encodeURIComponent(options)}`;
  return {
    feed: new URL(feed, location.origin).href,
    csv: feedAddress(query, { me, format: 'csv' }),
    powerBi: file('powerbi.pbids'),
    excel: file('excel.odc'),
  };
}

/** The menu of them. @param {ListQuery} query @param {number|null} me */
function outsideMenu(query, me) {
  const { feed, csv, powerBi, excel } = addressesOf(query, me);
  return menu({
    id: 'outside', label: t('tickets.outside'), face: t('tickets.outside'), className: 'button',
    items: [
      { label: t('tickets.outside.copy'), onclick: async () => { if (await copyText(feed)) toast(t('tickets.outside.copied')); } },
      { label: t('tickets.outside.csv'), href: csv },
      { label: t('tickets.outside.powerbi'), href: powerBi },
      { label: t('tickets.outside.excel'), href: excel },
    ],
  });
}
