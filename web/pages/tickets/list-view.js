/**
 * What the list looks like: views beside it, the bar above, rows, and what to do where there are none.
 */
import { call } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { errorText, lang, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { chooseColumns, isDense } from './columns.js';
import { filterBar } from './filter-bar.js';
import { parse } from './filter.js';
import { showKeys } from './help.js';
import { NEW_MAX } from './live.js';
import { outsideMenu } from './outside.js';
import { shownColumns } from './query.js';
import { rail, saveView, updateView, viewMenu, viewName } from './rail.js';
import { ROWS_MAX, rowsTable } from './rows.js';
import { isChanged, mayChange } from './views.js';

/** @typedef {import('./list.js').default} TicketsPage */

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
          onchip: (index) => void page.editPart(index), onremove: (index) => page.removePart(index), ontext: () => page.toggleText(),
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

/** @param {TicketsPage} page */
function head(page) {
  const name = page.current ? viewName(page.current) : t('tickets.title');
  return html`<header class="page-head">
    <h1 tabindex="-1">${name}</h1>
    ${page.current ? viewMenu(page.current, (saved) => void page.viewsChanged(/** @type {any} */ (saved))) : null}
    <div class="end">
      ${outsideMenu(page.asked, page.me)}
      <button type="button" class="button" @click=${() => void columns(page)}>${t('tickets.columns')}</button>
      <button type="button" class="button" aria-pressed=${isDense()} @click=${() => page.toggleDense()}>${t('tickets.dense')}</button>
      <button type="button" class="button" aria-label=${t('tickets.keys')} title=${t('tickets.keys')} @click=${() => void showKeys()}>?</button>
      ${can('tickets:create') ? html`<a class="button primary" href="/tickets/new">${t('tickets.new')}</a>` : null}
    </div>
  </header>`;
}

/** @param {TicketsPage} page */
async function columns(page) {
  const chosen = await chooseColumns(shownColumns(page.asked));
  if (chosen) page.ask({ columns: chosen });
}

/** What to do with a query that no view holds. @param {TicketsPage} page */
function keeping(page) {
  const { current, asked } = page;
  if (!can('tickets:write') || page.mistake || (current && !isChanged(current, asked))) return null;
  const save = async () => {
    const row = await saveView(asked, null);
    if (!row) return;
    toast(t('tickets.view.saved', { name: row.Name }));
    await page.viewsChanged(row);
  };
  const update = async () => {
    if (!current) return;
    try {
      await page.viewsChanged(await updateView(current, asked));
      toast(t('tickets.view.saved', { name: current.name }));
    } catch (error) {
      toast(errorText(error), { tone: 'bad' });
    }
  };
  return html`<div class="keeping">
    ${current ? html`<span class="soft">${t('tickets.view.changed')}</span>` : null}
    ${current && mayChange(current, can) ? html`<button type="button" class="button small" @click=${() => void update()}>${t('tickets.view.update')}</button>` : null}
    <button type="button" class="button small" @click=${() => void save()}>${t('tickets.view.save.new')}</button>
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
    onsort: (/** @type {string} */ key) => page.sortBy(key),
    onselect: (/** @type {number} */ id, /** @type {boolean} */ on) => page.select(id, on),
    onselectall: (/** @type {boolean} */ on) => page.selectAll(on),
  };
  return html`${rowsTable(shown, page.cache.templates(shown, lang()))}${more(page)}`;
}

/** @param {TicketsPage} page */
function more(page) {
  if (!page.pages.hasMore) return null;
  if (page.pages.rows.length >= ROWS_MAX) return html`<p class="soft">${t('tickets.tooMany', { count: ROWS_MAX })}</p>`;
  return html`<p class="more"><button type="button" class="button" ref=${(/** @type {Element} */ button) => page.watchEnd(button)}
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
