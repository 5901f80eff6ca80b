/**
 * The dialog that chooses columns and their order, by buttons; and how dense rows are.
 */
import { openDialog } from '../../lib/dialog.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { announce } from '../../lib/above.js';
import { DEFAULT_COLUMNS, FIELDS } from './fields.js';
import { labelOf } from './words.js';

const DENSITY = 'tessera:pref:density';

/** Whether rows are low. */
export const isDense = () => localStorage.getItem(DENSITY) === 'compact';

/** @param {boolean} on */
export function setDense(on) {
  localStorage.setItem(DENSITY, on ? 'compact' : 'comfortable');
}

/**
 * Asks for the columns; undefined if they stay.
 * @param {readonly string[]} shown
 * @returns {Promise<string[]|undefined>}
 */
export function chooseColumns(shown) {
  const offered = FIELDS.filter(({ column, scope }) => column && (!scope || can(scope))).map(({ name }) => name);
  let chosen = [...shown];
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<string[]>} */ dialog) => {
    const set = (/** @type {string[]} */ next) => {
      chosen = next;
      dialog.update();
    };
    const move = (/** @type {number} */ from, /** @type {number} */ by) => {
      const next = [...chosen];
      const [name] = next.splice(from, 1);
      next.splice(from + by, 0, name);
      set(next);
      announce(t('tickets.columns.moved', { name: labelOf(name), place: from + by + 1 }));
    };
    const rest = offered.filter((name) => !chosen.includes(name));
    return html`<form class="columns" @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      dialog.close(chosen);
    }}>
      <ul>
        ${chosen.map((name, index) => html`<li key=${name}>${box(name, true, () => set(chosen.filter((one) => one !== name)))}
          <button type="button" class="icon-button" aria-label=${t('tickets.columns.up', { name: labelOf(name) })} ?disabled=${index === 0}
            @click=${() => move(index, -1)}>↑</button>
          <button type="button" class="icon-button" aria-label=${t('tickets.columns.down', { name: labelOf(name) })} ?disabled=${index === chosen.length - 1}
            @click=${() => move(index, 1)}>↓</button></li>`)}
        ${rest.map((name) => html`<li key=${name}>${box(name, false, () => set([...chosen, name]))}</li>`)}
      </ul>
      <p class="actions">
        <button class="button primary">${t('tickets.columns.apply')}</button>
        <button type="button" class="button" @click=${() => dialog.close([...DEFAULT_COLUMNS])}>${t('tickets.columns.usual')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('cancel')}</button>
      </p>
    </form>`;
  }, { label: t('tickets.columns'), className: 'narrow' });
  return opened.result;
}

/** @param {string} name @param {boolean} on @param {() => void} toggle */
function box(name, on, toggle) {
  // The title is the row's name and its link.
  const isFixed = name === 'Title';
  return html`<span class="check"><input type="checkbox" id=${`column-${name}`} .checked=${on} ?disabled=${isFixed} @change=${toggle}>
    <label for=${`column-${name}`}>${labelOf(name)}</label></span>`;
}
