/**
 * One query, seen twice: the text of a `$filter` and the chips that show it. What no chip can show stays as the text
 * it is; nothing is lost on the way there and back. It knows just enough of OData to find where a condition ends: the
 * server alone says what is right.
 */
import { quoted } from '../../lib/api.js';
import { OPS, fieldOf } from './words.js';

/** @typedef {{text: string, from: number, to: number}} Token */

/** Texts in quotes; dates, times, numbers and Guids, which begin with a digit or a minus; names; marks. */
const TOKEN = /\s*((?:duration|geography|geometry|binary)?'(?:[^']|'')*'|-?\d[\w.:+-]*|[@$]?[\p{L}_][\p{L}\p{N}_]*(?:[./][\p{L}_][\p{L}\p{N}_]*)*|[(),:/=[\]{}*\-])\s*/uy;

/** The tokens of a text, or null where something is not closed or no token begins. @param {string} source */
function tokens(source) {
  /** @type {Token[]} */
  const found = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; end < source.length; end = TOKEN.lastIndex) {
    const match = TOKEN.exec(source);
    if (!match) return null;
    const from = match.index + match[0].indexOf(match[1]);
    found.push({ text: match[1], from, to: from + match[1].length });
  }
  return found;
}

/** How much deeper one is behind a token. @param {Token} token */
const step = ({ text }) => (text === '(' || text === '[' || text === '{' ? 1 : text === ')' || text === ']' || text === '}' ? -1 : 0);

/**
 * The parts that `and` joins, each as its tokens; null if the brackets do not fit. With an `or` at the top there is one
 * part: the whole.
 * @param {Token[]} all
 */
function conjuncts(all) {
  /** @type {Token[][]} */
  const parts = [[]];
  let [depth, hasOr] = [0, false];
  for (const token of all) {
    depth += step(token);
    if (depth < 0) return null;
    hasOr ||= depth === 0 && token.text === 'or';
    if (depth === 0 && token.text === 'and') parts.push([]);
    else parts[parts.length - 1].push(token);
  }
  if (depth !== 0 || parts.some((part) => part.length === 0)) return null;
  return { parts: hasOr ? [all] : parts, hasOr };
}

/** Without brackets that hold all of it; in one pass, however many there are. @param {Token[]} part */
function bare(part) {
  /** @type {number[]} */
  const open = [];
  const partner = new Map();
  for (const [index, token] of part.entries()) {
    if (token.text === '(') open.push(index);
    else if (token.text === ')') partner.set(open.pop(), index);
  }
  let at = 0;
  while (partner.get(at) === part.length - 1 - at) at += 1;
  return part.slice(at, part.length - at);
}

/** @typedef {import('./words.js').Kind} Kind */
/**
 * @typedef {'is'|'isNot'|'contains'|'containsNot'|'starts'|'ends'|'gt'|'ge'|'lt'|'le'
 *   |'lastDays'|'nextDays'|'past'|'future'|'empty'|'notEmpty'|'has'|'hasNot'} Op
 */
/** Values are as they are written in OData but for texts, which are bare. */
/** @typedef {{field: string, op: Op, values: string[]}} Chip */
/** @typedef {{raw: string}} Raw */
/** @typedef {Chip|Raw} Part */

/** Whether a part is text that no chip shows. @param {Part} part @returns {part is Raw} */
export const isRaw = (part) => 'raw' in part;

/**
 * The parts of a filter's text.
 * @param {string} text
 * @returns {Part[]}
 */
export function parse(text) {
  const source = text.trim();
  if (source === '') return [];
  const all = tokens(source);
  const found = all && conjuncts(all);
  if (!found) return [{ raw: source }];
  return found.parts.map((part) => chipOf(bare(part)) ?? { raw: source.slice(part[0].from, part[part.length - 1].to) });
}

/**
 * The text of parts.
 * @param {Part[]} parts
 * @returns {string}
 */
export function print(parts) {
  return parts
    .map((part) => {
      if (!isRaw(part)) return printChip(part);
      // An `and` beside it would bind tighter than its `or`.
      return parts.length > 1 && conjuncts(tokens(part.raw) ?? [])?.hasOr ? `(${part.raw})` : part.raw;
    })
    .join(' and ');
}

/** @param {string} text */
const unquoted = (text) => text.slice(1, -1).replaceAll("''", "'");

/** @param {Chip} chip @returns {string} */
function printChip({ field, op, values }) {
  const kind = fieldOf(field)?.kind ?? 'text';
  const written = values.map((value) => (kind === 'pick' || kind === 'text' || kind === 'tags' ? quoted(value) : value));
  const first = written[0] ?? "''";
  switch (op) {
    case 'is': return written.length > 1 ? `${field} in (${written.join(',')})` : `${field} eq ${first}`;
    case 'isNot': return written.length > 1 ? `not (${field} in (${written.join(',')}))` : `${field} ne ${first}`;
    case 'contains': return `contains(${field},${first})`;
    case 'containsNot': return `not contains(${field},${first})`;
    case 'starts': return `startswith(${field},${first})`;
    case 'ends': return `endswith(${field},${first})`;
    case 'gt': case 'ge': case 'lt': case 'le': return `${field} ${op} ${first}`;
    case 'lastDays': return `${field} ge now() sub duration'P${values[0]}D'`;
    case 'nextDays': return `${field} le now() add duration'P${values[0]}D'`;
    case 'past': return `${field} lt now()`;
    case 'future': return `${field} ge now()`;
    case 'empty': return `${field} eq null`;
    case 'notEmpty': return `${field} ne null`;
    case 'has': return `${field}/any(t:t eq ${first})`;
    case 'hasNot': return `not ${field}/any(t:t eq ${first})`;
  }
}

/** The chip that shows one condition, if there is one. @param {Token[]} part @returns {Chip|null} */
function chipOf(part) {
  const negated = part[0]?.text === 'not' && part.length > 1;
  const inner = negated ? bare(part.slice(1)) : part;
  // `not a eq 1` means `(not a) eq 1`, so a comparison is negated within brackets only.
  if (negated && inner.length === part.length - 1 && inner.length > 1 && inner[1].text !== '(') return null;
  const chip = comparison(inner) ?? list(inner) ?? call(inner) ?? anyTag(inner) ?? flag(inner) ?? relative(inner);
  if (!chip || !OPS[kindOf(chip.field)].includes(chip.op)) return null;
  return negated ? opposite(chip) : chip;
}

/** @param {string} name @returns {Kind} */
const kindOf = (name) => fieldOf(name)?.kind ?? 'text';

/** @param {Chip} chip @returns {Chip|null} */
function opposite(chip) {
  /** @type {Partial<Record<Op, Op>>} */
  const opposites = { is: 'isNot', contains: 'containsNot', has: 'hasNot' };
  if (kindOf(chip.field) === 'flag') return { ...chip, values: [chip.values[0] === 'true' ? 'false' : 'true'] };
  const op = opposites[chip.op];
  // `ne` and `not ... eq` are one where nothing is null, and a list is always asked with `not`.
  return op && (chip.op !== 'is' || chip.values.length > 1) ? { ...chip, op } : null;
}

/** A constant as a chip's value; null if it is none of that kind. @param {Token} token @param {Kind} kind */
function constant(token, kind) {
  if (kind === 'pick' || kind === 'text' || kind === 'tags') {
    return token.text.startsWith("'") ? unquoted(token.text) : null;
  }
  if (kind === 'person') return token.text === '@me' || /^\d+$/.test(token.text) ? token.text : null;
  if (kind === 'flag') return token.text === 'true' || token.text === 'false' ? token.text : null;
  if (kind === 'date') return /^\d{4}-\d\d-\d\d/.test(token.text) ? token.text : null;
  return /^-?\d+$/.test(token.text) ? token.text : null;
}

/** `Field eq constant` and its like. @param {Token[]} part @returns {Chip|null} */
function comparison(part) {
  if (part.length !== 3 || !fieldOf(part[0].text)) return null;
  const [{ text: field }, { text: operator }, value] = part;
  if (value.text === 'null') {
    return operator === 'eq' ? { field, op: 'empty', values: [] } : operator === 'ne' ? { field, op: 'notEmpty', values: [] } : null;
  }
  /** @type {Record<string, Op>} */
  const known = { eq: 'is', ne: 'isNot', gt: 'gt', ge: 'ge', lt: 'lt', le: 'le' };
  const read = constant(value, kindOf(field));
  const op = Object.hasOwn(known, operator) ? known[operator] : null;
  if (op === 'isNot' && kindOf(field) === 'flag') return read === null ? null : opposite({ field, op: 'is', values: [read] });
  return op && read !== null ? { field, op, values: [read] } : null;
}

/** `Field in ('a','b')`. @param {Token[]} part @returns {Chip|null} */
function list(part) {
  const [field, word, open, ...rest] = part;
  if (!field || !fieldOf(field.text) || word?.text !== 'in' || open?.text !== '(' || rest.pop()?.text !== ')') return null;
  const kind = kindOf(field.text);
  if ((kind !== 'pick' && kind !== 'person') || rest.length % 2 === 0) return null;
  const values = [];
  for (const [index, token] of rest.entries()) {
    if (index % 2 === 1) {
      if (token.text !== ',') return null;
      continue;
    }
    const value = constant(token, kind);
    if (value === null) return null;
    values.push(value);
  }
  return { field: field.text, op: 'is', values };
}

/** `contains(Field,'text')` and its like. @param {Token[]} part @returns {Chip|null} */
function call(part) {
  /** @type {Record<string, Op>} */
  const known = { contains: 'contains', startswith: 'starts', endswith: 'ends' };
  const [name, open, field, comma, value, close] = part;
  if (part.length !== 6 || !Object.hasOwn(known, name.text)) return null;
  if (open.text !== '(' || comma.text !== ',' || close.text !== ')' || !fieldOf(field.text)) return null;
  const read = constant(value, kindOf(field.text));
  return read === null ? null : { field: field.text, op: known[name.text], values: [read] };
}

/** `Tags/any(t:t eq 'x')`. @param {Token[]} part @returns {Chip|null} */
function anyTag(part) {
  const words = part.map((token) => token.text);
  if (part.length !== 8 || words[0] !== 'Tags/any' || words[1] !== '(' || words[3] !== ':') return null;
  if (words[4] !== words[2] || words[5] !== 'eq' || words[7] !== ')') return null;
  const read = constant(part[6], 'tags');
  return read === null ? null : { field: 'Tags', op: 'has', values: [read] };
}

/** `IsClosed`. @param {Token[]} part @returns {Chip|null} */
function flag(part) {
  return part.length === 1 && kindOf(part[0].text) === 'flag' ? { field: part[0].text, op: 'is', values: ['true'] } : null;
}

/** `Field ge now() sub duration'P7D'` and its like. @param {Token[]} part @returns {Chip|null} */
function relative(part) {
  const [field, ...rest] = part;
  if (!field || kindOf(field.text) !== 'date') return null;
  const said = rest.map((token) => token.text).join(' ');
  if (said === 'lt now ( )') return { field: field.text, op: 'past', values: [] };
  if (said === 'ge now ( )') return { field: field.text, op: 'future', values: [] };
  const last = /^ge now \( \) sub (?:duration)?'P(\d+)D'$/.exec(said);
  if (last) return { field: field.text, op: 'lastDays', values: [last[1]] };
  const next = /^le now \( \) add (?:duration)?'P(\d+)D'$/.exec(said);
  return next ? { field: field.text, op: 'nextDays', values: [next[1]] } : null;
}
