/**
 * The places in a tag that follow values: attributes, properties, events.
 * @module
 */
import { APART, MARK, safeValue } from './compile.js';

/** One place of an instance that follows a value. @typedef {{ set(values: readonly unknown[]): void }} Part */

const HOLE_IN_TEXT = new RegExp(`${MARK}(\\d+);`);

/**
 * Adds the parts of one element, and takes the marks off it.
 * @param {Element} element
 * @param {import('./compile.js').Hole[]} holes
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
   * @param {import('./compile.js').Hole} hole
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
