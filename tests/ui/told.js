// What a part of a page tells who listens to it, as a short ARIA snapshot: what can be reached and what stands above it,
// without texts, times and all rows but the first. Those that are meant stand in `told/`, one file each, and are
// compared by Playwright. TESSERA_UPDATE_LOOKS=1 takes what is there now as what is meant.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';

const folder = fileURLToPath(new URL('./told/', import.meta.url));

/** Told by themselves; what else there is stands only where it holds one of these. */
const TOLD = new Set([
  'heading', 'link', 'button', 'textbox', 'searchbox', 'combobox', 'spinbutton', 'slider', 'radio', 'checkbox', 'tab', 'menuitem', 'img',
  'table', 'columnheader', 'article', 'alert', 'status', 'region', 'group', 'navigation', 'search', 'complementary', 'dialog',
]);
/** Not told, with all that is in them. */
const LEFT_OUT = new Set(['text', 'option', 'code', 'time', 'caption', 'term', 'definition']);
/** Told without their names, which are all they hold. */
const NAMELESS = new Set(['row', 'rowheader', 'cell']);
/** Names that are others at another time. */
const CHANGING = /^ "(?:now|yesterday|.* ago)"$|\d{4}|\d\d:\d\d|tsr_|127\.0\.0\.1:/;

/** @typedef {{ role: string, line: string, children: Node[] }} Node */

/** The tree of a snapshot. @param {string} snapshot */
function parsed(snapshot) {
  /** @type {Node} */
  const root = { role: '', line: '', children: [] };
  const path = [root];
  for (const line of snapshot.split('\n')) {
    const found = /^( *)- ('?)([a-z]+)(.*)$/.exec(line);
    if (!found) continue;
    const [, indent = '', quote = '', role = '', rest = ''] = found;
    // Without the text that follows a colon; a name may hold one, too.
    const [, name = '', attributes = ''] = /^( "(?:[^"\\]|\\.)*")?((?: \[[^\]]*\])*)/.exec(rest) ?? [];
    const isNamed = !CHANGING.test(name) && !NAMELESS.has(role);
    const told = `${role}${isNamed ? name : ''}${attributes.replace(/ \[(?:active|cursor[^\]]*)\]/g, '')}`;
    const node = { role, line: (quote && isNamed && name) || /: /.test(told) ? `- '${told.replaceAll("'", "''")}'` : `- ${told}`, children: [] };
    const depth = indent.length / 2;
    path[depth]?.children.push(node);
    path[depth + 1] = node;
  }
  return root;
}

/** @param {Node} node @returns {Node[]} */
function shortened(node) {
  let children = node.children.filter(({ role }) => !LEFT_OUT.has(role));
  // One row, one entry tells what all are like.
  if (node.role === 'rowgroup' || node.role === 'list') children = children.slice(0, node.role === 'list' ? 12 : 1);
  if (node.role === 'columnheader') children = [];
  return children.flatMap((child) => {
    const within = shortened(child);
    return TOLD.has(child.role) || within.length ? [{ ...child, children: within }] : [];
  });
}

/** @param {Node[]} nodes @param {string} indent @returns {string[]} */
const lines = (nodes, indent) => nodes.flatMap(({ line, children }) => [`${indent}${line}${children.length ? ':' : ''}`, ...lines(children, `${indent}  `)]);

/**
 * That a part of the page tells what it is meant to.
 * @param {import('@playwright/test').Locator} part @param {string} name of the file
 */
export async function tells(part, name) {
  const file = join(folder, `${name}.yml`);
  if (process.env.TESSERA_UPDATE_LOOKS) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${lines(shortened(parsed(await part.ariaSnapshot())), '').join('\n')}\n`);
  }
  await expect.soft(part, name).toMatchAriaSnapshot(readFileSync(file, 'utf8'));
}
