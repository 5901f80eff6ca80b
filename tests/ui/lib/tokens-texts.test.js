// Every text of the tokens pages is there in both languages, with the same holes, and every key that is used has one.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { ROLES, SCOPES, TEMPLATES } from '../../../web/pages/tokens/rights.js';
import { TABS } from '../../../web/pages/tokens/snippets.js';
import { de } from '../../../web/i18n/tokens.de.js';
import { en as general } from '../../../web/i18n/en.js';
import { en } from '../../../web/i18n/tokens.en.js';

const web = new URL('../../../web/', import.meta.url);
const holes = (/** @type {string | object} */ text) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g) ?? [])].sort().join(' ');

test('both languages have the same texts with the same holes', () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.equal(holes(de[key]), holes(en[key]), key);
});

test('every key that a page names has a text', () => {
  const folder = new URL('pages/tokens/', web);
  const source = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
  const used = [...source.matchAll(/'(tokens\.[a-zA-Z0-9.]+)'/g)].map((found) => found[1]).filter((key) => !key.endsWith('.'));
  for (const key of used) assert.ok(key in en || key.startsWith('tokens.fault') && key in en, key);
});

test('every key that is put together has a text', () => {
  const made = [
    ...Object.keys(ROLES).flatMap((role) => [`role.${role}`, `tokens.role.${role}.says`]),
    ...SCOPES.map((scope) => `tokens.resource.${scope.split(':')[0]}`),
    ...TABS.map((tab) => `tokens.tab.${tab}`),
    ...TEMPLATES.flatMap(({ id }) => ['name', 'purpose', 'says'].map((part) => `tokens.template.${id}.${part}`)),
    ...['active', 'ending', 'rotating', 'orphaned', 'powerless', 'expired', 'revoked'].map((state) => `tokens.state.${state}`),
    ...['read', 'create', 'change', 'delete'].flatMap((column) => [`tokens.picker.${column}`, `tokens.can.${column}`, `tokens.cannot.${column}`]),
    ...['waiting', 'old', 'switched'].map((how) => `tokens.over.${how}`),
  ];
  for (const key of made) assert.ok(key in en || key in general, key);
});
