/**
 * The dialogs of the list: one chip, the columns, and the keys.
 */
import { announce } from '../../lib/above.js';
import { openDialog } from '../../lib/dialog.js';
import { check } from '../../lib/field.js';
import { html } from '../../lib/html.js';
import { lang, t } from '../../lib/i18n.js';
import { can } from '../../lib/session.js';
import { HELP, SHORTCUTS, areOn, turn } from './keys.js';
import { DEFAULT_COLUMNS, FIELDS, OPS, arity, choices, fieldOf, isOn, labelOf, opLabel, typedIn } from './words.js';

/** @typedef {import('./filter.js').Chip} Chip */
/** @typedef {import('./filter.js').Op} Op */
/** @typedef {import('./words.js').ListName} ListName */
/** @typedef {{value: string, label: string}} Entry */

const DAYS = '7';

/** Fields one may filter by, by their names in words. */
const offered = () =>
  FIELDS.filter(({ hidden, scope }) => !hidden && (!scope || can(scope))).sort((one, other) =>
    labelOf(one.name).localeCompare(labelOf(other.name), lang()));

/** The values a field chooses from; null where one types. @param {string} name @returns {Promise<Entry[]|null>} */
async function entriesOf(name) {
  const field = fieldOf(name);
  if (field?.kind === 'pick' && field.set) {
    return (await choices(/** @type {ListName} */ (field.set))).map(({ Name }) => ({ value: Name, label: Name }));
  }
  if (field?.kind === 'pick') return ['New', 'Open', 'Pending', 'Resolved', 'Closed'].map((value) => ({ value, label: value }));
  if (field?.kind !== 'person') return null;
  const people = (await choices('Users')).map(({ Id, Name }) => ({ value: String(Id), label: Name }));
  return [{ value: '@me', label: t('tickets.me') }, ...people];
}

/**
 * Asks for a chip; undefined if nothing is to change.
 * @param {Chip} [from]
 * @returns {Promise<Chip|undefined>}
 */
export async function editChip(from) {
  /** @type {Chip} */
  let chip = from ? { ...from, values: [...from.values] } : { field: 'Status', op: 'is', values: [] };
  let entries = await entriesOf(chip.field).catch(() => null);
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<Chip>} */ dialog) => {
    const kind = fieldOf(chip.field)?.kind ?? 'text';
    const takes = arity(chip.op, kind);
    const chooseField = async (/** @type {Event} */ event) => {
      const value = typedIn(event);
      const next = OPS[fieldOf(value)?.kind ?? 'text'][0];
      chip = { field: value, op: next, values: next === 'lastDays' ? [DAYS] : fieldOf(value)?.kind === 'flag' ? ['false'] : [] };
      entries = await entriesOf(value).catch(() => null);
      dialog.update();
    };
    const chooseOp = (/** @type {Event} */ event) => {
      const op = /** @type {Op} */ (typedIn(event));
      const isSpan = (/** @type {Op} */ one) => one === 'lastDays' || one === 'nextDays';
      const values = isSpan(op) === isSpan(chip.op) ? chip.values : isSpan(op) ? [DAYS] : [];
      chip = { ...chip, op, values: arity(op, kind) === 'one' ? values.slice(0, 1) : values };
      dialog.update();
    };
    return html`<form class="chip-form" @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      const values = takes === 'none' ? [] : chip.values.filter((value) => value !== '');
      if (takes !== 'none' && values.length === 0) {
        dialog.element.querySelector('.values input')?.setAttribute('aria-invalid', 'true');
        /** @type {HTMLElement|null} */ (dialog.element.querySelector('.values input'))?.focus();
        return;
      }
      dialog.close({ ...chip, values });
    }}>
      <div class="field"><label for="chip-field">${t('tickets.chip.field')}</label>
        <select id="chip-field" @change=${chooseField}>
          ${withOwn(chip.field).map((name) => html`<option value=${name} .selected=${name === chip.field}>${labelOf(name)}</option>`)}
        </select></div>
      <div class="field"><label for="chip-op">${t('tickets.chip.op')}</label>
        <select id="chip-op" @change=${chooseOp}>
          ${OPS[kind].map((op) => html`<option key=${`${chip.field} ${op}`} value=${op} .selected=${op === chip.op}>${opLabel(op, chip.field)}</option>`)}
        </select></div>
      ${takes === 'none' ? null : values(chip, entries, takes, (next) => { chip = { ...chip, values: next }; dialog.update(); })}
      <p class="actions">
        <button class="button primary">${t('tickets.chip.apply')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('cancel')}</button>
      </p>
    </form>`;
  }, { label: t(from ? 'tickets.chip.edit' : 'tickets.chip.new'), className: 'narrow' });
  return opened.result;
}

/** The fields offered, and the chip's own also where it is not. @param {string} own */
function withOwn(own) {
  const names = offered().map(({ name }) => name);
  return names.includes(own) ? names : [own, ...names];
}

/**
 * The control for a chip's values.
 * @param {Chip} chip @param {Entry[]|null} entries @param {'one'|'many'} takes @param {(values: string[]) => void} set
 */
function values(chip, entries, takes, set) {
  const kind = fieldOf(chip.field)?.kind;
  const name = `chip-value-${chip.field}`;
  if (takes === 'many' && entries && entries.length > 0) {
    const known = new Set(entries.map(({ value }) => value));
    const all = [...entries, ...chip.values.filter((value) => !known.has(value)).map((value) => ({ value, label: value }))];
    return html`<fieldset class="values choices" key=${name}><legend>${t('tickets.chip.values')}</legend>
      ${all.map(({ value, label }, index) => html`<div class="check" key=${value}>
        <input type="checkbox" id=${`${name}-${index}`} .checked=${chip.values.includes(value)}
          @change=${(/** @type {Event} */ event) => {
            set(isOn(event) ? [...chip.values, value] : chip.values.filter((held) => held !== value));
          }}><label for=${`${name}-${index}`}>${label}</label></div>`)}
    </fieldset>`;
  }
  if (kind === 'flag') {
    return html`<fieldset class="values" key=${name}><legend>${t('tickets.chip.values')}</legend>
      ${['false', 'true'].map((value) => html`<div class="check">
        <input type="radio" name=${name} id=${`${name}-${value}`} .checked=${chip.values[0] === value} @change=${() => set([value])}>
        <label for=${`${name}-${value}`}>${t(value === 'true' ? 'tickets.yes' : 'tickets.no')}</label></div>`)}
    </fieldset>`;
  }
  const isSpan = chip.op === 'lastDays' || chip.op === 'nextDays';
  const isNumber = isSpan || kind === 'number' || kind === 'person';
  const label = isSpan ? t('tickets.chip.days') : t('tickets.chip.value');
  return html`<div class="field values" key=${`${name}-${isSpan}`}><label for=${name}>${label}</label>
    <input id=${name} type=${isNumber ? 'number' : kind === 'date' ? 'date' : 'text'} min=${isSpan ? 1 : null} step=${isNumber ? 1 : null}
      max=${isSpan ? 36500 : null} required .value=${kind === 'date' && !isSpan ? (chip.values[0] ?? '').slice(0, 10) : (chip.values[0] ?? '')}
      @input=${(/** @type {Event} */ event) => set([typedIn(event)])}></div>`;
}

/**
 * Asks for the columns; undefined if they stay.
 * @param {readonly string[]} shown
 * @returns {Promise<string[]|undefined>}
 */
export function chooseColumns(shown) {
  const offered = FIELDS.filter(({ column, scope }) => column && (!scope || can(scope))).map(({ name }) => name);
  let chosen = [...shown];
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<string[]>} */ dialog) => {
    const set = (/** @type {string[]} */ next) => {
      chosen = next;
      dialog.update();
    };
    const move = (/** @type {number} */ from, /** @type {number} */ by) => {
      const next = [...chosen];
      const [name] = next.splice(from, 1);
      next.splice(from + by, 0, name);
      set(next);
      announce(t('tickets.columns.moved', { name: labelOf(name), place: from + by + 1 }));
    };
    const rest = offered.filter((name) => !chosen.includes(name));
    return html`<form class="columns" @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      dialog.close(chosen);
    }}>
      <ul>
        ${chosen.map((name, index) => html`<li key=${name}>${box(name, true, () => set(chosen.filter((one) => one !== name)))}
          <button type="button" class="icon-button" aria-label=${t('tickets.columns.up', { name: labelOf(name) })} ?disabled=${index === 0}
            @click=${() => move(index, -1)}>↑</button>
          <button type="button" class="icon-button" aria-label=${t('tickets.columns.down', { name: labelOf(name) })} ?disabled=${index === chosen.length - 1}
            @click=${() => move(index, 1)}>↓</button></li>`)}
        ${rest.map((name) => html`<li key=${name}>${box(name, false, () => set([...chosen, name]))}</li>`)}
      </ul>
      <p class="actions">
        <button class="button primary">${t('tickets.columns.apply')}</button>
        <button type="button" class="button" @click=${() => dialog.close([...DEFAULT_COLUMNS])}>${t('tickets.columns.usual')}</button>
        <button type="button" class="button" @click=${() => dialog.close()}>${t('cancel')}</button>
      </p>
    </form>`;
  }, { label: t('tickets.columns'), className: 'narrow' });
  return opened.result;
}

/** @param {string} name @param {boolean} on @param {() => void} toggle */
function box(name, on, toggle) {
  // The title is the row's name and its link.
  const isFixed = name === 'Title';
  return html`<span class="check"><input type="checkbox" id=${`column-${name}`} .checked=${on} ?disabled=${isFixed} @change=${toggle}>
    <label for=${`column-${name}`}>${labelOf(name)}</label></span>`;
}

/** Shows them. @param {() => void} [changed] after the switch */
export function showKeys(changed) {
  const opened = openDialog((/** @type {import('../../lib/dialog.js').Dialog<void>} */ dialog) => html`
    ${check({
      label: t('tickets.keys.on'), name: 'keys-on', checked: areOn(localStorage), hint: t('tickets.keys.hint'),
      onchange: (event) => {
        turn(localStorage, isOn(event));
        changed?.();
      },
    })}
    <div class="key-lists">${['list', 'ticket'].map((where) => html`<section>
      <h3>${t(`tickets.keys.${where}`)}</h3>
      <dl class="keys">${SHORTCUTS.filter((shortcut) => shortcut.where === where).map(({ action, keys }) => html`
        <div><dt>${keys.map((key) => html`<kbd>${key === 'Escape' ? 'Esc' : key}</kbd> `)}</dt><dd>${t(`tickets.key.${action}`)}</dd></div>`)}
        <div><dt><kbd>${HELP}</kbd></dt><dd>${t('tickets.key.help')}</dd></div>
      </dl></section>`)}</div>
    <p class="actions"><button type="button" class="button" @click=${() => dialog.close()}>${t('close')}</button></p>`,
  { label: t('tickets.keys') });
  return opened.result;
}
