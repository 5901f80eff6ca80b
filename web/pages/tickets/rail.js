/**
 * The views beside the list, and the dialogs that save, rename and delete them.
 */
import { call } from '../../lib/api.js';
import { ask, openDialog } from '../../lib/dialog.js';
import { check, field, fieldErrors, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { menu } from '../../lib/above.js';
import { can } from '../../lib/session.js';
import { pageAddress } from './query.js';
import { bodyOf, mayChange } from './views.js';

/** @typedef {import('./views.js').View} View */
/** @typedef {import('./query.js').ListQuery} ListQuery */

/** The longest name of a view. */
const NAME_MAX = 256;

/** What a view is called. @param {View} view */
export const viewName = (view) => (view.kind === 'fixed' ? t(`tickets.view.${view.id}`) : view.name);

/** @param {View} view */
const addressOf = (view) => (view.id === 'all' ? '/tickets' : pageAddress(view.query, { view: view.id, of: view.query }));

/**
 * All views, as links.
 * @param {readonly View[]} views @param {View|null} current
 */
export function rail(views, current) {
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

/**
 * The menu of a saved view.
 * @param {View} view @param {(view: View|null) => void} changed
 */
export function viewMenu(view, changed) {
  if (!mayChange(view, can)) return null;
  return menu({
    id: 'view', label: t('tickets.view.menu', { name: view.name }),
    items: [
      { label: t('tickets.view.rename'), onclick: () => void saveView(view.query, view).then((saved) => saved && changed(saved)) },
      { label: t('tickets.view.delete'), danger: true, onclick: () => void deleteView(view).then((gone) => gone && changed(null)) },
    ],
  });
}

/** @param {View} view */
async function deleteView(view) {
  const sure = await ask({
    title: t('tickets.view.delete.title', { name: view.name }),
    text: t(view.isShared ? 'tickets.view.delete.shared' : 'tickets.view.delete.own'), action: t('tickets.view.delete'), danger: true,
  });
  if (!sure) return false;
  await call(`/odata/SavedViews(${view.id})`, { method: 'DELETE', ifMatch: view.tag });
  return true;
}

/** What the server answers about a saved view. @param {View} view @param {ListQuery} query */
export const updateView = (view, query) =>
  call(`/odata/SavedViews(${view.id})`, { method: 'PATCH', ifMatch: view.tag, body: { Query: bodyOf(view.name, query, false).Query } });

/**
 * Asks for a name and keeps the query under it: a new view, or `view` under another name.
 * @param {ListQuery} query @param {View|null} view
 * @returns {Promise<any>} the row of `SavedViews`, or undefined
 */
export async function saveView(query, view) {
  /** @type {Record<string, string>} */
  let errors = {};
  let name = view?.name ?? '';
  let isShared = view?.isShared ?? false;
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<unknown>} */ dialog) => html`
    <form @submit=${async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        const body = bodyOf(name, query, isShared);
        dialog.close(view
          ? await call(`/odata/SavedViews(${view.id})`, { method: 'PATCH', ifMatch: view.tag, body: { Name: body.Name, IsShared: body.IsShared } })
          : await call('/odata/SavedViews', { body }));
      } catch (error) {
        errors = fieldErrors(error, ['Name', 'IsShared']);
        dialog.update();
      }
    }}>
      ${formError(errors['form'] ?? errors['IsShared'])}
      ${field({
        label: t('tickets.view.name'), name: 'view-name', value: view?.name ?? '', required: true, maxlength: NAME_MAX, autofocus: true,
        error: errors['Name'] ?? null, oninput: (event) => { name = /** @type {HTMLInputElement} */ (event.target).value; },
      })}
      ${can('settings:write') ? check({
        label: t('tickets.view.share'), name: 'view-shared', checked: isShared, hint: t('tickets.view.share.hint'),
        onchange: (event) => { isShared = /** @type {HTMLInputElement} */ (event.target).checked; },
      }) : null}
      <p class="actions"><button class="button primary">${t('tickets.view.save')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('cancel')}</button></p>
    </form>`, { label: t(view ? 'tickets.view.rename' : 'tickets.view.save.title'), className: 'narrow' });
  return opened.result;
}
