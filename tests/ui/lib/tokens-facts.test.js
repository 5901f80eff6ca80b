// What is said of a token follows from its row and its audit log.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allowed, changes, denials, lost, madeWith, standing, switching, tone } from '../../../web/pages/tokens/facts.js';
import { code, envFile, firstRequest } from '../../../web/pages/tokens/snippets.js';

const now = new Date('2026-11-22T12:00:00Z');
const token = (more = {}) => ({
  Id: 3, Name: 'bi', State: 'active', OwnerId: 1, Role: 'ReadOnlyAgent', Scopes: ['tickets:read'], EffectiveScopes: ['tickets:read'],
  AllowedAddresses: [], CreatedDateTime: '2026-11-01T00:00:00Z', ExpiresDateTime: '2027-01-01T00:00:00Z', RevokedDateTime: null,
  FormerLastUsedDateTime: null, FormerLastUsedAddress: null, RotatedDateTime: null, OverlapEndsDateTime: null, OrphanedDateTime: null, LastUsedDateTime: null, UseCount: 0, DeniedCount: 0, ...more,
});

test('one word says what a token is', () => {
  const check = (more, want) => assert.equal(standing(token(more), now), want);
  check({}, 'active');
  check({ ExpiresDateTime: '2026-12-01T00:00:00Z' }, 'ending');
  check({ State: 'rotating' }, 'rotating');
  check({ State: 'expired', EffectiveScopes: [] }, 'expired');
  check({ State: 'revoked', OrphanedDateTime: '2026-11-01T00:00:00Z' }, 'revoked');
  check({ OrphanedDateTime: '2026-11-01T00:00:00Z' }, 'orphaned');
  check({ EffectiveScopes: [] }, 'powerless');
});

test('what was taken away is named', () => {
  assert.deepEqual(lost(token({ EffectiveScopes: [] })), ['tickets:read']);
  assert.deepEqual(lost(token()), []);
});

test('a rotation tells whether the client has switched', () => {
  const RotatedDateTime = '2026-11-22T10:00:00Z';
  const check = (more, want) => assert.equal(switching(token({ RotatedDateTime, ...more })), want);
  check({}, 'waiting');
  check({ LastUsedDateTime: '2026-11-22T09:00:00Z', FormerLastUsedDateTime: null }, 'waiting');
  check({ LastUsedDateTime: '2026-11-22T11:00:00Z', FormerLastUsedDateTime: null }, 'switched');
  check({ LastUsedDateTime: '2026-11-22T11:00:00Z', FormerLastUsedDateTime: '2026-11-22T11:00:00Z' }, 'old');
  check({ LastUsedDateTime: '2026-11-22T11:30:00Z', FormerLastUsedDateTime: '2026-11-22T11:00:00Z' }, 'switched');
});

test('who may do what with a token', () => {
  const administrator = { UserId: 9, Scopes: ['tokens:mint', 'tokens:read', 'tokens:write'] };
  const agent = { UserId: 1, Scopes: ['tokens:mint'] };
  const check = (more, person, want) => {
    const may = allowed(token(more), person);
    assert.equal(Object.keys(may).filter((key) => may[key]).join(' '), want);
  };
  check({}, agent, 'edit revoke rotate renew');
  check({ OwnerId: 2 }, agent, 'renew');
  check({}, administrator, 'edit revoke renew');
  check({ OwnerId: null }, administrator, 'edit revoke rotate renew');
  check({ State: 'expired' }, agent, 'remove renew');
  check({}, { UserId: 5, Scopes: ['tokens:mint', 'tokens:read'] }, 'renew');
});

const event = (Event, Detail, more = {}) => ({
  Id: 1, Event, Detail, CreatedDateTime: '2026-11-22T10:00:00Z', Count: 1, Address: '10.0.0.1', Agent: null, ActorName: null,
  ActorTokenId: 3, EntitySet: null, EntityId: null, EntityName: null, ...more,
});

test('what it was made with is read from the log', () => {
  const detail = 'tsr_ro_Av8QTj, of Users(1); role ReadOnlyAgent; scopes tickets:read,customers:read; until 2026-12-22T11:06:03Z; from 127.0.0.1';
  assert.deepEqual(madeWith([event('TokenMinted', detail)]), { role: 'ReadOnlyAgent', scopes: ['tickets:read', 'customers:read'] });
  assert.equal(madeWith([event('TokenChanged', 'Name: a -> b')]), null);
});

test('denials are counted by what was refused', () => {
  const found = denials([
    event('ScopeDenied', 'audit:read'),
    event('ScopeDenied', 'audit:read; first at 2026-11-22T10:05:00Z, last at 2026-11-22T10:09:00Z', { Count: 41, CreatedDateTime: '2026-11-22T11:00:00Z' }),
    event('AddressDenied', '10.0.0.9'),
    event('Changed', 'Title'),
  ]);
  assert.deepEqual(found.map((one) => `${one.event} ${one.what} ${one.count} ${one.last}`), ['ScopeDenied audit:read 42 2026-11-22T11:00:00Z', 'AddressDenied 10.0.0.9 1 2026-11-22T10:00:00Z']);
});

test('changes are told one by one', () => {
  assert.deepEqual(changes(event('TokenChanged', 'Name: a; b -> c; Scopes: x,y -> x')), [
    { property: 'Name', from: 'a; b', to: 'c' }, { property: 'Scopes', from: 'x,y', to: 'x' },
  ]);
  assert.deepEqual(changes(event('TokenRotated', 'KeyPrefix: tsr_ro_a -> tsr_ro_b; the former works until 2026-11-22')), [
    { property: 'KeyPrefix', from: 'tsr_ro_a', to: 'tsr_ro_b' },
  ]);
  assert.equal(tone(event('RetiredSecretUsed', null)), 'bad');
});

test('no snippet holds a secret, and each asks for what the token may do', () => {
  const feed = 'https://desk.example/odata';
  for (const tab of /** @type {const} */ (['curl', 'powershell', 'python'])) {
    const text = code(tab, { feed, scopes: ['tickets:read'] });
    assert.ok(text.includes(`${tab === 'powershell' ? '$feed' : feed}/Tickets?top=5`), text);
    assert.ok(!/tsr_/.test(text));
    assert.ok(code(tab, { feed, scopes: ['tickets:create'] }).includes('Printer is jammed'));
  }
  assert.equal(firstRequest(['mail:send']).path, 'Me()');
  assert.equal(envFile(feed, 'tsr_x'), 'TESSERA_FEED=https://desk.example/odata\nTESSERA_TOKEN=tsr_x\n');
});
