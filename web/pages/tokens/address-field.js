/**
 * The field for the addresses a token works from, with an answer for each line and a warning for whom it leaves out.
 * @module
 */
import { html } from '../../lib/html.js';
import { number, t } from '../../lib/i18n.js';
import { ADDRESSES_MAX, allows, read } from './addresses.js';

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
    <div id=${`${id}-answer`} role="status" class="answers">${error ? html`<p class="error">${error}</p>` : null}${answers(lines, options)}</div>
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
    <ul class="lines">${lines.map((line, at) => html`<li key=${at} class=${line.fault ? 'error' : 'fine'}>${answer(line)}</li>`)}</ul>
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
