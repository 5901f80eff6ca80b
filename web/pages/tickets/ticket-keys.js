/**
 * What the single keys do on a ticket.
 */
import { navigate } from '../../lib/router.js';
import { announce } from '../../lib/above.js';
import { t } from '../../lib/i18n.js';
import { showKeys } from './help.js';
import { actionOf, areOn, pressOf } from './keys.js';
import { SETS, choose } from './triage.js';
import { listAddress, neighbours } from './walk.js';

/** @typedef {import('./ticket.js').default} TicketPage */

/** Hears keys as long as the page is shown. */
export class TicketKeys {
  #page;

  /** @param {TicketPage} page @param {AbortSignal} signal */
  constructor(page, signal) {
    this.#page = page;
    document.addEventListener('keydown', (event) => {
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
      const action = actionOf(pressOf(event), 'ticket', areOn(localStorage));
      if (action === null) return;
      event.preventDefault();
      void this.#do(action);
    }, { signal });
  }

  /** @param {string} action */
  async #do(action) {
    const page = this.#page;
    switch (action) {
      case 'reply': case 'note': return page.composer?.show(action);
      case 'assign': case 'status': case 'priority': {
        if (!page.ticket) return;
        const row = /** @type {import('./paging.js').Row} */ (/** @type {unknown} */ (page.ticket));
        page.touch(SETS[action]);
        const chosen = await choose(action, [row]);
        if (chosen) await page.save(SETS[action], chosen.value);
        else page.bases.delete(SETS[action]);
        return;
      }
      case 'next': case 'previous': {
        const to = neighbours(page.number)[action];
        return to === null ? announce(t('tickets.walk.end')) : void navigate(`/tickets/${to}`);
      }
      case 'back': return void navigate(listAddress());
      case 'help': return void showKeys();
    }
  }
}
