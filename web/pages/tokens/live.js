/**
 * What is watched while it happens: the next request of a token, and the change-over to a new secret.
 * @module
 */
import { call } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { dateTime, errorText, relative, t } from '../../lib/i18n.js';
import { onChange } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { switching } from './facts.js';

/** @typedef {import('./facts.js').Token} Token */

/** Where no event comes through, the row is read again after so long. */
const PAUSE_MS = 30_000;

/**
 * Follows one token until the signal ends.
 * @param {number} id
 * @param {AbortSignal} signal
 * @param {(token: Token) => void} tell  hears of the row at once and whenever it has changed
 */
export function follow(id, signal, tell) {
  let seen = '';
  const look = async () => {
    try {
      const token = await call(`/odata/AccessTokens(${id})`, { signal });
      const now = JSON.stringify(token);
      if (now !== seen && !signal.aborted) tell(token);
      seen = now;
    } catch {
      // The next look may succeed; a server that is gone has a banner of its own.
    }
  };
  const timer = setInterval(() => { if (!document.hidden) void look(); }, PAUSE_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  onChange(signal, ['AccessTokens'], (heard) => { if (heard === 'reset' || heard.some((change) => change.id === id)) void look(); });
  void look();
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
      <dt>${t('tokens.over.former')}</dt><dd>${token.FormerLastUsedDateTime ? `${relative(token.FormerLastUsedDateTime)} · ${token.FormerLastUsedAddress ?? ''}` : t('tokens.over.never')}</dd>
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
  if (!(await (await import('../../lib/dialog.js')).ask({ title: t('tokens.over.end.title'), text, action: t('tokens.over.end'), danger: true }))) return;
  try {
    await call(`/odata/AccessTokens(${token.Id})/Tessera.EndOverlap`, { method: 'POST', body: {} });
    toast(t('tokens.over.ended'));
  } catch (error) {
    toast(errorText(error), { tone: 'bad' });
  }
  changed();
}
