/**
 * Assigning, status and priority of one ticket or many: asks, changes, tells, and offers to take it back.
 */
import { ApiError, call } from '../../lib/api.js';
import { errorText, t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { toast } from '../../lib/above.js';
import { changeRows, reversal } from './change.js';
import { choices } from './lists.js';
import { pick } from './pick.js';

/** @typedef {import('./paging.js').Row} Row */
/** @typedef {import('./change.js').Outcome} Outcome */
/** @typedef {'assign'|'status'|'priority'} Deed */

/** What each deed sets. @type {Readonly<Record<Deed, 'AssigneeId'|'StatusId'|'PriorityId'>>} */
export const SETS = { assign: 'AssigneeId', status: 'StatusId', priority: 'PriorityId' };

/**
 * @typedef {object} Desk
 * @property {string[]} select what to read of a changed ticket
 * @property {(outcomes: Outcome[]) => void} show puts outcomes into the list
 */

/**
 * What one may choose for a deed, the present value marked where all rows share it.
 * @param {Deed} deed @param {Row[]} rows
 */
async function optionsFor(deed, rows) {
  const values = new Set(rows.map((row) => row[SETS[deed]] ?? null));
  const isNow = (/** @type {number|null} */ value) => values.size === 1 && values.has(value);
  const list = await choices(deed === 'assign' ? 'Users' : deed === 'status' ? 'Statuses' : 'Priorities');
  const options = list.map(({ Id, Name, Email }) => ({ value: Id, label: Name, ...(Email ? { hint: Email } : {}), isNow: isNow(Id) }));
  if (deed === 'status') return options;
  const none = { value: null, label: t(deed === 'assign' ? 'tickets.nobody' : 'tickets.noPriority'), isNow: isNow(null) };
  if (deed === 'priority') return [...options, none];
  const own = me();
  const mine = own ? [{ value: own.UserId, label: t('tickets.me.name', { name: own.Name }), isNow: isNow(own.UserId) }] : [];
  return [...mine, none, ...options.filter(({ value }) => value !== own?.UserId)];
}

/**
 * Asks for the value of a deed; undefined if nothing was chosen, or may be.
 * @param {Deed} deed @param {Row[]} rows
 */
export async function choose(deed, rows) {
  if (!can('tickets:write')) {
    toast(t('tickets.mayNot'), { tone: 'bad' });
    return undefined;
  }
  const label = rows.length === 1
    ? t(`tickets.${deed}.one`, { id: String(rows[0].Id) })
    : t(`tickets.${deed}.many`, { count: rows.length });
  const options = await optionsFor(deed, rows).catch((error) => {
    toast(errorText(error), { tone: 'bad' });
    return null;
  });
  return options ? pick(label, options) : undefined;
}

/**
 * Asks for a value and sets it on all rows.
 * @param {Deed} deed @param {Row[]} rows @param {Desk} desk
 */
export async function triage(deed, rows, desk) {
  const chosen = await choose(deed, rows);
  if (!chosen) return;
  const name = SETS[deed];
  const outcomes = await changeRows(rows, () => ({ [name]: chosen.value }), desk.select);
  await finish(outcomes, desk, (count) => toast(t(`tickets.${deed}.done`, { count, name: chosen.label, id: String(rows[0].Id) }), {
    undo: () => void undo(outcomes, name, desk),
  }));
}

/** @param {Outcome[]} outcomes @param {string} name @param {Desk} desk */
async function undo(outcomes, name, desk) {
  const { rows, change } = reversal(outcomes, [name]);
  const back = await changeRows(rows, change, desk.select);
  await finish(back, desk, (count) => toast(t('tickets.undone', { count })));
}

/**
 * Shows outcomes, those refused with what the ticket is now, and says how it went.
 * @param {Outcome[]} outcomes @param {Desk} desk @param {(count: number) => void} told
 */
async function finish(outcomes, desk, told) {
  const refused = outcomes.filter((outcome) => outcome.error !== null);
  await Promise.all(refused.filter(({ error }) => isOutdated(error)).map(async (outcome) => {
    outcome.after = await call(`/odata/Tickets(${outcome.row.Id})?$select=${desk.select.join(',')}`).catch(() => null);
  }));
  desk.show(outcomes);
  const done = outcomes.length - refused.length;
  if (done > 0) told(done);
  if (refused.length > 0) toast(t('tickets.refused', { count: refused.length, reason: problemText(refused[0].error) }), { tone: 'bad' });
}

/** Whether somebody else changed the ticket first. @param {unknown} error */
export const isOutdated = (error) => error instanceof ApiError && error.status === 412;

/** Why a row was refused. @param {unknown} error */
export const problemText = (error) => (isOutdated(error) ? t('tickets.problem.outdated') : errorText(error));
