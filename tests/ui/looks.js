// How a page looks, coarsely: a grid that says how much is drawn in each cell and how light it is. Two browsers that
// draw letters a little differently give the same grid within its tolerance; a lost column, a panel over another or a
// theme that is not there do not. The grids that are meant stand in `looks/`, one file a page.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUT } from './places.js';

/** @typedef {{ ink: string[], light: string[] }} Look rows of base-36 digits: how much is drawn; of base-16: how light */

/**
 * What a page is looked at in: its width and height, the side of a cell, and how many of the cells in which one of two
 * looks has something may differ. Where there is little room, letters a tenth narrower move more.
 */
export const SIZES = [
  { width: 1440, height: 900, cell: 30, inkMax: 0.025 }, { width: 1024, height: 900, cell: 30, inkMax: 0.06 },
  { width: 390, height: 1500, cell: 20, inkMax: 0.08 },
];
/** Cells of the light are so many times larger. */
const LIGHT_TIMES = 3;
/** How far two cells may be apart and still say the same; text against nothing is about 20. */
const INK_APART = 7;
const LIGHT_APART = 1;
/** How many rows a line more may push the others down, and what part of its cells a row too many costs. */
const ROWS_OFF = 5;
const ROW_COST = 0.25;
/** So many of the larger cells may be lighter or darker. */
export const LIGHT_MAX = 0.04;

/** The look of a picture. @param {import('@playwright/test').Page} page any page @param {Buffer} png @param {number} cell */
export function lookOf(page, png, cell) {
  return page.evaluate(async ({ data, cell, times }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const { width, height } = image;
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext('2d'));
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    const grey = new Float32Array(width * height);
    for (let at = 0; at < grey.length; at += 1) grey[at] = 0.3 * pixels[4 * at] + 0.59 * pixels[4 * at + 1] + 0.11 * pixels[4 * at + 2];
    /** Rows of cells of a side, each told by its mean. @param {number} side @param {(at: number) => number} value @param {(mean: number) => string} digit */
    const rows = (side, value, digit) => Array.from({ length: Math.floor(height / side) }, (_, row) => Array.from({ length: Math.floor(width / side) }, (_, column) => {
      let sum = 0;
      for (let y = row * side; y < (row + 1) * side; y += 1) for (let x = column * side; x < (column + 1) * side; x += 1) sum += value(y * width + x);
      return digit(sum / side / side);
    }).join(''));
    const drawn = (/** @type {number} */ at) => Math.abs(grey[at] - (grey[at + 1] ?? grey[at])) + Math.abs(grey[at] - (grey[at + width] ?? grey[at]));
    return {
      ink: rows(cell, drawn, (mean) => Math.min(35, Math.round(Math.sqrt(mean) * 4)).toString(36)),
      light: rows(cell * times, (at) => grey[at], (mean) => Math.min(15, Math.floor(mean / 16)).toString(16)),
    };
  }, { data: png.toString('base64'), cell, times: LIGHT_TIMES });
}

/** @param {string[]} grid @param {number} row @param {number} column */
function value(grid, row, column) {
  const digit = grid[row]?.[column];
  return digit === undefined ? -99 : parseInt(digit, 36);
}

/** @typedef {{ apart: number, around: number, blank: number }} How  what is the same, how far around it may be, what counts as nothing */

/** Whether about the same stands at a place or near. @param {number} wanted @param {string[]} grid @param {number} row @param {number} column @param {How} how */
function isFound(wanted, grid, row, column, { apart, around }) {
  for (let y = row - around; y <= row + around; y += 1) {
    for (let x = column - around; x <= column + around; x += 1) if (Math.abs(value(grid, y, x) - wanted) <= apart) return true;
  }
  return false;
}

/**
 * The part of the cells in which two grids differ; cells in which both have nothing do not count. Rows are laid beside
 * each other as it fits best, for a text may take a line more where letters are wider; a row too many costs a part of
 * its cells.
 * @param {string[]} one @param {string[]} other @param {How} how
 */
function difference(one, other, how) {
  if (one.length !== other.length || one[0]?.length !== other[0]?.length) return 1;
  const columns = Array.from(one[0], (_, column) => column);
  const drawn = (/** @type {string[]} */ grid, /** @type {number} */ row) => columns.filter((column) => value(grid, row, column) > how.blank).length;
  const unlike = (/** @type {number} */ row, /** @type {number} */ beside) => columns.filter((column) => {
    const [here, there] = [value(one, row, column), value(other, beside, column)];
    return (here > how.blank || there > how.blank) && !(isFound(here, other, beside, column, how) && isFound(there, one, row, column, how));
  }).length;
  // The least that the first rows of one and of the other are apart, for all pairs that are not too far off.
  const least = one.map(() => other.map(() => Infinity));
  const at = (/** @type {number} */ row, /** @type {number} */ beside) => (row < 0 && beside < 0 ? 0 : (least[row]?.[beside] ?? Infinity));
  for (let row = 0; row < one.length; row += 1) {
    for (let beside = Math.max(0, row - ROWS_OFF); beside <= Math.min(other.length - 1, row + ROWS_OFF); beside += 1) {
      least[row][beside] = Math.min(
        at(row - 1, beside - 1) + unlike(row, beside),
        at(row - 1, beside) + ROW_COST * (drawn(one, row) + 1), at(row, beside - 1) + ROW_COST * (drawn(other, beside) + 1),
      );
    }
  }
  const all = Math.max(...[one, other].map((grid) => grid.reduce((sum, _, row) => sum + drawn(grid, row), 0)));
  // What was pushed out below is not there to be compared.
  const last = one.length - 1;
  const ends = Array.from({ length: ROWS_OFF + 1 }, (_, off) => [at(last, last - off), at(last - off, last)]).flat();
  return all ? Math.min(...ends) / all : 0;
}

/** What differs between the look that is meant and that which is. @param {Look} meant @param {Look} found */
export function apart(meant, found) {
  return {
    // In the dark only the light is kept.
    ink: meant.ink.length === 0 ? 0 : difference(meant.ink, found.ink, { apart: INK_APART, around: 1, blank: 2 }),
    light: difference(meant.light, found.light, { apart: LIGHT_APART, around: 0, blank: -1 }),
  };
}

const folder = fileURLToPath(new URL('./looks/', import.meta.url));

/** The looks that are meant of a page, by their names such as `1440 light`; none where there are none yet. @param {string} name @returns {Record<string, Look>} */
export function meant(name) {
  /** @type {Record<string, Look>} */
  const looks = {};
  let text = '';
  try {
    text = readFileSync(join(folder, `${name}.txt`), 'utf8');
  } catch {
    return looks;
  }
  for (const block of text.split('\n\n').filter(Boolean)) {
    const [head = '', ...rows] = block.trim().split('\n');
    const [width, theme, kind] = head.split(' ');
    const look = (looks[`${width} ${theme}`] ??= { ink: [], light: [] });
    look[/** @type {'ink' | 'light'} */ (kind)] = rows;
  }
  return looks;
}

/** Writes what is meant from now on. In the dark the light says enough. @param {string} name @param {Record<string, Look>} looks */
export function mean(name, looks) {
  const blocks = Object.entries(looks).flatMap(([size, { ink, light }]) => [
    ...(ink.length ? [`${size} ink\n${ink.join('\n')}`] : []), `${size} light\n${light.join('\n')}`]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.txt`), `${blocks.join('\n\n')}\n`);
}

/** Where the picture of a page is kept for whoever looks at it. @param {string} name */
export const pictureFile = (name) => join(OUT, 'pictures', `${name}.png`);
