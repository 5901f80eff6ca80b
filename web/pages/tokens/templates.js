/**
 * Ready-made tokens for common programs: role, the least scopes, a name. Knows no texts: those are in i18n.
 * @module
 */

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
