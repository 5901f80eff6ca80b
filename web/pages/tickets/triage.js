/**
 * Assigning, status and priority of one ticket or many: asks by typing a part of a name, changes each against the
 * version that was seen, tells how it went, and offers to take it back.
 */
import { toast } from '../../lib/above.js';
import { ApiError, call } from '../../lib/api.js';
import { openDialog } from '../../lib/dialog.js';
import { html } from '../../lib/html.js';
import { errorText, t } from '../../lib/i18n.js';
import { can, me } from '../../lib/session.js';
import { choices, typedIn } from './words.js';

/** @typedef {{value: number|null, label: string, hint?: string, told?: string, isNow?: boolean}} Option */

/** Options shown at once; one types to see others. */
const SHOWN_MAX = 50;

/** Letters without accents and case: who types "lin" finds Lín. @param {string} text */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Those that contain all words typed: first whose word it is, then who begins so, then the others. @param {readonly Option[]} options @param {string} typed */
function found(options, typed) {
  const asked = plain(typed).split(/\s+/).filter(Boolean);
  const rank = (/** @type {Option} */ { label }) => {
    const words = plain(label).split(/[^\p{L}\p{N}]+/u);
    return words.includes(asked[0]) ? 0 : words.some((word) => word.startsWith(asked[0])) ? 1 : 2;
  };
  const fitting = options.filter(({ label, hint = '' }) => asked.every((word) => plain(`${label} ${hint}`).includes(word)));
  return asked.length === 0 ? fitting : fitting.sort((one, other) => rank(one) - rank(other));
}

/** Asks for one; undefined if nothing was chosen. @param {string} label what is chosen @param {readonly Option[]} options */
function pick(label, options) {
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
          typed = typedIn(event);
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

/** @typedef {import('./live.js').Row} Row */
/** @typedef {{row: Row, after: Row|null, error: unknown, reason: string}} Outcome */

/**
 * What a row has become by my own changes: who chooses the next value before the answer to the last one is there must
 * not be told that somebody else was faster.
 * By number and version; of long ago nobody asks.
 * @type {Map<string, Row>}
 */
const become = new Map();
const BECOME_MAX = 5000;

/** @param {Row} row */
const versionOf = (row) => `${row.Id} ${row['@odata.etag']}`;

/** My changes so far; each waits for those before. @type {Promise<unknown>} */
let before = Promise.resolve();

/** Changes under way at once; a whole list must not crowd out others. */
const AT_ONCE = 4;

/**
 * Changes each row. Those refused are told with their error, the others as they are now.
 * @param {Row[]} rows
 * @param {(row: Row) => Record<string, unknown>} change what to set
 * @param {string[]} select what to read of the changed ticket
 * @returns {Promise<Outcome[]>} in the order of `rows`
 */
async function changeRows(rows, change, select) {
  const turn = before.then(() => changeAll(rows.map(latest), change, select));
  before = turn.catch(() => {});
  return turn;
}

/** @param {Row} row @returns {Row} */
function latest(row) {
  const next = become.get(versionOf(row));
  return next ? latest(next) : row;
}

/** @param {Row[]} rows @param {(row: Row) => Record<string, unknown>} change @param {string[]} select @returns {Promise<Outcome[]>} */
async function changeAll(rows, change, select) {
  /** @type {Outcome[]} */
  const outcomes = new Array(rows.length);
  let next = 0;
  const work = async () => {
    while (next < rows.length) {
      const place = next++;
      outcomes[place] = await changeRow(rows[place], change(rows[place]), select);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, rows.length) }, work));
  return outcomes;
}

/** @param {Row} row @param {Record<string, unknown>} body @param {string[]} select @returns {Promise<Outcome>} */
async function changeRow(row, body, select) {
  try {
    const after = await call(`/odata/Tickets(${row.Id})?$select=${select.join(',')}`, {
      method: 'PATCH', body, ifMatch: row['@odata.etag'],
    });
    if (become.size >= BECOME_MAX) become.clear();
    if (versionOf(after) !== versionOf(row)) become.set(versionOf(row), after);
    return { row, after, error: null, reason: '' };
  } catch (error) {
    return { row, after: null, error, reason: isOutdated(error) ? t('tickets.problem.outdated') : errorText(error) };
  }
}

/**
 * What takes a change back: the values from before, for each ticket that was changed.
 * @param {Outcome[]} outcomes @param {string[]} names
 */
function reversal(outcomes, names) {
  const done = outcomes.filter((outcome) => outcome.error === null);
  const before = new Map(done.map(({ row }) => [row.Id, Object.fromEntries(names.map((name) => [name, row[name] ?? null]))]));
  return {
    rows: done.map(({ after }) => /** @type {Row} */ (after)),
    change: (/** @type {Row} */ row) => before.get(row.Id) ?? {},
  };
}

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
  const mine = own ? [{ value: own.UserId, label: t('tickets.me.name', { name: own.Name }), told: own.Name, isNow: isNow(own.UserId) }] : [];
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
  await finish(outcomes, desk, (count) => toast(t(`tickets.${deed}.done`, { count, name: chosen.told ?? chosen.label, id: String(rows[0].Id) }), {
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
  if (refused.length > 0) toast(t('tickets.refused', { count: refused.length, reason: refused[0].reason }), { tone: 'bad' });
}

/** Whether somebody else changed the ticket first. @param {unknown} error */
const isOutdated = (error) => error instanceof ApiError && error.status === 412;
