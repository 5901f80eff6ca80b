/**
 * Requests to the server, by the session's cookie: one `call` for everything, errors as `ApiError` and `Offline`.
 * Knows no page; who wants to hear of an ended session or a lost server says so here.
 * @module
 */

/** What the server says about a refused request. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string, target?: string, details?: object[], innererror?: object }} error
   * @param {number} retryAfterSecs
   */
  constructor(status, error, retryAfterSecs = 0) {
    super(error.message ?? `the server answered ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = error.code ?? (status === 0 ? 'Offline' : `Status${status}`);
    this.target = error.target ?? '';
    this.details = error.details ?? [];
    /** With InvalidSyntax: `option`, `offset` in bytes, `expected`. */
    this.inner = /** @type {{ option?: string, offset?: number, expected?: string }} */ (error.innererror ?? {});
    this.retryAfterSecs = retryAfterSecs;
  }
}

/** The server cannot be reached. */
export class Offline extends ApiError {
  constructor() {
    super(0, { code: 'Offline', message: 'the server cannot be reached' });
    this.name = 'Offline';
  }
}

/**
 * @typedef {object} CallOptions
 * @property {string} [method]  GET if not given; POST if there is a body
 * @property {unknown} [body]  sent as JSON
 * @property {string} [ifMatch]  the version that is changed
 * @property {string} [key]  Idempotency-Key: the change is made once, however often it is sent
 * @property {AbortSignal} [signal]
 * @property {string} [prefer]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [noSignIn]  an ended session is an error, not a dialog
 */

/** @typedef {{ status: number, headers: Headers, body: any }} Answer */

/** @type {() => Promise<boolean>} */
let signInAgain = () => Promise.resolve(false);
/** @type {Promise<boolean> | null} */
let signingIn = null;

/**
 * What is done when the session has ended: true where one is signed in again.
 * @param {() => Promise<boolean>} handler
 */
export function onSessionEnded(handler) {
  signInAgain = handler;
}

/** Hears `offline` and `online`. */
export const connection = new EventTarget();
let isOffline = false;

/** @param {boolean} offline */
function setOffline(offline) {
  if (offline === isOffline) return;
  isOffline = offline;
  connection.dispatchEvent(new Event(offline ? 'offline' : 'online'));
}

/** Asks the server whether it is there; tells `connection`. */
export async function probe() {
  try {
    const response = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    setOffline(!response.ok);
  } catch {
    setOffline(true);
  }
  return !isOffline;
}

/**
 * The parsed answer; undefined where there is none.
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<any>}
 */
export async function call(path, options = {}) {
  return (await callFull(path, options)).body;
}

/**
 * The answer with its status and headers.
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<Answer>}
 */
export async function callFull(path, options = {}) {
  try {
    return await once(path, options);
  } catch (error) {
    const hasEnded = error instanceof ApiError && (error.code === 'SessionEnded' || error.code === 'Unauthenticated');
    if (!hasEnded || options.noSignIn) throw error;
    signingIn ??= signInAgain().finally(() => { signingIn = null; });
    if (!(await signingIn)) throw error;
    return once(path, options);
  }
}

/**
 * @param {string} path
 * @param {CallOptions} options
 * @returns {Promise<Answer>}
 */
async function once(path, options) {
  const hasBody = options.body !== undefined;
  const headers = new Headers({ Accept: 'application/json', 'X-Requested-With': 'tessera', ...options.headers });
  if (hasBody) headers.set('Content-Type', 'application/json');
  if (options.ifMatch) headers.set('If-Match', options.ifMatch);
  if (options.key) headers.set('Idempotency-Key', options.key);
  if (options.prefer) headers.set('Prefer', options.prefer);
  // Tags do not cover what is computed, such as when a token was last used: the browser's copy could be old.
  /** @type {RequestInit} */
  const init = { method: options.method ?? (hasBody ? 'POST' : 'GET'), headers, credentials: 'same-origin', cache: 'no-store' };
  if (hasBody) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  let response;
  let text;
  try {
    response = await fetch(local(path), init);
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    setOffline(true);
    throw new Offline();
  }
  setOffline(false);
  const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
  const body = text && isJson ? JSON.parse(text) : text || undefined;
  if (!response.ok) throw new ApiError(response.status, body?.error ?? {}, Number(response.headers.get('Retry-After') ?? 0));
  return { status: response.status, headers: response.headers, body };
}

/**
 * The same address on this origin: links in answers name the server's public address.
 * @param {string} address
 */
export function local(address) {
  if (!/^https?:/i.test(address)) return address;
  const url = new URL(address);
  return url.pathname + url.search;
}

/**
 * Every entity of a collection, page by page, up to `most`.
 * @param {string} path
 * @param {CallOptions & { most?: number }} [options]
 * @returns {Promise<any[]>}
 */
export async function callAll(path, { most = 2000, ...options } = {}) {
  /** @type {any[]} */
  const all = [];
  /** @type {string | undefined} */
  let next = path;
  while (next && all.length < most) {
    /** @type {{ value: any[], "@odata.nextLink"?: string }} */
    const page = await call(next, options);
    all.push(...page.value);
    next = page['@odata.nextLink'];
  }
  return all;
}

/**
 * @typedef {object} Query
 * @property {string} [filter]
 * @property {string} [orderby]
 * @property {number} [top]
 * @property {number} [skip]
 * @property {string} [select]
 * @property {string} [expand]
 * @property {boolean} [count]
 * @property {string} [search]
 * @property {string} [apply]
 * @property {string} [compute]
 * @property {string} [format]
 */

/**
 * The address of an entity set with query options, encoded, readable where it can be.
 * @param {string} set
 * @param {Query} [query]
 */
export function odata(set, query = {}) {
  const order = /** @type {const} */ (['apply', 'filter', 'search', 'compute', 'orderby', 'top', 'skip', 'select', 'expand', 'count', 'format']);
  const options = order
    .filter((name) => query[name] !== undefined && query[name] !== '' && query[name] !== false)
    .map((name) => `$${name}=${encoded(String(query[name]))}`);
  return `/odata/${set}${options.length ? `?${options.join('&')}` : ''}`;
}

/** @param {string} text */
function encoded(text) {
  return encodeURIComponent(text).replace(/%(2C|3A|24|40|2F)/g, (escape) => decodeURIComponent(escape));
}

/**
 * A text as OData writes it.
 * @param {string} text
 */
export function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An Idempotency-Key: a change sent again under it is made once. Also where the page does not come over TLS. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
