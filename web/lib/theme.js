/**
 * Light, dark, or as the system has it; and how close rows stand. Kept in this browser.
 * @module
 */

/** @typedef {'system' | 'light' | 'dark'} Theme */

const KEPT_AS = 'tessera:theme';

/** What was chosen. @returns {Theme} */
export function theme() {
  const kept = localStorage.getItem(KEPT_AS);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** @param {Theme} next */
export function setTheme(next) {
  localStorage.setItem(KEPT_AS, next);
  applyTheme();
}

/** Puts what was chosen on the page. */
export function applyTheme() {
  const chosen = theme();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}
