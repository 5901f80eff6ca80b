/**
 * Scopes, roles and templates: what holds what, who may give what, and what a set of scopes opens. Knows no page.
 * @module
 */

/** All scopes in the order the server tells them. */
export const SCOPES = [
  'tickets:read', 'tickets:write', 'tickets:delete', 'tickets:create',
  'comments:read', 'comments:write', 'comments:delete', 'comments:create',
  'attachments:read', 'attachments:write', 'attachments:delete',
  'customers:read', 'customers:write', 'customers:delete',
  'teams:read', 'teams:write', 'teams:delete',
  'users:read', 'users:write', 'users:delete',
  'notes:read', 'notes:write', 'dashboard:read', 'mail:send',
  'tokens:mint', 'tokens:read', 'tokens:write', 'audit:read',
  'webhooks:read', 'webhooks:write', 'settings:read', 'settings:write',
];

/** What a scope brings along. */
const BRINGS = new Map([['tickets:write', 'tickets:create'], ['comments:write', 'comments:create']]);

const AGENT = [
  'tickets:read', 'tickets:write', 'tickets:create', 'comments:read', 'comments:write', 'comments:create',
  'attachments:read', 'attachments:write', 'customers:read', 'customers:write', 'teams:read', 'users:read',
  'notes:read', 'notes:write', 'dashboard:read', 'tokens:mint',
];

/** @type {Readonly<Record<string, readonly string[]>>} What each role holds; the greatest first. */
export const ROLES = Object.freeze({
  Administrator: SCOPES,
  ReadOnlyAdministrator: SCOPES.filter((scope) => isReading(scope) || scope === 'tokens:mint'),
  Agent: AGENT,
  ReadOnlyAgent: ['tickets:read', 'customers:read'],
});

/** Columns of the picker, and which actions stand in which. */
export const COLUMNS = ['read', 'create', 'change', 'delete'];
/** @type {Record<string, string>} */
const COLUMN_OF = { read: 'read', create: 'create', mint: 'create', send: 'create', write: 'change', delete: 'delete' };

/** @param {string} scope */
export function isReading(scope) {
  return scope.endsWith(':read');
}

/**
 * The set with all that its scopes bring along, in the server's order.
 * @param {Iterable<string>} scopes
 * @returns {string[]}
 */
export function closed(scopes) {
  const all = new Set(scopes);
  for (const [scope, brought] of BRINGS) if (all.has(scope)) all.add(brought);
  return SCOPES.filter((scope) => all.has(scope));
}

/**
 * The scope that brings this one along, if that is in the set.
 * @param {string} scope
 * @param {ReadonlySet<string>} chosen
 * @returns {string | null}
 */
export function broughtBy(scope, chosen) {
  for (const [by, brought] of BRINGS) if (brought === scope && chosen.has(by)) return by;
  return null;
}

/**
 * Takes a scope in or out; taking one out takes out what would bring it back.
 * @param {readonly string[]} chosen
 * @param {string} scope
 * @param {boolean} isIn
 * @returns {string[]}
 */
export function toggled(chosen, scope, isIn) {
  if (isIn) return closed([...chosen, scope]);
  return closed(chosen.filter((one) => one !== scope && BRINGS.get(one) !== scope));
}

/**
 * @param {readonly string[]} asked
 * @param {readonly string[]} held
 * @returns {string[]} what is asked for and not held
 */
export function excess(asked, held) {
  const has = new Set(held);
  return asked.filter((scope) => !has.has(scope));
}

/**
 * What somebody may give of a role. Who only reads gives only what reads.
 * @param {string} role
 * @param {{ Role: string, Scopes: readonly string[] }} maker
 * @returns {readonly string[]}
 */
export function offered(role, maker) {
  const all = ROLES[role] ?? [];
  return maker.Role === 'ReadOnlyAdministrator' ? all.filter(isReading) : all;
}

/**
 * The roles as somebody may give them, to an owner with a role of his own.
 * @param {{ Role: string, Scopes: readonly string[] }} maker
 * @param {string | null} ownerRole role of the owner, null for the maker and for a service
 * @returns {{ role: string, scopes: readonly string[], missing: string[], of: 'you' | 'owner' | null }[]}
 *   `missing` is what stands in the way, `of` who lacks it
 */
export function rolesFor(maker, ownerRole = null) {
  return Object.keys(ROLES).map((role) => {
    const scopes = offered(role, maker);
    const own = excess(scopes, maker.Scopes);
    const isAbove = role === 'Administrator' && maker.Role === 'ReadOnlyAdministrator';
    if (own.length || isAbove) return { role, scopes, missing: own.length ? own : ['tickets:write'], of: 'you' };
    const ownerLacks = ownerRole ? excess(scopes, ROLES[ownerRole] ?? []) : [];
    return { role, scopes, missing: ownerLacks, of: ownerLacks.length ? 'owner' : null };
  });
}

/**
 * The scopes of a role as rows of a picker: a resource each, with the scopes in each column.
 * @param {readonly string[]} scopes
 * @param {string} [search]
 * @returns {{ resource: string, cells: Record<string, string[]> }[]}
 */
export function pickerRows(scopes, search = '') {
  /** @type {Map<string, Record<string, string[]>>} */
  const rows = new Map();
  for (const scope of scopes) {
    const [resource, action] = scope.split(':');
    const cells = rows.get(resource) ?? { read: [], create: [], change: [], delete: [] };
    cells[COLUMN_OF[action]].push(scope);
    rows.set(resource, cells);
  }
  const wanted = search.trim().toLowerCase();
  return [...rows]
    .map(([resource, cells]) => ({ resource, cells }))
    .filter(({ resource, cells }) => !wanted || resource.includes(wanted) || Object.values(cells).flat().some((scope) => scope.includes(wanted)));
}

/**
 * @typedef {{ method: string, path: string, status: number, needs: string[], missing: string[] }} Probe
 */

/** @type {[method: string, path: string, ok: number, needs: string[]][]} */
const PROBES = [
  ['GET', '/odata/Tickets', 200, ['tickets:read']],
  ['POST', '/odata/Tickets', 201, ['tickets:create']],
  ['PATCH', '/odata/Tickets(7)', 200, ['tickets:read', 'tickets:write']],
  ['POST', '/odata/Tickets(7)/Tessera.Reply', 200, ['tickets:read', 'comments:create']],
  ['POST', '/odata/Tickets(7)/Tessera.AddNote', 200, ['tickets:read', 'notes:write']],
  ['DELETE', '/odata/Tickets(7)', 204, ['tickets:read', 'tickets:delete']],
  ['GET', '/odata/Comments', 200, ['comments:read']],
  ['GET', '/odata/Customers', 200, ['customers:read']],
  ['POST', '/odata/Customers', 201, ['customers:write']],
  ['GET', '/odata/Users', 200, ['users:read']],
  ['GET', '/odata/AuditEvents', 200, ['audit:read']],
  ['POST', '/odata/AccessTokens/Tessera.Mint', 200, ['tokens:mint']],
  ['PATCH', '/odata/TokenPolicies(1)', 200, ['settings:read', 'settings:write']],
];

/**
 * What some real requests would be answered with.
 * @param {readonly string[]} scopes
 * @returns {Probe[]}
 */
export function probes(scopes) {
  return PROBES.map(([method, path, ok, needs]) => {
    const missing = excess(needs, scopes);
    return { method, path, status: missing.length ? 403 : ok, needs, missing };
  });
}

/**
 * Which resources a set reads, creates, changes and deletes, for a sentence.
 * @param {readonly string[]} scopes
 * @returns {Record<string, string[]>} resources by column
 */
export function summary(scopes) {
  /** @type {Record<string, string[]>} */
  const told = { read: [], create: [], change: [], delete: [] };
  for (const { resource, cells } of pickerRows(scopes)) {
    for (const column of COLUMNS) {
      const isSaid = column === 'create' && cells.change.length > 0 && cells.create.length > 0;
      if (cells[column].length && !isSaid) told[column].push(resource);
    }
  }
  return told;
}

/**
 * @typedef {object} Template
 * @property {string} id its texts are `tokens.template.<id>.name`, `.purpose`, `.says`
 * @property {string} role
 * @property {readonly string[]} scopes the least it needs
 * @property {string} [snippet] the tab that opens first when it is made
 */

/** @type {readonly Template[]} The first is chosen when the page opens. */
export const TEMPLATES = Object.freeze([
  { id: 'powerbi', role: 'ReadOnlyAgent', scopes: ['tickets:read', 'customers:read'], snippet: 'powerbi' },
  {
    id: 'powershell', role: 'Agent', snippet: 'powershell',
    scopes: [
      'tickets:read', 'tickets:write', 'tickets:create', 'comments:read', 'comments:write', 'comments:create',
      'customers:read', 'customers:write', 'teams:read', 'users:read', 'notes:read', 'notes:write',
    ],
  },
  { id: 'automate', role: 'Agent', scopes: ['tickets:read', 'tickets:create', 'comments:create'], snippet: 'automate' },
  { id: 'intake', role: 'Agent', scopes: ['tickets:create'], snippet: 'python' },
  {
    id: 'backup', role: 'ReadOnlyAdministrator', snippet: 'curl',
    scopes: [
      'tickets:read', 'comments:read', 'attachments:read', 'customers:read', 'teams:read', 'users:read', 'notes:read',
      'dashboard:read', 'tokens:read', 'audit:read', 'webhooks:read', 'settings:read',
    ],
  },
]);

/** @param {string} id */
export function template(id) {
  return TEMPLATES.find((one) => one.id === id);
}

/**
 * A name that none of these has: "Power BI", "Power BI 2", …
 * @param {string} wanted
 * @param {readonly string[]} taken
 * @returns {string}
 */
export function freeName(wanted, taken) {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  if (!used.has(wanted.toLowerCase())) return wanted;
  let number = 2;
  while (used.has(`${wanted} ${number}`.toLowerCase())) number += 1;
  return `${wanted} ${number}`;
}
