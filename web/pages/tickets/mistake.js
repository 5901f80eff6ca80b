/**
 * Where in a text the server stopped reading: bytes as it counts them, letters as a browser does, and the place shown.
 */
import { html } from '../../lib/html.js';
import { errorText } from '../../lib/i18n.js';

/** @typedef {{at: number, length: number}} Place */
/** @typedef {{target: 'filter'|'search'|'orderby', shown: unknown}} Mistake `shown` is it in words, with its place */

/**
 * Whether an error is about what was asked; then the list tells it where it was written.
 * @param {import('./list.js').default} page @param {import('../../lib/api.js').ApiError} error
 */
export function take(page, error) {
  const target = error.target.replace(/^\$/, '');
  if (target !== 'filter' && target !== 'search' && target !== 'orderby') return false;
  const source = page.asked[target].trim();
  page.mistake = { target, shown: told(errorText(error), source, placeOf(source, error)) };
  if (target === 'filter') page.asText = true;
  return true;
}

/** The index of a letter, of the byte it begins at. @param {string} text @param {number} offset */
export function indexOfByte(text, offset) {
  let bytes = 0;
  let index = 0;
  for (const letter of text) {
    if (bytes >= offset) break;
    bytes += new TextEncoder().encode(letter).length;
    index += letter.length;
  }
  return index;
}

/**
 * The place an error is about; null if it does not tell.
 * @param {string} text what was sent
 * @param {{message?: string, target?: string, inner?: {offset?: number}}} error
 * @returns {Place|null}
 */
export function placeOf(text, { message = '', inner }) {
  const offset = inner?.offset ?? /\bat byte (\d+)\b/.exec(message)?.[1];
  if (offset !== undefined) return { at: indexOfByte(text, Number(offset)), length: 1 };
  const name = /'([^']+)'/.exec(message)?.[1];
  if (!name) return null;
  const at = text.replace(/'(?:[^']|'')*'/g, (quote) => ' '.repeat(quote.length)).indexOf(name);
  return at < 0 ? null : { at, length: name.length };
}

/**
 * The text around a place, short enough to be shown on a line.
 * @param {string} text @param {Place} place @param {number} [around]
 */
export function excerpt(text, { at, length }, around = 40) {
  const from = at > around ? at - around : 0;
  const to = Math.min(text.length, at + length + around);
  return {
    before: (from > 0 ? '…' : '') + text.slice(from, at),
    wrong: text.slice(at, at + length),
    after: text.slice(at + length, to) + (to < text.length ? '…' : ''),
  };
}

/**
 * A mistake in words, and what was written with its place marked.
 * @param {string} text @param {string} source @param {Place|null} place
 */
export function told(text, source, place) {
  if (!place) return html`<p class="error">${text}</p>`;
  const { before, wrong, after } = excerpt(source, place);
  return html`<p class="error">${text}</p>
    <pre class="caret-line"><code>${before}<mark>${wrong === '' ? ' ' : wrong}</mark>${after}
${' '.repeat([...before].length)}^</code></pre>`;
}
