/**
 * Saved views of the list: stored at the server as OData queries that any program can use.
 * @module
 */
import { call, callAll, odata } from '../../lib/api.js';
import { openDialog } from '../../lib/dialog.js';
import { check, field, fieldErrors, formError, formValues } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { ofView, toView } from './query.js';

/** @typedef {{ Id: number, Name: string, Query: string, OwnerId: number | null, IsShared: boolean }} View */

/** Whether this person may keep views of tokens at all. */
export function mayKeepViews() {
  return can('tickets:write') && can('tokens:read');
}

/**
 * One's own and shared views of tokens.
 * @param {AbortSignal} signal
 * @returns {Promise<View[]>}
 */
export async function loadViews(signal) {
  if (!can('tickets:read')) return [];
  const views = await callAll(odata('SavedViews', { filter: `EntitySet eq 'AccessTokens'`, orderby: 'Position,Name', select: 'Id,Name,Query,OwnerId,IsShared' }), { signal, most: 200 });
  return views.filter((view) => ofView(view.Query) !== null);
}

/**
 * Asks for a name and stores the view.
 * @param {import('./query.js').Wish} wish
 * @returns {Promise<boolean>}
 */
export async function saveView(wish) {
  /** @type {Record<string, string>} */
  let errors = {};
  /** @param {Event} event @param {import('../../lib/dialog.js').Dialog<boolean>} dialog */
  const submit = async (event, dialog) => {
    const values = formValues(event);
    try {
      await call('/odata/SavedViews', { body: { Name: (values['Name'] ?? '').trim(), EntitySet: 'AccessTokens', Query: toView(wish, me()?.UserId ?? null), IsShared: values['IsShared'] === 'on' } });
      dialog.close(true);
      toast(t('saved'));
    } catch (error) {
      errors = fieldErrors(error, ['Name', 'IsShared']);
      dialog.update();
    }
  };
  const opened = openDialog(/** @param {import('../../lib/dialog.js').Dialog<boolean>} dialog */ (dialog) => html`
    <form @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      ${field({ label: t('tokens.view.name'), name: 'Name', id: 'view-name', required: true, maxlength: 100, autofocus: true, error: errors['Name'] ?? null })}
      ${can('settings:write') ? check({ label: t('tokens.view.share'), name: 'IsShared', id: 'view-share', checked: false }) : null}
      ${formError(errors['form'] ?? errors['IsShared'])}
      <p class="actions"><button class="button primary">${t('save')}</button>
        <button type="button" class="button" @click=${() => dialog.close(false)}>${t('cancel')}</button></p>
    </form>`, { label: t('tokens.view.save'), className: 'narrow' });
  return (await opened.result) === true;
}

/** Takes a view away, with a way back. @param {View} view @param {() => void} changed */
export async function deleteView(view, changed) {
  await call(`/odata/SavedViews(${view.Id})`, { method: 'DELETE' });
  changed();
  toast(t('tokens.view.deleted', { name: view.Name }), {
    undo: async () => {
      await call('/odata/SavedViews', { body: { Name: view.Name, EntitySet: 'AccessTokens', Query: view.Query, IsShared: view.IsShared } });
      changed();
    },
  });
}
