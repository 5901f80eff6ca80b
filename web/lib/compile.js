/**
 * Reads the fixed parts of a template: where its holes are and what kind each is. Knows no document.
 * @module
 */

/** What a hole is for. @typedef {'child' | 'attribute' | 'property' | 'boolean' | 'event' | 'key' | 'ref'} Kind */

/**
 * @typedef {object} Hole
 * @property {Kind} kind
 * @property {string} name  of the attribute, property or event; empty for a child
 */

/** @typedef {{ markup: string, holes: Hole[] }} Compiled */

/** What stands for hole `i` in the markup: a comment among children, a text within an attribute. */
export const MARK = 'tsr-hole-';

/** What the names of attributes with holes begin with. */
export const APART = 'tsr-';

const FORBIDDEN_ATTRIBUTE = /^(on.*|style|srcdoc)$/i;
const FORBIDDEN_PROPERTY = /^(innerHTML|outerHTML|srcdoc|textContent)$/;
const LAST_ATTRIBUTE = /([^\s"'<>/=]+)\s*=\s*(?:"[^"]*|'[^']*|)$/;

/**
 * @param {readonly string[]} strings
 * @returns {Compiled}
 */
export function compile(strings) {
  /** @type {Hole[]} */
  const holes = [];
  let markup = '';
  let state = { inTag: false, quote: '' };
  strings.forEach((string, index) => {
    markup += string;
    if (index === strings.length - 1) return;
    state = scan(string, state);
    if (!state.inTag) {
      refuseRawText(markup);
      holes.push({ kind: 'child', name: '' });
      markup += `<!--${MARK}${index}-->`;
      return;
    }
    const found = LAST_ATTRIBUTE.exec(markup);
    if (!found) throw new Error(`a hole in a tag must be the value of an attribute: ${string}`);
    const name = found[1] ?? '';
    const isFirst = !name.startsWith(APART);
    holes.push(attributeHole(isFirst ? name : name.slice(APART.length)));
    // Under its own name the browser would take the mark for the value.
    if (isFirst) markup = markup.slice(0, found.index) + APART + markup.slice(found.index);
    markup += state.quote ? `${MARK}${index};` : `"${MARK}${index};"`;
  });
  return { markup, holes };
}

/**
 * Whether the end of `text` is within a tag, and within which quotes.
 * @param {string} text
 * @param {{ inTag: boolean, quote: string }} from
 */
function scan(text, from) {
  let { inTag, quote } = from;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (!inTag) {
      if (text.startsWith('<!--', at)) {
        const end = text.indexOf('-->', at);
        if (end < 0) throw new Error('no hole within a comment');
        at = end + 2;
      } else if (char === '<' && /[a-z/]/i.test(text.charAt(at + 1))) inTag = true;
    } else if (quote) {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '>') inTag = false;
  }
  return { inTag, quote };
}

/** @param {string} markup */
function refuseRawText(markup) {
  const open = /<(textarea|title|style|script)\b[^>]*>[^<]*$/i.exec(markup);
  if (open) throw new Error(`no hole within <${open[1]}>: give its value as a property`);
}

/**
 * @param {string} written
 * @returns {Hole}
 */
function attributeHole(written) {
  const name = written.slice(1);
  if (written.startsWith('@')) return { kind: 'event', name };
  if (written.startsWith('?')) return { kind: 'boolean', name };
  if (written.startsWith('.')) {
    if (FORBIDDEN_PROPERTY.test(name)) throw new Error(`${name} is not for templates`);
    return { kind: 'property', name };
  }
  if (written === 'key' || written === 'ref') return { kind: written, name: written };
  if (FORBIDDEN_ATTRIBUTE.test(written)) throw new Error(`${written} is not for templates`);
  return { kind: 'attribute', name: written };
}

const LINKING = new Set(['href', 'src', 'action', 'formaction', 'xlink:href']);

/**
 * The address if it leads to a page, a file or a mail; nothing if it could run a script.
 * @param {string} name
 * @param {string} value
 */
export function safeValue(name, value) {
  if (!LINKING.has(name.toLowerCase())) return value;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value.replace(/[\u0000-\u0020]/g, ''));
  if (!scheme) return value;
  return /^(https?|mailto|tel|blob)$/i.test(scheme[1] ?? '') ? value : 'about:blank';
}
