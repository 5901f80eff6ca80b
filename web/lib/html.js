/**
 * The escaping template and the one way onto the page: `html` makes a template, `render` puts it there.
 * Patches in place: what is focused, selected, scrolled or open stays. The only file that turns text into markup,
 * and only text that stands in our own source files.
 * @module
 */
import { compile } from './compile.js';
import { ChildPart } from './parts.js';

/** A template with its values. */
export class Template {
  /**
   * @param {TemplateStringsArray} strings
   * @param {unknown[]} values
   * @param {boolean} isSvg
   */
  constructor(strings, values, isSvg) {
    if (!Array.isArray(strings) || !Array.isArray(strings.raw)) throw new TypeError('html is a tag');
    this.strings = strings;
    this.values = values;
    this.isSvg = isSvg;
  }
}

/**
 * A template of HTML. Values are escaped by being put in as nodes and attributes, never as markup.
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 */
export const html = (strings, ...values) => new Template(strings, values, false);

/**
 * A template of what stands inside `<svg>`.
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 */
export const svg = (strings, ...values) => new Template(strings, values, true);

/** @typedef {{ createHTML(text: string): string }} Policy */

/** @type {Policy} */
const policy = /** @type {{ trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }} */ (
  globalThis
).trustedTypes?.createPolicy('tessera', { createHTML: (text) => text }) ?? { createHTML: (text) => text };

/**
 * @typedef {object} Blueprint
 * @property {HTMLTemplateElement} element
 * @property {import('./compile.js').Hole[]} holes
 * @property {number} key  which value is the key of the first element, or -1
 */

/** @type {WeakMap<TemplateStringsArray, Blueprint>} */
const blueprints = new WeakMap();

/**
 * The markup of a template, read once, and its holes.
 * @param {Template} template
 */
export function blueprint(template) {
  const known = blueprints.get(template.strings);
  if (known) return known;
  const { markup, holes } = compile(template.strings);
  const element = document.createElement('template');
  element.innerHTML = policy.createHTML(template.isSvg ? `<svg>${markup.trim()}</svg>` : markup.trim());
  const wrapper = template.isSvg ? element.content.firstElementChild : null;
  if (wrapper) wrapper.replaceWith(...wrapper.childNodes);
  const made = { element, holes, key: holes.findIndex((hole) => hole.kind === 'key') };
  blueprints.set(template.strings, made);
  return made;
}

/**
 * What tells this template from its like in a list.
 * @param {Template} template
 */
export function keyOf(template) {
  const { key } = blueprint(template);
  return key < 0 ? undefined : template.values[key];
}

/** @type {WeakMap<Element, ChildPart>} */
const roots = new WeakMap();

/**
 * Shows `template` as the whole content of `element`.
 * @param {Element} element
 * @param {unknown} template
 */
export function render(element, template) {
  let part = roots.get(element);
  if (!part) {
    element.replaceChildren(document.createComment(''));
    part = new ChildPart(/** @type {Comment} */ (element.firstChild), 0);
    roots.set(element, part);
  }
  part.set([template]);
}
