/**
 * Cuts the text of a `$filter` into tokens and into what its top-level `and`s join.
 * It knows just enough of OData to find ends: the server alone says what is right.
 */

/** @typedef {'name'|'text'|'literal'|'mark'} TokenKind */
/** @typedef {{kind: TokenKind, text: string, from: number, to: number}} Token */

const SHAPES = [
  { kind: 'text', shape: /(?:duration|geography|geometry|binary)?'(?:[^']|'')*'/y },
  // Dates, times, numbers and Guids begin with a digit or a minus.
  { kind: 'literal', shape: /-?\d[\w.:+-]*/y },
  { kind: 'name', shape: /[@$]?[\p{L}_][\p{L}\p{N}_]*(?:[./][\p{L}_][\p{L}\p{N}_]*)*/yu },
  { kind: 'mark', shape: /[(),:/=[\]{}*-]/y },
];

/**
 * The tokens of a text, or null where something is not closed or no token begins.
 * @param {string} source
 * @returns {Token[]|null}
 */
export function tokens(source) {
  /** @type {Token[]} */
  const found = [];
  let at = 0;
  while (at < source.length) {
    if (/\s/.test(source[at])) {
      at += 1;
      continue;
    }
    const token = tokenAt(source, at);
    if (!token) return null;
    found.push(token);
    at = token.to;
  }
  return found;
}

/** @param {string} source @param {number} at @returns {Token|null} */
function tokenAt(source, at) {
  for (const { kind, shape } of SHAPES) {
    shape.lastIndex = at;
    const match = shape.exec(source);
    if (match) {
      return { kind: /** @type {TokenKind} */ (kind), text: match[0], from: at, to: at + match[0].length };
    }
  }
  return null;
}

/**
 * The parts that `and` joins, each as its tokens; null if the brackets do not fit. With an `or`
 * at the top there is one part: the whole.
 * @param {Token[]} all
 * @returns {Token[][]|null}
 */
export function conjuncts(all) {
  /** @type {Token[][]} */
  const parts = [[]];
  let depth = 0;
  for (const token of all) {
    if (token.kind === 'mark') depth += '([{'.includes(token.text) ? 1 : ')]}'.includes(token.text) ? -1 : 0;
    if (depth < 0) return null;
    if (depth === 0 && token.kind === 'name' && token.text === 'or') return [all];
    if (depth === 0 && token.kind === 'name' && token.text === 'and') parts.push([]);
    else parts[parts.length - 1].push(token);
  }
  return depth === 0 && parts.every((part) => part.length > 0) ? parts : null;
}

/** Whether an `or` stands outside all brackets, so that an `and` behind it would bind tighter. @param {string} source */
export function hasOuterOr(source) {
  let depth = 0;
  for (const token of tokens(source) ?? []) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth === 0 && token.kind === 'name' && token.text === 'or') return true;
  }
  return false;
}

/**
 * Without brackets that hold all of it.
 * @param {Token[]} part
 * @returns {Token[]}
 */
export function bare(part) {
  if (part[0]?.text !== '(' || part.at(-1)?.text !== ')') return part;
  let depth = 0;
  for (const [index, token] of part.entries()) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth === 0 && index < part.length - 1) return part;
  }
  return bare(part.slice(1, -1));
}
