/**
 * Labelled controls, each with its hint and its error tied to it.
 * @module
 */
import { html } from './html.js';
import { errorText, reasonText } from './i18n.js';

/** @typedef {{ value: string, label: string, disabled?: boolean }} Choice */

/**
 * @typedef {object} Field
 * @property {string} label
 * @property {string} name  also the id of the control, unless `id` is given
 * @property {string} [id]
 * @property {string} [type]  of the input; `textarea` and `select` as well
 * @property {string | number | null} [value]  set anew only when it changes, so what is typed stays
 * @property {string | null} [error]
 * @property {unknown} [hint]
 * @property {boolean} [required]
 * @property {boolean} [disabled]
 * @property {boolean} [readonly]
 * @property {boolean} [autofocus]
 * @property {boolean} [hideLabel]  the label is only heard
 * @property {string} [autocomplete]
 * @property {string} [placeholder]
 * @property {string} [inputmode]
 * @property {number} [minlength]
 * @property {number} [maxlength]
 * @property {string} [min]
 * @property {string} [max]
 * @property {number} [rows]
 * @property {readonly Choice[]} [options]  of a select
 * @property {string} [list]  the id of a datalist
 * @property {unknown} [after]  what stands beside the control
 * @property {(event: Event) => void} [oninput]
 * @property {(event: Event) => void} [onchange]
 */

/** A control with its label. @param {Field} field */
export function field(field) {
  const id = field.id ?? field.name;
  const describedBy = [field.hint && `${id}-hint`, field.error && `${id}-error`].filter(Boolean).join(' ') || null;
  return html`<div class=${field.error ? 'field has-error' : 'field'}>
    <label for=${id} class=${field.hideLabel ? 'live' : null}>${field.label}</label>
    ${field.hint && html`<p class="hint" id=${`${id}-hint`}>${field.hint}</p>`}
    <div class="control">${control(field, id, describedBy)}${field.after}</div>
    ${field.error && html`<p class="error" id=${`${id}-error`}>${field.error}</p>`}
  </div>`;
}

/**
 * @param {Field} field
 * @param {string} id
 * @param {string | null} describedBy
 */
function control(field, id, describedBy) {
  const invalid = field.error ? 'true' : null;
  if (field.type === 'select') {
    return html`<select id=${id} name=${field.name} ?required=${field.required} ?disabled=${field.disabled}
      aria-invalid=${invalid} aria-describedby=${describedBy} @change=${field.onchange} @input=${field.oninput}>
      ${(field.options ?? []).map((one) => html`<option key=${one.value} value=${one.value} ?disabled=${one.disabled}
        .selected=${one.value === String(field.value ?? '')}>${one.label}</option>`)}
    </select>`;
  }
  if (field.type === 'textarea') {
    return html`<textarea id=${id} name=${field.name} rows=${field.rows ?? 4} ?required=${field.required} ?disabled=${field.disabled}
      ?readonly=${field.readonly} ?autofocus=${field.autofocus} maxlength=${field.maxlength} placeholder=${field.placeholder}
      aria-invalid=${invalid} aria-describedby=${describedBy} .value=${field.value}
      @input=${field.oninput} @change=${field.onchange}></textarea>`;
  }
  return html`<input id=${id} name=${field.name} type=${field.type ?? 'text'} ?required=${field.required} ?disabled=${field.disabled}
    ?readonly=${field.readonly} ?autofocus=${field.autofocus} autocomplete=${field.autocomplete} placeholder=${field.placeholder}
    inputmode=${field.inputmode} minlength=${field.minlength} maxlength=${field.maxlength} min=${field.min} max=${field.max}
    list=${field.list} aria-invalid=${invalid} aria-describedby=${describedBy} .value=${field.value}
    @input=${field.oninput} @change=${field.onchange}>`;
}

/**
 * A box to tick, or a choice of several (`type: 'radio'`).
 * @param {object} box
 * @param {string} box.label
 * @param {string} box.name
 * @param {boolean} box.checked
 * @param {'checkbox' | 'radio'} [box.type]
 * @param {string} [box.id]
 * @param {string} [box.value]
 * @param {unknown} [box.hint]
 * @param {boolean} [box.disabled]
 * @param {(event: Event) => void} [box.onchange]
 */
export function check({ label, name, checked, type = 'checkbox', id, value = 'on', hint, disabled = false, onchange }) {
  const own = id ?? (type === 'radio' ? `${name}-${value}` : name);
  return html`<div class="check">
    <input type=${type} id=${own} name=${name} value=${value} .checked=${checked} ?disabled=${disabled}
      aria-describedby=${hint ? `${own}-hint` : null} @change=${onchange}>
    <label for=${own}>${label}</label>
    ${hint && html`<p class="hint" id=${`${own}-hint`}>${hint}</p>`}
  </div>`;
}

/**
 * What is wrong, sorted by field: `error.target` names one of `names`, else it is the form's.
 * @param {unknown} error
 * @param {readonly string[]} names
 * @returns {Record<string, string>}
 */
export function fieldErrors(error, names) {
  const target = String(/** @type {{ target?: string }} */ (error)?.target ?? '');
  const found = names.find((name) => target === name || target.endsWith(`/${name}`));
  const { code } = /** @type {import('./i18n.js').Told} */ (error);
  // Beside its field the name need not be said again.
  const isNamed = found && (code === 'InvalidValue' || code === 'TypeMismatch');
  return { [found ?? 'form']: isNamed ? reasonText(/** @type {import('./i18n.js').Told} */ (error)) : errorText(error) };
}

/** An error of a whole form. @param {string | null | undefined} text */
export function formError(text) {
  return html`<div role="alert">${text && html`<p class="error box">${text}</p>`}</div>`;
}

/** Puts the caret into the first field that is wrong. @param {Element} form */
export function focusError(form) {
  const first = form.querySelector('[aria-invalid="true"]');
  if (first instanceof HTMLElement) first.focus();
}

/** What stands in the fields of a form. @param {Event} event @returns {Record<string, string>} */
export function formValues(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget instanceof HTMLFormElement ? event.currentTarget : event.target);
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}
