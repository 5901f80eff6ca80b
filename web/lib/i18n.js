/**
 * Texts in the language of the person, and times and numbers as they write them.
 * Pages register their own texts; a key that is missing is shown as it is, so that a test finds it. Errors of the
 * server and names of programs are put into words here, too.
 * @module
 */

/** A text, or one for each plural form. @typedef {string | { one: string, other: string }} Message */
/** @typedef {Record<string, Message>} Messages */

const LANGUAGES = /** @type {const} */ (['en', 'de']);
/** @typedef {'en' | 'de'} Language */

const KEPT_AS = 'tessera:lang';

/** @type {Record<Language, Messages>} */
const known = { en: {}, de: {} };

/** @type {Language} */
let current = chosen();
/** Fetch texts of one language, and register them. @type {((language: Language) => Promise<void>)[]} */
const sources = [];

/** The language with the region the browser asks for, for times and numbers. */
export function locale() {
  return globalThis.navigator?.languages?.find((tag) => tag.toLowerCase().startsWith(current)) ?? current;
}

/** Hears `change` when another language was chosen. */
export const language = new EventTarget();

function chosen() {
  /** @type {readonly string[]} */
  const wanted = [globalThis.localStorage?.getItem(KEPT_AS) ?? '', ...(globalThis.navigator?.languages ?? [])];
  for (const tag of wanted) {
    const found = LANGUAGES.find((one) => tag.toLowerCase().startsWith(one));
    if (found) return found;
  }
  return 'en';
}

/**
 * Adds texts.
 * @param {Partial<Record<Language, Messages>>} messages
 */
export function register(messages) {
  for (const one of LANGUAGES) Object.assign(known[one], messages[one] ?? {});
}

/**
 * Says how some texts are fetched, one language at a time, and fetches those of the language that is shown.
 * @param {(language: Language) => Promise<Messages>} fetch
 */
export async function pageTexts(fetch) {
  const source = async (/** @type {Language} */ language) => register({ [language]: await fetch(language) });
  sources.push(source);
  await source(current);
}

/** The language that is shown. */
export function lang() {
  return current;
}

/** @param {Language} next */
export async function setLang(next) {
  await Promise.all(sources.map((source) => source(next)));
  current = next;
  globalThis.localStorage?.setItem(KEPT_AS, next);
  document.documentElement.lang = next;
  language.dispatchEvent(new Event('change'));
}

/**
 * The text of `key`, its `{names}` filled in. A text with plural forms goes by `count`.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const message = known[current][key] ?? known.en[key] ?? key;
  const form = typeof message === 'string' ? message : plural(message, Number(values['count'] ?? 0));
  return form.replace(/\{(\w+)\}/g, (written, name) => {
    const value = values[name];
    if (value === undefined) return written;
    return typeof value === 'number' ? number(value) : value;
  });
}

/** Whether there is a text for `key`. @param {string} key */
export function has(key) {
  return key in known[current] || key in known.en;
}

/**
 * @param {{ one: string, other: string }} forms
 * @param {number} count
 */
function plural(forms, count) {
  return new Intl.PluralRules(current).select(count) === 'one' ? forms.one : forms.other;
}

/** A number with the separators of the language. @param {number} value @param {Intl.NumberFormatOptions} [options] */
export function number(value, options) {
  return new Intl.NumberFormat(locale(), options).format(value);
}

/** Day and time where the reader is. @param {string | null | undefined} iso */
export function dateTime(iso) {
  return iso ? new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso)) : '';
}

/** The day where the reader is; of a bare date, that date. @param {string | null | undefined} iso */
export function date(iso) {
  if (!iso) return '';
  const isBare = iso.length === 10;
  const options = /** @type {const} */ ({ dateStyle: 'medium', ...(isBare ? { timeZone: 'UTC' } : {}) });
  return new Intl.DateTimeFormat(locale(), options).format(new Date(iso));
}

/** A text of the log with times as the reader writes them, and lists that break between their words. @param {string} text */
export const logText = (text) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, dateTime).replace(/,(?=[a-z]+:)/g, ', ');

/** Day and month of a bare date, short. @param {string} iso */
export function dayMonth(iso) {
  return new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(iso));
}

const UNITS = /** @type {const} */ ([
  ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60],
]);

/** How long ago or how far ahead. @param {string | null | undefined} iso @param {number} [now] */
export function relative(iso, now = Date.now()) {
  if (!iso) return '';
  const secs = (new Date(iso).getTime() - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(secs) >= size) ?? ['second', 1];
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  return unit === 'second' ? format.format(0, 'second') : format.format(Math.trunc(secs / size), unit);
}

/** A span in words, in at most two units. @param {number} secs */
export function duration(secs) {
  const units = /** @type {const} */ ([['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]]);
  let rest = Math.max(0, Math.round(secs));
  const parts = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(number(count, { style: 'unit', unit, unitDisplay: 'short' }));
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ') || number(0, { style: 'unit', unit: 'minute', unitDisplay: 'short' });
}

/** Reasons of the server as it says them, each with how it is said in another language. @typedef {readonly (readonly [RegExp, string])[]} Reasons */
/** @typedef {Error & { code?: string, target?: string, retryAfterSecs?: number }} Told */

/** @type {Partial<Record<Language, Reasons>>} */
const reasons = {};

/** Adds those of a language. @param {Language} language @param {Reasons} more */
export function registerReasons(language, more) {
  reasons[language] = more;
}

/** What messages of the server tell beside their words. */
const PARTS = {
  reason: / (?:fit|conflicts|policy|used|decoded|byte \d+): (.+)$/s, limit: /'([^']*)' of \d/, max: /' of (\d+)/, name: /'([^']*)'/,
  near: /did you mean '([^']*)'/, id: /under (\w+)$/, when: /(?:at|until) (\d{4}-\S+)/, address: /address ([^\s;]+)/, feature: /^(.*) is not impl/,
};

/** @param {Told} error @returns {Record<keyof typeof PARTS, string>} */
function partsOf({ message }) {
  const parts = Object.entries(PARTS).map(([name, place]) => [name, place.exec(message)?.[1] ?? '']);
  return Object.fromEntries(parts);
}

/** Why the server refused, without what was refused; in the language shown, where it can be said in it. @param {Told} error */
function reasonOf(error) {
  const reason = partsOf(error).reason || error.message;
  const known = (reasons[current] ?? []).find(([said]) => said.test(reason));
  return known ? reason.replace(...known) : t('error.reason', { reason });
}

/** The same as a sentence: what stands beside a control that has a name already. @param {Told} error */
export const reasonText = (error) => sentence(reasonOf(error));

/**
 * An error in words: by its code, with what the server said where that tells more.
 * @param {unknown} error
 */
export function errorText(error) {
  if (!(error instanceof Error)) return String(error);
  const { code = '', target = '', retryAfterSecs } = /** @type {Told} */ (error);
  const secs = retryAfterSecs || 1;
  const parts = partsOf(error);
  const values = {
    ...parts, target, secs, count: secs, max: parts.max && Number(parts.max), when: dateTime(parts.when), message: sentence(error.message),
    reason: reasonOf(error), hint: parts.near && t('error.hint', { near: parts.near }),
  };
  return sentence(t(code && isWhole(`error.${code}`, values) ? `error.${code}` : 'error.other', values));
}

/** Whether there is a text for `key`, and something for each of its places; a hint may be missing. @param {string} key @param {Record<string, string | number>} values */
function isWhole(key, values) {
  const message = known[current][key] ?? known.en[key];
  const places = JSON.stringify(message ?? '').matchAll(/\{(\w+)\}/g);
  return message !== undefined && [...places].every(([, name = '']) => name === 'hint' || values[name] !== '');
}

/**
 * A program by its short name, from what it calls itself.
 * @param {string | null} agent
 */
export function program(agent) {
  if (!agent) return '–';
  // Edge and Opera call themselves Chrome, and Chrome calls itself Safari, too.
  const found = /(Edg|OPR)\/(\d+)/.exec(agent) ?? /(Firefox|PowerShell|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent);
  if (!found) return agent.slice(0, 40);
  const name = { Edg: 'Edge', OPR: 'Opera' }[found[1] ?? ''] ?? found[1];
  return `${name} ${found[2]}${system ? `, ${system[1]}` : ''}`;
}

/** @param {string} text */
function sentence(text) {
  if (!text) return text;
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(begun) ? begun : `${begun}.`;
}

/** Whether `error` is only that a page was left. @param {unknown} error */
export function isAborted(error) {
  return error instanceof DOMException && error.name === 'AbortError';
}
