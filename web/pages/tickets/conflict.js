/**
 * The dialog for two versions of one ticket: what each says, side by side, and a choice for each property.
 */
import { openDialog } from '../../lib/dialog.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { firstPick, merged } from './merge.js';
import { labelOf } from './words.js';

/** @typedef {import('./merge.js').Difference} Difference */
/** @typedef {(difference: Difference, version: 'base'|'mine'|'theirs') => string} Tell */

/**
 * Asks which version of each property counts.
 * @param {Difference[]} found
 * @param {Tell} tell a version in words
 * @returns {Promise<Record<string, unknown>|undefined>} what to send; undefined to leave all as the others have it
 */
export function chooseVersion(found, tell) {
  const picked = firstPick(found);
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<Record<string, unknown>>} */ dialog) => html`
    <form @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      dialog.close(merged(found, picked));
    }}>
      <p>${t('tickets.conflict.text')}</p>
      <div class="table-wrap" role="region" tabindex="0" aria-label=${t('tickets.conflict')}><table class="versions">
        <caption class="live">${t('tickets.conflict')}</caption>
        <thead><tr><th scope="col">${t('tickets.conflict.property')}</th><th scope="col">${t('tickets.conflict.base')}</th>
          <th scope="col">${t('tickets.conflict.mine')}</th><th scope="col">${t('tickets.conflict.theirs')}</th></tr></thead>
        <tbody>${found.map((difference) => versionRow(difference, tell, picked, dialog.update))}</tbody>
      </table></div>
      <p class="actions">
        <button class="button primary" ?disabled=${picked.size === 0}>${t('tickets.conflict.save')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('tickets.conflict.leave')}</button>
      </p>
    </form>`, { label: t('tickets.conflict'), className: 'wide' });
  return opened.result;
}

/** @param {Difference} difference @param {Tell} tell @param {Set<string>} picked @param {() => void} update */
function versionRow(difference, tell, picked, update) {
  const { name, changed } = difference;
  const label = labelOf(name);
  const mine = tell(difference, 'mine');
  const theirs = tell(difference, 'theirs');
  if (changed === 'theirs') {
    return html`<tr key=${name}><th scope="row">${label}</th><td>${tell(difference, 'base')}</td>
      <td class="soft">${t('tickets.conflict.untouched')}</td><td>${theirs}</td></tr>`;
  }
  const radio = (/** @type {boolean} */ isMine, /** @type {string} */ text) => html`<span class="check">
    <input type="radio" name=${`version-${name}`} id=${`version-${name}-${isMine}`} .checked=${picked.has(name) === isMine}
      aria-label=${t(isMine ? 'tickets.conflict.take.mine' : 'tickets.conflict.take.theirs', { property: label, value: text })}
      @change=${() => {
        if (isMine) picked.add(name);
        else picked.delete(name);
        update();
      }}><label for=${`version-${name}-${isMine}`}>${text}</label></span>`;
  return html`<tr key=${name}><th scope="row">${label}</th><td>${tell(difference, 'base')}</td>
    <td>${radio(true, mine)}</td><td>${radio(false, theirs)}</td></tr>`;
}
