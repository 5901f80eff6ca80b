// What a template takes and refuses, read from its fixed parts alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, safeValue } from '../../../web/lib/compile.js';

/** @param {TemplateStringsArray} strings @param {...unknown} _values */
const parts = (strings, ..._values) => strings;

/** @param {TemplateStringsArray} strings @param {string[]} want */
function check(strings, want) {
  assert.deepEqual(compile(strings).holes.map(({ kind, name }) => (name ? `${kind} ${name}` : kind)), want);
}

test('each hole is what its place says', () => {
  check(parts`<p>${1}</p>`, ['child']);
  check(parts`${1} and ${2}`, ['child', 'child']);
  check(parts`<p class=${1}>${2}</p>`, ['attribute class', 'child']);
  check(parts`<p class="a ${1} b ${2}">`, ['attribute class', 'attribute class']);
  check(parts`<input ?disabled=${1} .value=${2} @input=${3}>`, ['boolean disabled', 'property value', 'event input']);
  check(parts`<li key=${1} ref=${2}>`, ['key key', 'ref ref']);
  check(parts`<a title="1 > 0" href=${1}>`, ['attribute href']);
  check(parts`<!-- a > b --><p>${1}</p>`, ['child']);
  check(parts`1 < 2 ${1}`, ['child']);
});

test('holes where text could become code are refused', () => {
  assert.throws(() => compile(parts`<p onclick=${1}>`), /onclick is not for templates/);
  assert.throws(() => compile(parts`<p style=${1}>`), /style is not for templates/);
  assert.throws(() => compile(parts`<iframe srcdoc=${1}>`), /srcdoc is not for templates/);
  assert.throws(() => compile(parts`<p .innerHTML=${1}>`), /innerHTML is not for templates/);
  assert.throws(() => compile(parts`<script>${1}</script>`), /no hole within <script>/);
  assert.throws(() => compile(parts`<textarea>${1}</textarea>`), /no hole within <textarea>/);
  assert.throws(() => compile(parts`<p ${1}>`), /must be the value of an attribute/);
});

test('no link runs a script', () => {
  for (const href of ['javascript:alert(1)', ' JaVaScRiPt:x', 'java\nscript:x', 'data:text/html,x', 'vbscript:x']) {
    assert.equal(safeValue('href', href), 'about:blank', href);
  }
  for (const href of ['/tickets/7', 'https://x.example/', 'mailto:a@x.example', '#top', '?q=a:b', 'blob:1', 'a/b:c']) {
    assert.equal(safeValue('href', href), href);
  }
  assert.equal(safeValue('title', 'javascript: a language'), 'javascript: a language');
});
