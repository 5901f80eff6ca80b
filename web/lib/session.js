/**
 * Who is signed in and what they may do; signing out; signing in again on the same page; the password again.
 * @module
 */
import { ApiError, call, onSessionEnded } from './api.js';

/**
 * @typedef {object} Me
 * @property {number} UserId
 * @property {string} Name
 * @property {string} Email
 * @property {string} Role
 * @property {string[]} Scopes
 * @property {number} SessionId
 * @property {string} ExpiresDateTime
 * @property {string | null} ConfirmedUntilDateTime
 */

/** Nothing until the server was asked. @type {Me | null | undefined} */
let known;

/** Under this name the other tabs hear who is signed in. */
const KEPT_AS = 'tessera:user';

/** Hears `change` when somebody else, or nobody, is signed in. */
export const session = new EventTarget();

/** Who is signed in, as far as was heard. */
export function me() {
  return known ?? null;
}

/** Whether the one signed in holds a scope; the server decides all the same. @param {string} scope */
export function can(scope) {
  return known?.Scopes.includes(scope) ?? false;
}

/** @param {Me | null} next */
export function setMe(next) {
  known = next;
  if (next) localStorage.setItem(KEPT_AS, String(next.UserId));
  session.dispatchEvent(new Event('change'));
}

/** Asks the server who is signed in. */
export async function loadMe() {
  try {
    setMe(await call('/session', { noSignIn: true }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    setMe(null);
  }
  return me();
}

/**
 * @param {string} email
 * @param {string} password
 */
export async function signIn(email, password) {
  setMe(await call('/session', { body: { Email: email, Password: password }, noSignIn: true }));
  // What listened to changes was ended with the session.
  void import('./events.js').then(({ listenAgain }) => listenAgain());
}

/** Ends the session, and forgets drafts. */
export async function signOut() {
  await call('/session', { method: 'DELETE', noSignIn: true });
  for (const name of Object.keys(localStorage)) if (name.startsWith('tessera:draft:')) localStorage.removeItem(name);
  localStorage.removeItem(KEPT_AS);
  setMe(null);
}

// In another tab somebody signed out, or somebody else in: what stands here is not for their eyes.
globalThis.addEventListener?.('storage', ({ key, newValue }) => {
  if (key !== KEPT_AS || known === undefined || (newValue ?? '') === String(known?.UserId ?? '')) return;
  setMe(null);
  location.reload();
});

/** The dialogs that ask for a password, loaded when one is needed. */
const dialogs = () => import('./password-dialog.js');

/** Asks for the password again; true when the session is confirmed. */
export async function confirmAgain() {
  return (await dialogs()).askToConfirm((password) => call('/session/confirm', { body: { Password: password } }));
}

/**
 * Does `action`; where the server wants the password again, asks for it and does it once more.
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function whenConfirmed(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'ConfirmationRequired') throw error;
    if (!(await confirmAgain())) throw error;
    return action();
  }
}

onSessionEnded(async () => {
  const former = known;
  if (!former) return false;
  return (await dialogs()).askToSignIn(former.Email, (password) => signIn(former.Email, password));
});

let secret = '';

/** Takes the secret of a set-up link out of the address at once; whether there was one. It is kept in memory. */
export function takeSetupLink() {
  const found = /^#setup=(\S+)$/.exec(location.hash);
  if (!found) return false;
  secret = found[1] ?? '';
  history.replaceState(history.state, '', location.pathname + location.search);
  return true;
}

/** The secret of the link that was taken; empty if there is none. */
export function setupSecret() {
  return secret;
}

/** Forgets it. */
export function forgetSetupSecret() {
  secret = '';
}
