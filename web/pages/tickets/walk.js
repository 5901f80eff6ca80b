/**
 * The way through a list: from one ticket to the next without going back. Kept in memory; a reload forgets it.
 */

/** @type {{ids: number[], address: string}} */
let walk = { ids: [], address: '/tickets' };

/** The list one looked at last. @param {number[]} ids @param {string} address */
export function rememberWalk(ids, address) {
  walk = { ids, address };
}

/** Where the list is that one came from. */
export const listAddress = () => walk.address;

/** The tickets beside one in that list. @param {number} id */
export function neighbours(id) {
  const at = walk.ids.indexOf(id);
  return {
    previous: at > 0 ? walk.ids[at - 1] : null,
    next: at >= 0 && at < walk.ids.length - 1 ? walk.ids[at + 1] : null,
    place: at + 1,
    of: walk.ids.length,
  };
}
