/**
 * The fixed parts of a template, read once: where its holes are and what kind each is; and the places in a tag that
 * follow values: attributes, properties, events.
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
const FORBIDDEN_PROPERTY = /^(innerHTML|outerHTML|srcdoc|textContent|href|src|action|formAction|on.*)$/;
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

/** One place of an instance that follows a value. @typedef {{ set(values: readonly unknown[]): void }} Part */

const HOLE_IN_TEXT = new RegExp(`${MARK}(\\d+);`);

/**
 * Adds the parts of one element, and takes the marks off it.
 * @param {Element} element
 * @param {Hole[]} holes
 * @param {Part[]} parts
 */
export function attributeParts(element, holes, parts) {
  for (const attribute of [...element.attributes]) {
    if (!attribute.name.startsWith(APART)) continue;
    const pieces = attribute.value.split(HOLE_IN_TEXT);
    element.removeAttribute(attribute.name);
    const index = Number(pieces[1]);
    const hole = holes[index];
    if (!hole) throw new Error(`no value for ${attribute.name}`);
    if (hole.kind === 'key') continue;
    if (hole.kind === 'attribute') parts.push(new AttributePart(element, hole.name, pieces));
    else parts.push(new ElementPart(element, hole, index));
  }
}

/** An attribute, of one value or of values among fixed text. */
class AttributePart {
  /** @type {string | null | undefined} */
  #now;

  /**
   * @param {Element} element
   * @param {string} name
   * @param {string[]} pieces  fixed text and indexes of values, by turns
   */
  constructor(element, name, pieces) {
    this.element = element;
    this.name = name;
    this.pieces = pieces;
  }

  /** @param {readonly unknown[]} values */
  set(values) {
    const text = this.#text(values);
    if (text === this.#now) return;
    this.#now = text;
    if (text === null) this.element.removeAttribute(this.name);
    else this.element.setAttribute(this.name, safeValue(this.name, text));
  }

  /** @param {readonly unknown[]} values */
  #text(values) {
    const isAlone = this.pieces.length === 3 && !this.pieces[0] && !this.pieces[2];
    if (!isAlone) {
      return this.pieces.map((piece, at) => (at % 2 ? shown(values[Number(piece)]) : piece)).join('');
    }
    const value = values[Number(this.pieces[1])];
    if (value === null || value === undefined) return null;
    if (typeof value === 'boolean' && !this.name.startsWith('aria-')) return value ? '' : null;
    return String(value);
  }
}

/** A property, an attribute that is there or not, an event, or a function that is told the element. */
class ElementPart {
  /** @type {unknown} */
  #now = undefined;
  #isNew = true;

  /**
   * @param {Element} element
   * @param {Hole} hole
   * @param {number} index
   */
  constructor(element, hole, index) {
    this.element = element;
    this.hole = hole;
    this.index = index;
    if (hole.kind === 'event') element.addEventListener(hole.name, this);
  }

  /** @param {Event} event */
  handleEvent(event) {
    if (typeof this.#now === 'function') this.#now.call(this.element, event);
  }

  /** @param {readonly unknown[]} values */
  set(values) {
    const value = values[this.index];
    const isSame = !this.#isNew && Object.is(value, this.#now);
    const isFirst = this.#isNew;
    this.#now = value;
    this.#isNew = false;
    if (isSame || this.hole.kind === 'event') return;
    if (this.hole.kind === 'boolean') this.element.toggleAttribute(this.hole.name, Boolean(value));
    else if (this.hole.kind === 'property') setProperty(this.element, this.hole.name, value);
    else if (isFirst && typeof value === 'function') value(this.element);
  }
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
function setProperty(element, name, value) {
  const target = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (element));
  const wanted = name === 'value' && (value === null || value === undefined) ? '' : value;
  // Setting the same value anew would move the caret.
  if (target[name] !== wanted) target[name] = wanted;
}

/**
 * A value as text; nothing for null and booleans.
 * @param {unknown} value
 */
export function shown(value) {
  return value === null || value === undefined || typeof value === 'boolean' ? '' : String(value);
}
