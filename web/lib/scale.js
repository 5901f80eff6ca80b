/**
 * The arithmetic of charts: steps of an axis that begins at 0, and percentiles of counted values.
 * @module
 */

/**
 * Round steps from 0 to at least `max`, few of them.
 * @param {number} max
 * @param {number} [most]
 * @returns {number[]}
 */
export function steps(max, most = 5) {
  const top = Math.max(max, 1);
  const rough = top / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = Math.max(1, [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? 1);
  const count = Math.ceil(top / size);
  return Array.from({ length: count + 1 }, (_, at) => at * size);
}

/** @typedef {{ value: number, count: number }} Counted */

/**
 * The smallest value that at least `percent` of all are not above; null of nothing.
 * @param {readonly Counted[]} counted  in any order
 * @param {number} percent
 * @returns {number | null}
 */
export function percentile(counted, percent) {
  const sorted = [...counted].sort((one, other) => one.value - other.value);
  const total = sorted.reduce((sum, one) => sum + one.count, 0);
  let seen = 0;
  for (const one of sorted) {
    seen += one.count;
    if (seen >= (total * percent) / 100) return one.value;
  }
  return null;
}

/**
 * Each day from `first` to `last` as `2026-11-22`.
 * @param {string} first
 * @param {string} last
 * @returns {string[]}
 */
export function days(first, last) {
  const found = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += 86_400_000) found.push(new Date(at).toISOString().slice(0, 10));
  return found;
}
