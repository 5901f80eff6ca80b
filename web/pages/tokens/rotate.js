/**
 * Rotation: a new secret, shown once, while the former works on for a while; and what can be seen of the change-over.
 * @module
 */
import { ApiError, call } from '../../lib/api.js';
import { ask, openDialog } from '../../lib/dialog.js';
import { formError } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { dateTime, errorText, relative, t } from '../../lib/i18n.js';
import { whenConfirmed } from '../../lib/session.js';
import { toast } from '../../lib/toast.js';
import { switching } from './facts.js';
import { TokenReveal } from './reveal.js';
import { fullTime, spanText } from './sentences.js';
import { onceKey } from './words.js';

/** @typedef {import('./facts.js').Token} Token */

/** The longest that the former secret may work on, hours, and what is usual. */
const OVERLAP_MAX = 168;
const OVERLAP_USUAL = 24;
const HOUR = 3_600_000;

/**
 * Asks for the overlap, rotates, and shows the new secret.
 * @param {Token} token
 * @returns {Promise<boolean>} whether it was rotated
 */
export async function rotateDialog(token) {
  let hours = OVERLAP_USUAL;
  let error = '';
  let isBusy = false;
  let key = onceKey();
  /** @type {TokenReveal | null} */
  let reveal = null;
  /** @typedef {import('../../lib/dialog.js').Dialog<boolean>} Opened */
  /** @param {Event} event @param {Opened} dialog */
  const submit = async (event, dialog) => {
    event.preventDefault();
    if (isBusy || reveal) return;
    isBusy = true;
    dialog.update();
    try {
      const minted = await whenConfirmed(() => call(`/odata/AccessTokens(${token.Id})/Tessera.Rotate`, { body: { OverlapHours: hours }, key }));
      reveal = new TokenReveal({ minted, name: token.Name, scopes: token.EffectiveScopes, isRotation: true, onkept: () => dialog.update() });
    } catch (caught) {
      if (!(caught instanceof ApiError) || caught.status !== 0) key = onceKey();
      error = caught instanceof ApiError && caught.code === 'SecretAlreadyShown' ? t('tokens.new.lost') : errorText(caught);
    }
    isBusy = false;
    dialog.update();
    const first = dialog.element.querySelector(reveal ? '#secret-copy' : 'button.primary');
    if (first instanceof HTMLElement) first.focus();
  };
  const mayClose = async () => !reveal || reveal.isKept || ask({ title: t('tokens.leave.title'), text: t('tokens.leave.text'), action: t('tokens.leave.action'), cancel: t('tokens.leave.stay'), danger: true });
  const opened = openDialog(/** @param {Opened} dialog */ (dialog) => (reveal
    ? html`${reveal}<p class="actions"><button type="button" class="button primary" @click=${async () => { if (await mayClose()) dialog.close(true); }}>${t('tokens.made.done')}</button></p>`
    : html`<form @submit=${(/** @type {Event} */ event) => submit(event, dialog)}>
      <p>${t('tokens.rotate.text')}</p>
      ${overlap(hours, (next) => { hours = next; dialog.update(); })}
      ${token.LastUsedDateTime ? html`<p class="soft">${t('tokens.rotate.last', { when: relative(token.LastUsedDateTime), address: token.LastUsedAddress ?? '' })}</p>` : null}
      ${formError(error)}
      <p class="actions"><button class="button primary" ?disabled=${isBusy}>${t('tokens.rotate.action')}</button>
        <button type="button" class="button" @click=${() => dialog.close(false)}>${t('cancel')}</button></p>
    </form>`), { label: t('tokens.rotate.title', { name: token.Name }), guard: mayClose });
  const unload = (/** @type {BeforeUnloadEvent} */ event) => { if (reveal && !reveal.isKept) event.preventDefault(); };
  addEventListener('beforeunload', unload);
  const isRotated = await opened.result;
  removeEventListener('beforeunload', unload);
  return isRotated === true || reveal !== null;
}

/**
 * The slider, a number beside it, and the sentence that says what it means.
 * @param {number} hours
 * @param {(hours: number) => void} onchange
 */
function overlap(hours, onchange) {
  const set = (/** @type {Event} */ event) => onchange(Math.min(OVERLAP_MAX, Math.max(0, Math.round(Number(/** @type {HTMLInputElement} */ (event.target).value) || 0))));
  const until = new Date(Date.now() + hours * HOUR);
  return html`<div class="field">
    <label for="overlap">${t('tokens.rotate.overlap')}</label>
    <div class="control">
      <input type="range" id="overlap" min="0" max=${OVERLAP_MAX} step="1" .value=${String(hours)} aria-describedby="overlap-says" @input=${set}>
      <input type="number" class="hours" aria-label=${t('tokens.rotate.hours')} min="0" max=${OVERLAP_MAX} .value=${String(hours)} @change=${set}>
    </div>
    <p id="overlap-says" role="status" class="sentence">${hours ? t('tokens.rotate.until', { when: fullTime(until), span: spanText(hours * HOUR) }) : t('tokens.rotate.now')}</p>
  </div>`;
}

/**
 * How far a change-over has come, with a button that ends it early. Nothing where there is none.
 * @param {Token} token
 * @param {{ mayEnd: boolean, changed: () => void }} options
 */
export function changeOver(token, { mayEnd, changed }) {
  if (token.State !== 'rotating') return null;
  const how = switching(token);
  return html`<section class=${how === 'switched' ? 'card first-use arrived' : 'card first-use'} aria-labelledby="change-over">
    <h2 id="change-over">${t('tokens.over')}</h2>
    <div role="status"><p class=${how === 'switched' ? 'state good' : 'state info'}>${t(`tokens.over.${how}`)}</p></div>
    <dl class="facts">
      <dt>${t('tokens.over.ends')}</dt><dd>${relative(token.OverlapEndsDateTime)}, ${dateTime(token.OverlapEndsDateTime)}</dd>
      <dt>${t('tokens.over.since')}</dt><dd>${dateTime(token.RotatedDateTime)}</dd>
      ${token.FormerLastUsedDateTime === undefined ? null : html`<dt>${t('tokens.over.former')}</dt><dd>${token.FormerLastUsedDateTime ? `${relative(token.FormerLastUsedDateTime)} · ${token.FormerLastUsedAddress ?? ''}` : t('tokens.over.never')}</dd>`}
      <dt>${t('tokens.col.used')}</dt><dd>${token.LastUsedDateTime ? `${relative(token.LastUsedDateTime)} · ${token.LastUsedAddress ?? ''} · ${token.LastUsedAgent ?? ''}` : t('tokens.unused')}</dd>
    </dl>
    ${mayEnd ? html`<p><button type="button" class="button danger" @click=${() => endOverlap(token, how, changed)}>${t('tokens.over.end')}</button></p>` : null}
  </section>`;
}

/**
 * @param {Token} token
 * @param {ReturnType<typeof switching>} how
 * @param {() => void} changed
 */
async function endOverlap(token, how, changed) {
  const text = how === 'switched' ? t('tokens.over.end.safe') : t('tokens.over.end.text');
  if (!(await ask({ title: t('tokens.over.end.title'), text, action: t('tokens.over.end'), danger: true }))) return;
  try {
    await call(`/odata/AccessTokens(${token.Id})/Tessera.EndOverlap`, { method: 'POST', body: {} });
    toast(t('tokens.over.ended'));
  } catch (error) {
    const isMissing = error instanceof ApiError && error.status === 404;
    toast(isMissing ? t('tokens.over.missing') : errorText(error), { tone: 'bad' });
  }
  changed();
}
