/**
 * The dialogs that save, rename and delete a view.
 */
import { toast } from '../../lib/above.js';
import { call } from '../../lib/api.js';
import { ask, openDialog } from '../../lib/dialog.js';
import { check, field, fieldErrors, formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { errorText, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { bodyOf } from './query.js';
import { isOn, typedIn } from './words.js';

/** @typedef {import('./list.js').default} TicketsPage */
/** @typedef {import('./query.js').View} View */
/** @typedef {import('./query.js').ListQuery} ListQuery */

/** The longest name of a view. */
const NAME_MAX = 256;

/** Keeps what the list asks: in `view`, else in a new one. @param {TicketsPage} page @param {View|null} view */
export async function keep(page, view) {
  if (!view) return told(page, await askName(page.asked, null));
  try {
    const { Query } = bodyOf(view.name, page.asked, false);
    await told(page, await call(`/odata/SavedViews(${view.id})`, { method: 'PATCH', ifMatch: view.tag, body: { Query } }));
  } catch (error) {
    toast(errorText(error), { tone: 'bad' });
  }
}

/** Gives a view another name. @param {TicketsPage} page @param {View} view */
export const rename = async (page, view) => told(page, await askName(view.query, view));

/** Deletes a view, if that is meant. @param {TicketsPage} page @param {View} view */
export async function drop(page, view) {
  const sure = await ask({
    title: t('tickets.view.delete.title', { name: view.name }),
    text: t(view.isShared ? 'tickets.view.delete.shared' : 'tickets.view.delete.own'), action: t('tickets.view.delete'), danger: true,
  });
  if (!sure) return;
  try {
    await call(`/odata/SavedViews(${view.id})`, { method: 'DELETE', ifMatch: view.tag });
    await page.viewsChanged(null);
  } catch (error) {
    toast(errorText(error), { tone: 'bad' });
  }
}

/** @param {TicketsPage} page @param {any} row of `SavedViews`, as the server has it now */
async function told(page, row) {
  if (!row) return;
  toast(t('tickets.view.saved', { name: row.Name }));
  await page.viewsChanged(row);
}

/**
 * Asks for a name and keeps the query under it: a new view, or `view` under another name.
 * @param {ListQuery} query @param {View|null} view
 * @returns {Promise<any>} the row of `SavedViews`, or undefined
 */
async function askName(query, view) {
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
        error: errors['Name'] ?? null, oninput: (event) => { name = typedIn(event); },
      })}
      ${can('settings:write') ? check({
        label: t('tickets.view.share'), name: 'view-shared', checked: isShared, hint: t('tickets.view.share.hint'),
        onchange: (event) => { isShared = isOn(event); },
      }) : null}
      <p class="actions"><button class="button primary">${t('tickets.view.save')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('cancel')}</button></p>
    </form>`, { label: t(view ? 'tickets.view.rename' : 'tickets.view.save.title'), className: 'narrow' });
  return opened.result;
}
