/**
 * What the dashboard asks the feed, each as one address that anybody may use, and what is made of the answers.
 * @module
 */
import { odata } from '../../lib/api.js';
import { days, percentile } from '../../lib/scale.js';

/** @typedef {{ Date: string, Created: number, Resolved: number }} Day */
/** @typedef {{ Priority: string | null, PriorityPosition: number | null, Age: number, Tickets: number }} Aged */
/** @typedef {{ Priority: string | null, PriorityPosition: number | null, Hours: number, Tickets: number }} Solved */
/** A table by priority: a row has a name and a value for each column. @typedef {{ priority: string, values: number[] }} ByPriority */

/** How many days can be looked back. */
export const SPANS = [7, 30, 90, 365];
/** More days than this are shown as weeks. */
export const DAYS_SHOWN = 90;

/** Upper ends of the ages in days; the last has none. */
export const AGES = [1, 7, 30, 90];

/** The percentiles that are shown. */
export const PERCENTS = [50, 75, 90, 95];

/** What is open: neither resolved nor closed. */
export const OPEN = 'ResolvedDate eq null and ClosedDate eq null';

/** Created and resolved tickets of each day. @param {number} span */
export function byDay(span) {
  return odata('TicketsByDay', {
    apply: `filter(Date ge date(now() sub duration'P${span - 1}D'))/groupby((Date),aggregate(CreatedCount with sum as Created,ResolvedCount with sum as Resolved))/orderby(Date)`,
  });
}

/** Open tickets by priority and how old they are. */
export function byAge() {
  const cases = AGES.map((end) => `now() sub CreatedDateTime lt duration'P${end}D':${end}`).join(',');
  return odata('Tickets', {
    apply: `filter(${OPEN})/compute(case(${cases},true:0) as Age)/groupby((Priority,PriorityPosition,Age),aggregate($count as Tickets))`,
  });
}

/** How many tickets were resolved within how many whole hours. @param {number} span */
export function byHours(span) {
  return odata('Tickets', {
    apply: `filter(ResolvedDate ge date(now() sub duration'P${span - 1}D'))/compute(ceiling(ResolutionHours) as Hours)/groupby((Priority,PriorityPosition,Hours),aggregate($count as Tickets))`,
  });
}

/**
 * Every day of the span, also those without a row.
 * @param {readonly Day[]} rows
 * @param {number} span
 * @param {number} [now]
 * @returns {Day[]}
 */
export function filled(rows, span, now = Date.now()) {
  const known = new Map(rows.map((row) => [row.Date, row]));
  const last = [new Date(now).toISOString().slice(0, 10), rows.at(-1)?.Date ?? ''].sort().at(-1) ?? '';
  const first = new Date(Date.parse(last) - (span - 1) * 86_400_000).toISOString().slice(0, 10);
  return days(first, last).map((day) => known.get(day) ?? { Date: day, Created: 0, Resolved: 0 });
}

/**
 * Days as weeks that end today, each under its first day; the days before the first whole week are left out.
 * @param {readonly Day[]} rows
 * @returns {Day[]}
 */
export function weeks(rows) {
  const found = [];
  for (let at = rows.length % 7; at < rows.length; at += 7) {
    const week = rows.slice(at, at + 7);
    const sum = (/** @type {'Created' | 'Resolved'} */ name) => week.reduce((total, row) => total + row[name], 0);
    found.push({ Date: week[0]?.Date ?? '', Created: sum('Created'), Resolved: sum('Resolved') });
  }
  return found;
}

/**
 * Priorities, the most urgent first, each with its rows.
 * @template {{ Priority: string | null, PriorityPosition: number | null }} R
 * @param {readonly R[]} rows
 * @returns {[name: string | null, rows: R[]][]}
 */
export function priorities(rows) {
  const places = new Map(rows.map((row) => [row.Priority, row.PriorityPosition ?? -1]));
  return [...places].sort((one, other) => other[1] - one[1]).map(([name]) => [name, rows.filter((row) => row.Priority === name)]);
}

/**
 * How many of the rows are of each age.
 * @param {readonly Aged[]} rows
 */
export function ages(rows) {
  return [...AGES, 0].map((end) => rows.filter((row) => row.Age === end).reduce((sum, row) => sum + row.Tickets, 0));
}

/**
 * The hours within which each of the percents was resolved.
 * @param {readonly Solved[]} rows
 */
export function percentiles(rows) {
  const counted = rows.map((row) => ({ value: Math.max(1, row.Hours), count: row.Tickets }));
  return PERCENTS.map((percent) => percentile(counted, percent));
}
