/**
 * The dialog behind `?`: every single key, and the switch that turns them off.
 */
import { openDialog } from '../../lib/dialog.js';
import { check } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { HELP, SHORTCUTS, areOn, turn } from './keys.js';

/** Shows them. @param {() => void} [changed] after the switch */
export function showKeys(changed) {
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<void>} */ dialog) => html`
    ${check({
      label: t('tickets.keys.on'), name: 'keys-on', checked: areOn(localStorage), hint: t('tickets.keys.hint'),
      onchange: (event) => {
        turn(localStorage, /** @type {HTMLInputElement} */ (event.target).checked);
        changed?.();
      },
    })}
    <div class="key-lists">${['list', 'ticket'].map((where) => html`<section>
      <h3>${t(`tickets.keys.${where}`)}</h3>
      <dl class="keys">${SHORTCUTS.filter((shortcut) => shortcut.where === where).map(({ action, keys }) => html`
        <div><dt>${keys.map((key) => html`<kbd>${key === 'Escape' ? 'Esc' : key}</kbd> `)}</dt><dd>${t(`tickets.key.${action}`)}</dd></div>`)}
        <div><dt><kbd>${HELP}</kbd></dt><dd>${t('tickets.key.help')}</dd></div>
      </dl></section>`)}</div>
    <p class="actions"><button type="button" class="button" @click=${() => dialog.close()}>${t('close')}</button></p>`,
  { label: t('tickets.keys') });
  return opened.result;
}
