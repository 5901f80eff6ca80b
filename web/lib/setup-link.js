/**
 * The secret of a set-up link: taken from the address at once and kept in memory until it is used.
 * @module
 */

let secret = '';

/** Takes `#setup=…` out of the address; whether there was one. */
export function takeSetupLink() {
  const found = /^#setup=(\S+)$/.exec(location.hash);
  if (!found) return false;
  secret = found[1] ?? '';
  history.replaceState(history.state, '', location.pathname + location.search);
  return true;
}

/** The secret that was taken; empty if there is none. */
export function setupSecret() {
  return secret;
}

/** Forgets it. */
export function forgetSetupSecret() {
  secret = '';
}
