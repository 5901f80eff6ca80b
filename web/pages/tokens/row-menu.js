/**
 * What can be done with one token, as entries of a menu; what cannot is shown with its reason or left out.
 * @module
 */
import { copyText } from '../../lib/copy.js';
import { t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { remove, revoke } from './bulk.js';
import { editDialog } from './edit.js';
import { allowed, isAlive } from './facts.js';
import { rotateDialog } from './rotate.js';
import { testDialog } from './test-token.js';

/**
 * @param {import('./facts.js').Token} token
 * @param {() => void} changed
 * @returns {(import('../../lib/menu.js').Item | null | false)[]}
 */
export function rowItems(token, changed) {
  const may = allowed(token, me() ?? { UserId: 0, Scopes: [] });
  const isOthers = isAlive(token) && !may.rotate && can('tokens:write');
  return [
    { label: t('tokens.open'), href: `/tokens/${token.Id}` },
    may.rotate && { label: t('tokens.rotate'), onclick: async () => { if (await rotateDialog(token)) changed(); } },
    isOthers && { label: t('tokens.rotate'), reason: t('tokens.rotate.others') },
    may.edit && { label: t('tokens.edit'), onclick: async () => { if (await editDialog(token)) changed(); } },
    may.renew && { label: t('tokens.renew'), href: `/tokens/new?from=${token.Id}` },
    isAlive(token) && { label: t('tokens.test'), onclick: () => void testDialog(token) },
    { label: t('tokens.copyId'), onclick: () => void copyText(String(token.Id)) },
    can('audit:read') && { label: t('tokens.audit'), href: `/tokens/${token.Id}?at=timeline` },
    may.revoke && { label: t('tokens.revoke'), danger: true, onclick: async () => { if (await revoke([token])) changed(); } },
    may.remove && { label: t('tokens.removeOne'), danger: true, onclick: () => void remove([token]) },
  ];
}
