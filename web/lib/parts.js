/**
 * The living side of templates: instances in the document and the places in them that follow values.
 * @module
 */
import { attributeParts, MARK, shown } from './compile.js';
import { blueprint, html, keyOf, Template } from './html.js';

/** @typedef {import('./compile.js').Part} Part */

/** A template that stands in the document. */
class Instance {
  /** What it shows. @type {Template | null} */
  shown = null;

  /** @param {Template} template */
  constructor(template) {
    const plan = blueprint(template);
    const fragment = document.importNode(plan.element.content, true);
    this.strings = template.strings;
    this.key = keyOf(template);
    this.parts = partsOf(fragment, plan.holes);
    // What a hole shows stands before its comment; the first node must be one that stays.
    if (!fragment.firstChild || fragment.firstChild instanceof Comment) fragment.prepend('');
    this.update(template);
    this.fragment = fragment;
    this.first = /** @type {ChildNode} */ (fragment.firstChild);
    this.last = /** @type {ChildNode} */ (fragment.lastChild);
  }

  /** @param {Template} template */
  fits(template) {
    return this.strings === template.strings && Object.is(this.key, keyOf(template));
  }

  /** The very same template says the same again: a long list keeps those of rows that stay. @param {Template} template */
  update(template) {
    if (template === this.shown) return;
    this.shown = template;
    for (const part of this.parts) part.set(template.values);
  }

  /** All its nodes, in order. */
  nodes() {
    /** @type {ChildNode[]} */
    const found = [];
    for (let node = /** @type {ChildNode | null} */ (this.first); node; node = /** @type {ChildNode | null} */ (node.nextSibling)) {
      found.push(node);
      if (node === this.last) break;
    }
    return found;
  }

  remove() {
    for (const node of this.nodes()) node.remove();
  }
}

/**
 * @param {DocumentFragment} fragment
 * @param {import('./compile.js').Hole[]} holes
 */
function partsOf(fragment, holes) {
  /** @type {Part[]} */
  const parts = [];
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  /** @type {Node[]} */
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    if (node instanceof Comment) {
      if (node.data.startsWith(MARK)) parts.push(new ChildPart(node, Number(node.data.slice(MARK.length))));
    } else if (node instanceof Element) attributeParts(node, holes, parts);
  }
  return parts;
}

/** Children: a text, a template, an element of ours, or a list of those. Stands before its comment. */
export class ChildPart {
  /** @type {Text | null} */
  #text = null;
  /** @type {Node | null} */
  #node = null;
  /** @type {Instance[]} */
  #items = [];

  /**
   * @param {Comment} end
   * @param {number} index
   */
  constructor(end, index) {
    this.end = end;
    this.index = index;
    end.data = '';
  }

  /** @param {readonly unknown[]} values */
  set(values) {
    const value = values[this.index];
    if (value instanceof Template || Array.isArray(value)) {
      this.#setText('');
      this.#setNode(null);
      this.#setItems(templatesOf(value));
    } else if (value instanceof Node) {
      this.#setText('');
      this.#setItems([]);
      this.#setNode(value);
    } else {
      this.#setItems([]);
      this.#setNode(null);
      this.#setText(shown(value));
    }
  }

  /** @param {string} text */
  #setText(text) {
    if (!text) {
      this.#text?.remove();
      this.#text = null;
    } else if (this.#text) {
      if (this.#text.data !== text) this.#text.data = text;
    } else {
      this.#text = document.createTextNode(text);
      this.end.before(this.#text);
    }
  }

  /** @param {Node | null} node */
  #setNode(node) {
    if (node === this.#node) return;
    if (this.#node instanceof Element || this.#node instanceof Text) this.#node.remove();
    this.#node = node;
    if (node) this.end.before(node);
  }

  /** @param {Template[]} templates */
  #setItems(templates) {
    const former = this.#items;
    const free = new Set(former);
    /** @type {Map<unknown, Instance>} */
    const byKey = new Map(former.filter((item) => item.key !== undefined).map((item) => [item.key, item]));
    this.#items = templates.map((template, at) => {
      const key = keyOf(template);
      const candidate = key === undefined ? former[at] : byKey.get(key);
      if (!candidate || !free.has(candidate) || !candidate.fits(template)) return new Instance(template);
      free.delete(candidate);
      candidate.update(template);
      return candidate;
    });
    for (const item of free) item.remove();
    this.#place();
  }

  /** Puts all items in order, moving as few nodes as a walk from the end needs. */
  #place() {
    /** @type {ChildNode} */
    let next = this.end;
    for (let at = this.#items.length - 1; at >= 0; at -= 1) {
      const item = /** @type {Instance} */ (this.#items[at]);
      if (item.last.nextSibling !== next || item.last.parentNode !== next.parentNode) {
        if (item.first.parentNode === item.fragment) next.before(item.fragment);
        else for (const node of item.nodes()) moveBefore(node, next);
      }
      next = item.first;
    }
  }
}

/**
 * Moves a node; where the browser can, without its losing focus or scroll position.
 * @param {ChildNode} node
 * @param {ChildNode} next
 */
function moveBefore(node, next) {
  const parent = /** @type {(ParentNode & { moveBefore?: (node: Node, next: Node) => void }) | null} */ (next.parentNode);
  const focused = document.activeElement;
  if (parent?.moveBefore && node instanceof Element) parent.moveBefore(node, next);
  else next.before(node);
  if (focused instanceof HTMLElement && focused !== document.activeElement && node.contains(focused)) focused.focus();
}

/**
 * Lists flattened, with texts as templates; nothing for null and booleans.
 * @param {unknown} value
 * @returns {Template[]}
 */
function templatesOf(value) {
  if (Array.isArray(value)) return value.flatMap(templatesOf);
  if (value instanceof Template) return [value];
  return value === null || value === undefined || typeof value === 'boolean' ? [] : [html`${value}`];
}
