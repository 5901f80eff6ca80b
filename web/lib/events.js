/**
 * What changes, while it changes: one stream of events for all open tabs, heard by who asks for some sets.
 * @module
 */

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
export function listenAgain() {
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
