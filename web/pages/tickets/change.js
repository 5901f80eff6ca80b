/**
 * Changes of one ticket or of many, each against the version that was seen.
 */
import { call } from '../../lib/api.js';

/** @typedef {import('./paging.js').Row} Row */
/** @typedef {{row: Row, after: Row|null, error: unknown}} Outcome */

/** Changes under way at once; a whole list must not crowd out others. */
const AT_ONCE = 4;

/**
 * Changes each row. Those refused are told with their error, the others as they are now.
 * @param {Row[]} rows
 * @param {(row: Row) => Record<string, unknown>} change what to set
 * @param {string[]} select what to read of the changed ticket
 * @returns {Promise<Outcome[]>} in the order of `rows`
 */
export async function changeRows(rows, change, select) {
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
    return { row, after, error: null };
  } catch (error) {
    return { row, after: null, error };
  }
}

/**
 * What takes a change back: the values from before, for each ticket that was changed.
 * @param {Outcome[]} outcomes @param {string[]} names
 */
export function reversal(outcomes, names) {
  const done = outcomes.filter((outcome) => outcome.after !== null);
  const before = new Map(done.map(({ row }) => [row.Id, Object.fromEntries(names.map((name) => [name, row[name] ?? null]))]));
  return {
    rows: done.map(({ after }) => /** @type {Row} */ (after)),
    change: (/** @type {Row} */ row) => before.get(row.Id) ?? {},
  };
}
