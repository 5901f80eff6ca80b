/**
 * Lists of addresses and networks, read as the server reads them, and the field that answers each line while it is typed.
 * @module
 */
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';

/** Longest list the server takes. */
export const ADDRESSES_MAX = 64;

/**
 * @typedef {object} Network
 * @property {number} bits 32 or 128
 * @property {bigint} base
 * @property {number} prefix
 */
/**
 * @typedef {object} Line
 * @property {string} text as typed
 * @property {Network | null} network
 * @property {'notAddress' | 'bits' | 'twice' | null} fault
 * @property {string} [meant] what it would have to be
 * @property {bigint} size how many addresses it holds
 */

/**
 * Every entry of a text; commas, blanks and line ends separate.
 * @param {string} text
 * @returns {Line[]}
 */
export function read(text) {
  const seen = new Set();
  return text.split(/[\s,;]+/).filter(Boolean).map((part) => {
    const line = readOne(part);
    const key = line.network && show(line.network);
    if (key && !line.fault && seen.has(key)) return { ...line, fault: 'twice' };
    if (key) seen.add(key);
    return line;
  });
}

/**
 * @param {string} text
 * @returns {Line}
 */
function readOne(text) {
  const network = parse(text);
  if (!network) return { text, network: null, fault: 'notAddress', size: 0n };
  const size = 1n << BigInt(network.bits - network.prefix);
  const base = network.base - (network.base % size);
  if (base !== network.base) return { text, network, fault: 'bits', meant: show({ ...network, base }), size };
  return { text, network, fault: null, size };
}

/**
 * An address or a network; IPv4 in IPv6 clothes is IPv4.
 * @param {string} text
 * @returns {Network | null}
 */
export function parse(text) {
  const [address, prefixText, more] = text.split('/');
  if (more !== undefined || prefixText === '') return null;
  const found = parseV4(address) ?? parseV6(address);
  if (!found) return null;
  if (prefixText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefixText)) return null;
  const prefix = prefixText === undefined ? found.bits : Number(prefixText);
  if (prefix > found.bits) return null;
  const isMapped = found.bits === 128 && found.base >> 32n === 0xffffn;
  if (isMapped && prefix >= 96) return { bits: 32, base: found.base & 0xffff_ffffn, prefix: prefix - 96 };
  return isMapped ? null : { ...found, prefix };
}

/** @param {string} text */
function parseV4(text) {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return { bits: 32, base: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
}

/** @param {string} text */
function parseV6(text) {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return null;
  const groups = halves.map((half) => (half ? groupsOf(half) : []));
  if (groups.some((group) => group === null)) return null;
  const [head, tail = []] = /** @type {bigint[][]} */ (groups);
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  const all = [...head, ...Array(gap).fill(0n), ...tail];
  return { bits: 128, base: all.reduce((sum, group) => (sum << 16n) | group, 0n) };
}

/**
 * @param {string} half
 * @returns {bigint[] | null}
 */
function groupsOf(half) {
  const parts = half.split(':');
  const last = parts[parts.length - 1];
  const v4 = last.includes('.') ? parseV4(last) : null;
  if (v4) parts.splice(-1, 1, (v4.base >> 16n).toString(16), (v4.base & 0xffffn).toString(16));
  return parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part)) ? parts.map((part) => BigInt(`0x${part}`)) : null;
}

/**
 * Written as the server keeps it.
 * @param {Network} network
 */
export function show({ bits, base, prefix }) {
  const address = bits === 32 ? showV4(base) : showV6(base);
  return prefix === bits ? address : `${address}/${prefix}`;
}

/** @param {bigint} base */
function showV4(base) {
  return [24n, 16n, 8n, 0n].map((shift) => (base >> shift) & 255n).join('.');
}

/** @param {bigint} base */
function showV6(base) {
  const groups = Array.from({ length: 8 }, (_, at) => ((base >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/**
 * Whether a token with these lines works from an address; an empty list is everywhere, what cannot be read nowhere.
 * @param {readonly Line[]} lines
 * @param {string | null} address
 * @returns {boolean | null} null where the address is not known
 */
export function allows(lines, address) {
  const at = address ? parse(address) : null;
  if (!at) return null;
  return lines.length === 0 || lines.some(({ network }) => network !== null && holds(network, at));
}

/**
 * @param {Network} wide
 * @param {Network} one
 */
function holds(wide, one) {
  if (wide.bits !== one.bits || wide.prefix > one.prefix) return false;
  const shift = BigInt(wide.bits - wide.prefix);
  return wide.base >> shift === one.base >> shift;
}

/**
 * The list as it is sent; null while a line cannot be read.
 * @param {string} text
 */
export function addressList(text) {
  const lines = read(text);
  if (lines.some((line) => line.fault && line.fault !== 'twice')) return null;
  return lines.filter((line) => !line.fault).map((line) => line.text);
}

/**
 * @typedef {object} AddressField
 * @property {string} id
 * @property {string} text
 * @property {string | null} address  where the server sees this browser
 * @property {string | null} [lastUsed]  where the token was used last
 * @property {readonly string[]} [needing]  scopes of the token that want such a list
 * @property {string | null} [error]  what the server said
 * @property {(text: string) => void} onchange
 */

/** @param {AddressField} options */
export function addressField(options) {
  const { id, text, address, error = null, onchange } = options;
  const lines = read(text);
  const hasFault = Boolean(error) || lines.some((line) => line.fault && line.fault !== 'twice') || lines.length > ADDRESSES_MAX;
  const isThere = Boolean(address && lines.length && allows(lines, address));
  return html`<div class=${hasFault ? 'field has-error' : 'field'}>
    <label for=${id}>${t('tokens.addresses')}</label>
    <p class="hint" id=${`${id}-hint`}>${t('tokens.addresses.hint')}</p>
    <textarea id=${id} name="AllowedAddresses" rows="3" spellcheck="false" class="mono" aria-invalid=${hasFault ? 'true' : null}
      aria-describedby=${`${id}-hint ${id}-answer`} .value=${text}
      @input=${(/** @type {Event} */ event) => onchange(/** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea>
    ${address && !isThere ? html`<p><button type="button" class="button small" @click=${() => onchange([text.trimEnd(), address].filter(Boolean).join('\n'))}>
      ${t('tokens.addresses.add', { address })}</button></p>` : null}
    <div id=${`${id}-answer`} role="status" class="address-answers">${error ? html`<p class="error">${error}</p>` : null}${answers(lines, options)}</div>
  </div>`;
}

/**
 * @param {import('./addresses.js').Line[]} lines
 * @param {AddressField} options
 */
function answers(lines, { address, lastUsed = null, needing = [] }) {
  const isEverywhere = lines.length === 0 || lines.some((line) => line.network?.prefix === 0);
  const warnings = [
    lines.length > ADDRESSES_MAX && t('tokens.addresses.many', { max: ADDRESSES_MAX }),
    allows(lines, address) === false && t('tokens.addresses.notYou', { address: address ?? '' }),
    allows(lines, lastUsed) === false && t('tokens.addresses.notLast', { address: lastUsed ?? '' }),
    isEverywhere && needing.length > 0 && t('tokens.addresses.needed', { scopes: needing.join(', ') }),
    lines.length > 0 && isEverywhere && t('tokens.addresses.everywhere'),
  ].filter(Boolean);
  return html`${lines.length === 0 && !needing.length ? html`<p class="hint">${t('tokens.addresses.none')}</p>` : null}
    <ul class="address-lines">${lines.map((line, at) => html`<li key=${at} class=${line.fault ? 'error' : 'fine'}>${answer(line)}</li>`)}</ul>
    ${warnings.map((text) => html`<p class="notice warn">${text}</p>`)}`;
}

/** @param {import('./addresses.js').Line} line */
function answer({ text, fault, meant, size, network }) {
  switch (fault) {
    case 'notAddress':
      return t('tokens.addresses.wrong', { text });
    case 'bits':
      return t('tokens.addresses.bits', { text, meant: meant ?? '' });
    case 'twice':
      return t('tokens.addresses.twice', { text });
    case null:
      return size === 1n ? t('tokens.addresses.one', { text }) : t('tokens.addresses.network', { text, count: sizeText(size, network?.bits ?? 32) });
  }
}

/** @param {bigint} size @param {number} bits */
function sizeText(size, bits) {
  return bits === 32 ? number(Number(size)) : `2^${size.toString(2).length - 1}`;
}
