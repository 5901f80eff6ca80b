/**
 * What is done with tokens: revoking, which holds at once; taking ended ones off the list, which can be undone for ten seconds
 * because it is only sent afterwards; and the menu of a row.
 * @module
 */
import { call } from '../../lib/api.js';
import { copyText, toast } from '../../lib/above.js';
import { html } from '../../lib/html.js';
import { errorText, number, t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { allowed, isAlive } from './facts.js';

/** @typedef {import('./facts.js').Token} Token */

/** Asks what is to be changed; whether it was. @param {Token} token */
export const edit = async (token) => (await import('./change.js')).editDialog(token);

/** Makes a new secret; whether it was made. @param {Token} token */
export const rotate = async (token) => (await import('./change.js')).rotateDialog(token);

/** How long what is to be taken off can be kept after all; as long as a toast with a way back stands. */
const UNDO_MS = 10_000;
/** Names shown before the rest is counted. */
const NAMES_MAX = 50;
/** Requests under way at once. */
const AT_ONCE = 4;

/** Ids that are on their way off the list, and no longer shown. @type {Set<number>} */
export const leaving = new Set();
/** Hears `change` when `leaving` has changed or something has left. */
export const departures = new EventTarget();

const changed = () => departures.dispatchEvent(new Event('change'));

/**
 * Asks with the names and, where there are several, with their number to type.
 * @param {string} kind  `revoke` or `remove`
 * @param {readonly string[]} names
 */
async function askFor(kind, names) {
  const { ask } = await import('../../lib/dialog.js');
  const count = names.length;
  const more = count - NAMES_MAX;
  return ask({
    title: t(`tokens.${kind}.title`, { count }),
    text: html`<p>${t(`tokens.${kind}.text`, { count })}</p>
      <ul class="token-names" tabindex="0" aria-label=${t(`tokens.${kind}.title`, { count })}>${names.slice(0, NAMES_MAX).map((name) => html`<li>${name}</li>`)}
      ${more > 0 ? html`<li class="soft">${t('tokens.andMore', { count: more })}</li>` : null}</ul>`,
    action: t(`tokens.${kind}.action`, { count }),
    danger: true,
    typeToConfirm: count > 1 ? String(count) : '',
  });
}

/**
 * Revokes tokens, after a question. True if some were.
 * @param {readonly Token[]} tokens
 */
export async function revoke(tokens) {
  if (!tokens.length || !(await askFor('revoke', tokens.map((token) => token.Name)))) return false;
  const failed = await each(tokens, (token) => call(`/odata/AccessTokens(${token.Id})/Tessera.Revoke`, { method: 'POST', body: {} }));
  const done = tokens.length - failed.length;
  if (done) toast(t('tokens.revoke.done', { count: done }));
  for (const { token, error } of failed.slice(0, 3)) toast(`${token.Name}: ${errorText(error)}`, { tone: 'bad' });
  changed();
  return done > 0;
}

/**
 * Takes some ended tokens off the list, after a question and ten seconds.
 * @param {readonly Token[]} tokens
 */
export async function remove(tokens) {
  if (!tokens.length || !(await askFor('remove', tokens.map((token) => token.Name)))) return;
  later(tokens.map((token) => token.Id), async () => {
    const failed = await each(tokens, (token) => call(`/odata/AccessTokens(${token.Id})`, { method: 'DELETE' }));
    for (const { token, error } of failed.slice(0, 3)) toast(`${token.Name}: ${errorText(error)}`, { tone: 'bad' });
  });
}

/** Takes all that have ended off the list, after a look at which they are, their number typed, and ten seconds. */
export async function removeEnded() {
  const found = await call('/odata/AccessTokens/Tessera.RemoveExpired', { body: { Preview: true } });
  if (!found.Count) return toast(t('tokens.remove.none'));
  if (!(await askFor('remove', found.Names))) return;
  later(found.Ids, async () => {
    try {
      await call('/odata/AccessTokens/Tessera.RemoveExpired', { body: { ExpectedCount: found.Count } });
    } catch (error) {
      toast(errorText(error), { tone: 'bad' });
    }
  });
}

/**
 * @param {readonly number[]} ids
 * @param {() => Promise<void>} send
 */
function later(ids, send) {
  for (const id of ids) leaving.add(id);
  changed();
  const stay = () => { for (const id of ids) leaving.delete(id); };
  const timer = setTimeout(async () => {
    await send();
    stay();
    changed();
  }, UNDO_MS);
  toast(t('tokens.remove.done', { count: ids.length, n: number(ids.length) }), {
    undo: () => {
      clearTimeout(timer);
      stay();
      changed();
      toast(t('tokens.remove.undone'));
    },
  });
}

/**
 * @param {readonly Token[]} tokens
 * @param {(token: Token) => Promise<unknown>} send
 * @returns {Promise<{ token: Token, error: unknown }[]>} those that failed
 */
async function each(tokens, send) {
  /** @type {{ token: Token, error: unknown }[]} */
  const failed = [];
  const waiting = [...tokens];
  const worker = async () => {
    for (let token = waiting.shift(); token; token = waiting.shift()) {
      try {
        await send(token);
      } catch (error) {
        failed.push({ token, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}

/**
 * @param {import('./facts.js').Token} token
 * @param {() => void} changed
 * @returns {(import('../../lib/above.js').Item | null | false)[]}
 */
export function rowItems(token, changed) {
  const may = allowed(token, me() ?? { UserId: 0, Scopes: [] });
  const isOthers = isAlive(token) && !may.rotate && can('tokens:write');
  return [
    { label: t('tokens.open'), href: `/tokens/${token.Id}` },
    may.rotate && { label: t('tokens.rotate'), onclick: async () => { if (await rotate(token)) changed(); } },
    isOthers && { label: t('tokens.rotate'), reason: t('tokens.rotate.others') },
    may.edit && { label: t('tokens.edit'), onclick: async () => { if (await edit(token)) changed(); } },
    may.renew && { label: t('tokens.renew'), href: `/tokens/new?from=${token.Id}` },
    isAlive(token) && { label: t('tokens.test'), onclick: async () => (await import('./reveal.js')).testDialog(token) },
    { label: t('tokens.copyId'), onclick: () => void copyText(String(token.Id)) },
    can('audit:read') && { label: t('tokens.audit'), href: `/tokens/${token.Id}?at=timeline` },
    may.revoke && { label: t('tokens.revoke'), danger: true, onclick: async () => { if (await revoke([token])) changed(); } },
    may.remove && { label: t('tokens.removeOne'), danger: true, onclick: () => void remove([token]) },
  ];
}
