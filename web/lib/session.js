/**
 * Who is signed in and what they may do; signing out; signing in again on the same page; the password again. And what
 * changes while it changes: one stream of events for all open tabs, heard by who asks for some sets. The stream is the
 * session's: it begins and ends with it, and is opened again when somebody signs in.
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
  listenAgain();
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

/** @typedef {{ set: string, id: number, kind: 'Created' | 'Changed' | 'Deleted', ticketId?: number }} Change */
/** @typedef {Change[] | 'reset'} Heard */
/** @typedef {(heard: Heard) => void} Listener */
/** @typedef {{ changes?: Change[], reset?: string[] | true }} Told */

const NAME = 'tessera:events';
/** How long after a refusal the stream is tried again: somebody may have signed in. */
const AGAIN_MILLIS = 10_000;

/** @type {Set<{ sets: Set<string>, tell: Listener }>} */
const listeners = new Set();
/** @type {BroadcastChannel | undefined} */
let channel;
/** @type {EventSource | undefined} */
let source;
/** The last event this tab knows of, wherever it came from. */
let last = '';
let isStarted = false;

/**
 * Calls `tell` with what happened to entities of `sets` until `signal` ends; with `'reset'` where so much did that
 * everything should be read again.
 * @param {AbortSignal} signal
 * @param {string[]} sets
 * @param {Listener} tell
 */
export function onChange(signal, sets, tell) {
  if (signal.aborted) return;
  const listener = { sets: new Set(sets), tell };
  listeners.add(listener);
  signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
  if (!isStarted) start();
}

/** Tries again at once, here or in the tab that holds the stream: somebody signed in. */
function listenAgain() {
  channel?.postMessage({ again: true });
  reopen();
}

function reopen() {
  if (source?.readyState === EventSource.CLOSED) open();
}

/** The tab that holds the lock holds the stream and hands on what it hears; when it closes, another takes over. */
function start() {
  isStarted = true;
  if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) {
    // Each tab has a stream then, but a browser few connections to one server: those that are seen have one.
    document.addEventListener('visibilitychange', () => { if (document.hidden) source?.close(); else open(); });
    return open();
  }
  channel = new BroadcastChannel(NAME);
  channel.addEventListener('message', ({ data }) => {
    if (data.again) return reopen();
    last = data.last;
    hear(data.told);
  });
  listenAgain();
  void navigator.locks.request(NAME, () => {
    open();
    return new Promise(() => {});
  });
}

function open() {
  source?.close();
  if (!channel && document.hidden) return;
  source = new EventSource(last ? `/events?after=${last}` : '/events');
  // What changed between the first reading of the page and now was not told.
  source.addEventListener('open', () => { if (!last) hear({ reset: true }); }, { once: true });
  source.addEventListener('change', (event) => {
    const { Changes } = JSON.parse(event.data);
    spread(event, {
      changes: Changes.map((/** @type {Record<string, any>} */ it) => (
        { set: it.EntitySet, id: it.Id, kind: it.Kind, ticketId: it.TicketId })),
    });
  });
  source.addEventListener('reset', (event) => spread(event, { reset: JSON.parse(event.data).EntitySets ?? true }));
  // Whoever is signed out hears nothing more; the next request of the page says so in words.
  source.addEventListener('end', () => source?.close());
  source.addEventListener('error', () => {
    if (source?.readyState === EventSource.CLOSED) setTimeout(reopen, AGAIN_MILLIS);
  });
}

/**
 * Hears it here and in the other tabs.
 * @param {MessageEvent} event
 * @param {Told} told
 */
function spread(event, told) {
  last = event.lastEventId;
  channel?.postMessage({ last, told });
  hear(told);
}

/** @param {Told} told */
function hear({ changes = [], reset }) {
  for (const { sets, tell } of [...listeners]) {
    if (reset) {
      if (reset === true || reset.some((set) => sets.has(set))) tell('reset');
      continue;
    }
    const own = changes.filter((change) => sets.has(change.set));
    if (own.length) tell(own);
  }
}
