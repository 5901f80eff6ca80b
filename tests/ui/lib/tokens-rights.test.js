// What the tokens pages know of scopes and roles agrees with the documentation, and the preview with both.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ROLE_SIZES } from '../../../web/pages/tokens/facts.js';
import { ROLES, SCOPES, TEMPLATES, broughtBy, closed, excess, freeName, pickerRows, probes, rolesFor, summary, toggled } from '../../../web/pages/tokens/rights.js';

const docs = readFileSync(new URL('../../../docs/access.md', import.meta.url), 'utf8');
const table = [...docs.matchAll(/^\| `([a-z]+:[a-z]+)` \| .* \| (yes|-) \| (yes|-) \| (yes|-) \| (yes|-) \|$/gm)];

test('scopes and roles are those of the documentation', () => {
  assert.deepEqual(table.map((row) => row[1]), SCOPES);
  Object.keys(ROLES).forEach((role, at) => {
    const documented = table.filter((row) => row[2 + at] === 'yes').map((row) => row[1]);
    assert.deepEqual([...ROLES[role]], documented, role);
    assert.equal(ROLE_SIZES[role], documented.length, role);
  });
});

test('the preview asks for what the list of addresses says', () => {
  const page = readFileSync(new URL('../../../docs/scopes.md', import.meta.url), 'utf8');
  for (const { method, path, needs } of probes([])) {
    const address = path.replace('(7)', '(Id)').replace('(1)', '(Id)');
    const rows = [...page.matchAll(/^\| `([^`]+)` \| ([A-Z, ]+) \| (.*) \|$/gm)];
    const row = rows.find((row) => row[1] === address && row[2].split(', ').includes(method));
    assert.ok(row, `${method} ${address} is documented`);
    const documented = [...row[3].split('(')[0].matchAll(/`([a-z]+:[a-z]+)`/g)].map((found) => found[1]);
    assert.deepEqual(needs, documented, `${method} ${address}`);
  }
});

test('write brings create, and goes when create is taken out', () => {
  const check = (before, scope, isIn, want) => assert.deepEqual(toggled(before, scope, isIn), want);
  check([], 'tickets:write', true, ['tickets:write', 'tickets:create']);
  check(['tickets:write', 'tickets:create'], 'tickets:write', false, ['tickets:create']);
  check(['tickets:write', 'tickets:create'], 'tickets:create', false, []);
  check(['tickets:read'], 'comments:read', true, ['tickets:read', 'comments:read']);
  assert.equal(broughtBy('tickets:create', new Set(['tickets:write'])), 'tickets:write');
  assert.equal(broughtBy('tickets:create', new Set(['tickets:create'])), null);
  assert.deepEqual(closed(['comments:write']), ['comments:write', 'comments:create']);
});

test('nobody is offered a role that holds more than they do', () => {
  const offered = (role, owner = null) =>
    rolesFor({ Role: role, Scopes: ROLES[role] }, owner).filter((one) => !one.of).map((one) => one.role).join(' ');
  assert.equal(offered('Administrator'), 'Administrator ReadOnlyAdministrator Agent ReadOnlyAgent');
  assert.equal(offered('Agent'), 'Agent ReadOnlyAgent');
  assert.equal(offered('ReadOnlyAdministrator'), 'ReadOnlyAdministrator Agent ReadOnlyAgent');
  assert.equal(offered('Administrator', 'Agent'), 'Agent ReadOnlyAgent');
  const [administrator] = rolesFor({ Role: 'Agent', Scopes: ROLES.Agent });
  assert.equal(administrator.of, 'you');
  assert.ok(administrator.missing.includes('tokens:write'));
});

test('who only reads gives only what reads', () => {
  const roles = rolesFor({ Role: 'ReadOnlyAdministrator', Scopes: ROLES.ReadOnlyAdministrator });
  assert.ok(roles.every((one) => one.scopes.every((scope) => scope.endsWith(':read'))));
});

test('every template fits its role, opens something and never deletes', () => {
  for (const { id, role, scopes } of TEMPLATES) {
    assert.deepEqual(excess(scopes, ROLES[role]), [], id);
    assert.ok(probes(scopes).some((probe) => probe.status < 300), id);
    assert.deepEqual(summary(scopes).delete, [], id);
  }
});

test('the picker has a row for each resource and is searched by scope', () => {
  assert.deepEqual(pickerRows(ROLES.ReadOnlyAgent).map((row) => row.resource), ['tickets', 'customers']);
  assert.deepEqual(pickerRows(SCOPES, ':DELETE').map((row) => row.resource), ['tickets', 'comments', 'attachments', 'customers', 'teams', 'users']);
  assert.equal(pickerRows(SCOPES).flatMap((row) => Object.values(row.cells).flat()).length, SCOPES.length);
});

test('the summary says create only where change does not say it', () => {
  assert.deepEqual(summary(['tickets:read', 'tickets:write', 'tickets:create']), { read: ['tickets'], create: [], change: ['tickets'], delete: [] });
  assert.deepEqual(summary(['tickets:create']).create, ['tickets']);
});

test('a name is free when no other has it', () => {
  assert.equal(freeName('Power BI', []), 'Power BI');
  assert.equal(freeName('Power BI', ['power bi', 'Power BI 2']), 'Power BI 3');
});
