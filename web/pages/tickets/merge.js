/**
 * Two versions of one ticket: what I wanted, what others did meanwhile, and what comes of both.
 */

/** @typedef {Record<string, unknown>} Values */
/**
 * @typedef {object} Difference
 * @property {string} name the property
 * @property {unknown} base what it was when I began
 * @property {unknown} mine what I want it to be
 * @property {unknown} theirs what it is now
 * @property {'mine'|'theirs'|'both'} changed by whom; `both` only where the results differ
 */

/** Whether two values of a property are the same. @param {unknown} one @param {unknown} other */
export const equal = (one, other) => (one ?? null) === (other ?? null) || JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/**
 * What the versions differ in, in the order of `names`.
 * @param {Values} base the ticket as I read it
 * @param {Values} change what I send
 * @param {Values} theirs the ticket as it is now
 * @param {readonly string[]} names the properties worth telling
 * @returns {Difference[]}
 */
export function differences(base, change, theirs, names) {
  /** @type {Difference[]} */
  const found = [];
  for (const name of names) {
    const mine = name in change ? change[name] : base[name];
    const iChanged = !equal(mine, base[name]);
    const theyChanged = !equal(theirs[name], base[name]);
    if (!iChanged && !theyChanged) continue;
    if (equal(mine, theirs[name])) continue;
    const changed = iChanged && theyChanged ? 'both' : iChanged ? 'mine' : 'theirs';
    found.push({ name, base: base[name], mine, theirs: theirs[name], changed });
  }
  return found;
}

/** Whether anybody must choose: somebody else changed a property at all. @param {Difference[]} found */
export const needsChoice = (found) => found.some((difference) => difference.changed !== 'mine');

/**
 * What to send after choosing, against the version of the others: mine where it is picked.
 * @param {Difference[]} found
 * @param {ReadonlySet<string>} picked names of properties for which mine counts
 * @returns {Values}
 */
export function merged(found, picked) {
  const chosen = found.filter((difference) => picked.has(difference.name));
  return Object.fromEntries(chosen.map(({ name, mine }) => [name, mine]));
}

/** What is picked before anybody chose: all I changed. @param {Difference[]} found */
export const firstPick = (found) =>
  new Set(found.filter((difference) => difference.changed !== 'theirs').map((difference) => difference.name));
