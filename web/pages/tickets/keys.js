/**
 * The single keys of the list and of a ticket, what they do, and the switch that turns them off
 * (WCAG 2.1.4). It knows keys, not pages.
 */

/** @typedef {{action: string, keys: readonly string[], where: 'list'|'ticket'}} Shortcut */

/** All of them, in the order `?` lists them; what each does is the text `tickets.key.ACTION`. @type {readonly Shortcut[]} */
export const SHORTCUTS = [
  { action: 'down', keys: ['j'], where: 'list' },
  { action: 'up', keys: ['k'], where: 'list' },
  { action: 'select', keys: ['x'], where: 'list' },
  { action: 'open', keys: ['o', 'Enter'], where: 'list' },
  { action: 'assign', keys: ['a'], where: 'list' },
  { action: 'status', keys: ['s'], where: 'list' },
  { action: 'priority', keys: ['p'], where: 'list' },
  { action: 'search', keys: ['/'], where: 'list' },
  { action: 'new', keys: ['n'], where: 'list' },
  { action: 'clear', keys: ['Escape'], where: 'list' },
  { action: 'reply', keys: ['r'], where: 'ticket' },
  { action: 'note', keys: ['i'], where: 'ticket' },
  { action: 'assign', keys: ['a'], where: 'ticket' },
  { action: 'status', keys: ['s'], where: 'ticket' },
  { action: 'priority', keys: ['p'], where: 'ticket' },
  { action: 'next', keys: ['j'], where: 'ticket' },
  { action: 'previous', keys: ['k'], where: 'ticket' },
  { action: 'back', keys: ['u'], where: 'ticket' },
];

/** The key that lists the others. It works even where they are off, for that is where they are turned on. */
export const HELP = '?';

const OFF = 'tessera:pref:shortcuts';

/** Whether single keys do something. @param {Storage} storage */
export const areOn = (storage) => storage.getItem(OFF) !== 'off';

/** @param {Storage} storage @param {boolean} on */
export function turn(storage, on) {
  if (on) storage.removeItem(OFF);
  else storage.setItem(OFF, 'off');
}

/**
 * @typedef {object} Press
 * @property {string} key
 * @property {boolean} ctrlKey
 * @property {boolean} altKey
 * @property {boolean} metaKey
 * @property {boolean} isComposing
 * @property {boolean} typing whether it goes into a field
 * @property {boolean} onControl whether the focused control does something with it by itself
 */

/**
 * What a press asks for; null if it is no shortcut, or goes to where one types.
 * @param {Press} press @param {'list'|'ticket'} where @param {boolean} on
 * @returns {string|null}
 */
export function actionOf(press, where, on) {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing || press.typing) return null;
  if (press.key === HELP) return 'help';
  if (!on) return null;
  // A link or button that is focused answers Enter itself.
  if (press.key === 'Enter' && press.onControl) return null;
  const found = SHORTCUTS.find((shortcut) => shortcut.where === where && shortcut.keys.includes(press.key));
  return found?.action ?? null;
}

/** What a browser's event says of a press. @param {KeyboardEvent} event @returns {Press} */
export function pressOf(event) {
  const target = event.target instanceof Element ? event.target : null;
  const typing = target?.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]') ?? null;
  const inDialog = target?.closest('dialog, [popover]') ?? null;
  return {
    key: event.key, ctrlKey: event.ctrlKey, altKey: event.altKey, metaKey: event.metaKey,
    isComposing: event.isComposing, typing: typing !== null || inDialog !== null,
    onControl: target?.closest('a, button, input, summary') !== null && target !== null,
  };
}
