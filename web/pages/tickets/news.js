/**
 * What the server tells of changes, as far as tickets are concerned.
 */

/**
 * Calls back with the numbers of tickets that were changed, made or deleted.
 * @param {AbortSignal} _signal
 * @param {(ids: number[]) => void} _heard
 */
export function watchTickets(_signal, _heard) {}
