/**
 * Charts in SVG: columns by day, bars, stacked bars. Axes begin at 0; colours and sizes are the style sheet's, by class.
 * A chart is an image named by its caption; the figures stand in a table beside it.
 * @module
 */
import { html, svg } from './html.js';
import { number } from './i18n.js';
import { steps } from './scale.js';

/** @typedef {{ name: string, className: string }} Series */
/** @typedef {{ label: string, values: readonly number[], text?: string }} Entry */
/** @typedef {{ width: number, label: string, entries: readonly Entry[], series: readonly Series[] }} Chart */

const HEIGHT = 260;
const BOTTOM = 28;
const LEFT = 44;
const TOP = 8;
const BAR = 40;

/** What colour stands for what. @param {readonly Series[]} series */
export function legend(series) {
  return html`<ul class="legend">${series.map((one) => html`<li key=${one.name}>
    <svg width="12" height="12" aria-hidden="true"><rect class=${one.className} width="12" height="12" rx="2"></rect></svg>${one.name}</li>`)}</ul>`;
}

/** Columns beside each other for each entry, as by day. @param {Chart} chart */
export function columns({ width, label, entries, series }) {
  const ticks = steps(Math.max(0, ...entries.flatMap((entry) => entry.values)));
  const top = ticks.at(-1) ?? 1;
  const inner = Math.max(width - LEFT - 4, 40);
  const each = inner / Math.max(entries.length, 1);
  const bar = Math.max(1, Math.min(18, (each * 0.76) / series.length));
  const high = HEIGHT - BOTTOM - TOP;
  const y = (/** @type {number} */ value) => TOP + high - (value / top) * high;
  const every = Math.max(1, Math.ceil(58 / each));
  return frame(width, HEIGHT, label, svg`
    ${ticks.map((tick) => svg`<g key=${tick}>
      <line class="grid" x1=${LEFT} x2=${width} y1=${y(tick)} y2=${y(tick)}></line>
      <text class="axis end" x=${LEFT - 8} y=${y(tick) + 4}>${number(tick)}</text></g>`)}
    ${entries.map((entry, at) => {
      const middle = LEFT + each * (at + 0.5);
      return svg`<g key=${entry.label}>
        ${entry.values.map((value, one) => svg`<rect class=${series[one]?.className} rx="1.5"
          x=${round(middle + (one - series.length / 2) * bar)} width=${round(Math.max(bar - 1, 1))}
          y=${round(y(value))} height=${round((value / top) * high)}></rect>`)}
        ${at % every === 0 && middle + 24 < width && svg`<text class="axis middle" x=${round(middle)} y=${HEIGHT - 8}>${entry.label}</text>`}
      </g>`;
    })}`);
}

/** One bar for each entry, its parts one after the other; with what it says at its end. @param {Chart} chart */
export function bars({ width, label, entries, series }) {
  const totals = entries.map((entry) => entry.values.reduce((sum, value) => sum + value, 0));
  const top = Math.max(1, ...totals);
  const left = Math.min(110, width * 0.3);
  const room = Math.max(width - left - 100, 40);
  const letters = Math.floor(left / 7.5);
  return frame(width, entries.length * BAR + 8, label, entries.map((entry, at) => {
    let x = left;
    const total = totals[at] ?? 0;
    return svg`<g key=${entry.label}>
      <text class="axis end strong" x=${left - 10} y=${at * BAR + 25}>${entry.label.length > letters ? `${entry.label.slice(0, letters - 1)}…` : entry.label}</text>
      ${entry.values.map((value, one) => {
        const wide = (value / top) * room;
        const from = x;
        x += wide;
        return svg`<rect class=${series[one]?.className} x=${round(from)} y=${at * BAR + 8} width=${round(wide > 2 ? wide - 1 : wide)} height="24"></rect>`;
      })}
      <text class="axis strong" x=${round(left + (total / top) * room + 8)} y=${at * BAR + 25}>${entry.text ?? number(total)}</text>
    </g>`;
  }));
}

/**
 * @param {number} width
 * @param {number} height
 * @param {string} label
 * @param {unknown} content
 */
function frame(width, height, label, content) {
  return html`<svg class="chart" role="img" aria-label=${label} width=${round(width)} height=${height} viewBox=${`0 0 ${round(width)} ${height}`}>${content}</svg>`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
