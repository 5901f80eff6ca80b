/**
 * Two versions of one ticket: what I wanted, what others did meanwhile, what comes of both, and the dialog that shows
 * them side by side.
 */
import { openDialog } from '../../lib/dialog.js';
import { html } from '../../lib/html.js';
import { t } from '../../lib/i18n.js';
import { labelOf } from './words.js';

/** @typedef {Record<string, unknown>} Values */
/**
 * @typedef {object} Difference
 * @property {string} name the property
 * @property {unknown} base what it was when I began
 * @property {unknown} mine what I want it to be
 * @property {unknown} theirs what it is now
 * @property {'mine'|'theirs'|'both'} changed by whom; `both` only where the results differ
 */

/** Whether two values of a property are the same. @param {unknown} one @param {unknown} other */
export const equal = (one, other) => (one ?? null) === (other ?? null) || JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/**
 * What the versions differ in, in the order of `names`.
 * @param {Values} base the ticket as I read it
 * @param {Values} change what I send
 * @param {Values} theirs the ticket as it is now
 * @param {readonly string[]} names the properties worth telling
 * @returns {Difference[]}
 */
export function differences(base, change, theirs, names) {
  /** @type {Difference[]} */
  const found = [];
  for (const name of names) {
    const mine = name in change ? change[name] : base[name];
    const iChanged = !equal(mine, base[name]);
    const theyChanged = !equal(theirs[name], base[name]);
    if (!iChanged && !theyChanged) continue;
    if (equal(mine, theirs[name])) continue;
    const changed = iChanged && theyChanged ? 'both' : iChanged ? 'mine' : 'theirs';
    found.push({ name, base: base[name], mine, theirs: theirs[name], changed });
  }
  return found;
}

/** Whether anybody must choose: somebody else changed a property at all. @param {Difference[]} found */
export const needsChoice = (found) => found.some((difference) => difference.changed !== 'mine');

/**
 * What to send after choosing, against the version of the others: mine where it is picked.
 * @param {Difference[]} found
 * @param {ReadonlySet<string>} picked names of properties for which mine counts
 * @returns {Values}
 */
export function merged(found, picked) {
  const chosen = found.filter((difference) => picked.has(difference.name));
  return Object.fromEntries(chosen.map(({ name, mine }) => [name, mine]));
}

/** What is picked before anybody chose: all I changed. @param {Difference[]} found */
export const firstPick = (found) =>
  new Set(found.filter((difference) => difference.changed !== 'theirs').map((difference) => difference.name));

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
