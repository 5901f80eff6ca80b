/**
 * The dialog that chooses one of many by typing a part of its name: who gets a ticket, its status.
 */
import { openDialog } from '../../lib/dialog.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';

/** @typedef {{value: number|null, label: string, hint?: string, isNow?: boolean}} Option */

/** Options shown at once; one types to see others. */
const SHOWN_MAX = 50;

/** Letters without accents and case: who types "lin" finds Lín. @param {string} text */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * Those that contain all words typed; those that begin so stand first.
 * @param {readonly Option[]} options @param {string} typed
 */
export function found(options, typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const fitting = options.filter(({ label, hint = '' }) => {
    const text = plain(`${label} ${hint}`);
    return words.every((word) => text.includes(word));
  });
  const begins = (/** @type {Option} */ option) => (words.length > 0 && plain(option.label).startsWith(words[0]) ? 0 : 1);
  return fitting.sort((one, other) => begins(one) - begins(other));
}

/**
 * Asks for one; undefined if nothing was chosen.
 * @param {string} label what is chosen, as the title
 * @param {readonly Option[]} options
 * @returns {Promise<Option|undefined>}
 */
export function pick(label, options) {
  let typed = '';
  let active = Math.max(0, options.findIndex((option) => option.isNow));
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<Option>} */ dialog) => {
    const shown = found(options, typed).slice(0, SHOWN_MAX);
    active = Math.min(active, Math.max(0, shown.length - 1));
    const move = (/** @type {number} */ by) => {
      active = shown.length === 0 ? 0 : (active + by + shown.length) % shown.length;
      dialog.update();
      dialog.element.querySelector(`#pick-${active}`)?.scrollIntoView({ block: 'nearest' });
    };
    return html`
      <input id="pick-input" type="text" role="combobox" autocomplete="off" spellcheck="false" autofocus
        aria-label=${t('tickets.pick.type', { what: label })} aria-expanded=${shown.length > 0} aria-autocomplete="list"
        aria-controls=${shown.length > 0 ? 'pick-list' : null} aria-activedescendant=${shown.length > 0 ? `pick-${active}` : null}
        @input=${(/** @type {Event} */ event) => {
          typed = /** @type {HTMLInputElement} */ (event.target).value;
          active = 0;
          dialog.update();
        }}
        @keydown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.isComposing) return;
          const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (by) {
            event.preventDefault();
            move(by);
          } else if (event.key === 'Enter') {
            event.preventDefault();
            if (shown[active]) dialog.close(shown[active]);
          }
        }}>
      ${shown.length === 0 ? html`<p class="hint">${t('tickets.pick.none')}</p>` : html`<ul id="pick-list" class="pick-list" role="listbox" aria-label=${label}>
        ${shown.map((option, index) => html`
          <li id=${`pick-${index}`} role="option" class=${index === active ? 'active' : null} aria-selected=${index === active}
            @click=${() => dialog.close(option)}>
            <span>${option.label}</span>
            ${option.isNow ? html`<span class="hint">${t('tickets.pick.now')}</span>` : option.hint ? html`<span class="hint">${option.hint}</span>` : null}
          </li>`)}
      </ul>`}
      <p class="actions">
        <button type="button" class="button primary" ?disabled=${shown.length === 0}
          @click=${() => dialog.close(shown[active])}>${t('tickets.pick.take')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('cancel')}</button>
      </p>`;
  }, { label, className: 'narrow pick' });
  return opened.result;
}
