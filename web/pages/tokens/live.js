/**
 * Follows one token while something waits for its next request: asks for its row from time to time, and stops with the signal.
 * @module
 */
import { call } from '../../lib/api.js';

/** Between two looks, while the page is seen. */
const PAUSE_MS = 3000;

/**
 * @param {number} id
 * @param {AbortSignal} signal
 * @param {(token: import('./facts.js').Token) => void} tell  hears of the row at once and whenever it has changed
 */
export async function follow(id, signal, tell) {
  let seen = '';
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        const token = await call(`/odata/AccessTokens(${id})`, { signal });
        const now = JSON.stringify(token);
        if (now !== seen && !signal.aborted) tell(token);
        seen = now;
      } catch {
        // The next look may succeed; a server that is gone has a banner of its own.
      }
    }
    await pause(signal);
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function pause(signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
