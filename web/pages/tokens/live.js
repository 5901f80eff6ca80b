/**
 * What is watched while it happens: the next request of a token, and the change-over to a new secret.
 * @module
 */
import { ApiError, call, odata } from '../../lib/api.js';
import { ask } from '../../lib/dialog.js';
import { html } from '../../lib/html.js';
import { dateTime, errorText, relative, t } from '../../lib/i18n.js';
import { toast } from '../../lib/above.js';
import { switching } from './facts.js';

/** @typedef {import('./facts.js').Token} Token */

/** Between two looks, while the page is seen. */
const PAUSE_MS = 3000;

/**
 * Follows one token: asks for its row from time to time, and stops with the signal.
 * @param {number} id
 * @param {AbortSignal} signal
 * @param {(token: Token) => void} tell  hears of the row at once and whenever it has changed
 */
export async function follow(id, signal, tell) {
  let seen = '';
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        // As a list of one: a single entity would come from the browser's cache, because use does not change its version.
        const [token] = (await call(odata('AccessTokens', { filter: `Id eq ${id}` }), { signal })).value;
        const now = JSON.stringify(token);
        if (token && now !== seen && !signal.aborted) tell(token);
        seen = now;
      } catch {
        // The next look may succeed; a server that is gone has a banner of its own.
      }
    }
    await pause(signal);
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function pause(signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  });
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
