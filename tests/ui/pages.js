// Every page that stands at an address of its own, as Ada sees it on the desk of `sample.js`.

/**
 * `isOpen`: also for who is not signed in. `who` looks, else Ada: what Ada did and where she signed in grows with each test.
 * `ready` is there when all is that comes later.
 * @typedef {{ name: string, path: string, isOpen?: boolean, ready?: string, who?: keyof typeof import('./desk.js').PEOPLE }} View
 */

/** @type {View[]} */
export const VIEWS = [
  { name: 'sign-in', path: '/sign-in', isOpen: true },
  { name: 'setup', path: '/setup', isOpen: true },
  { name: 'dashboard', path: '/dashboard' },
  { name: 'tickets', path: '/tickets' },
  { name: 'new-ticket', path: '/tickets/new' },
  { name: 'ticket', path: '/tickets/1', ready: '.ticket-page:has(#message):has(#CategoryId:enabled):has(#SourceId:enabled)' },
  { name: 'tokens', path: '/tokens' },
  { name: 'new-token', path: '/tokens/new' },
  { name: 'token', path: '/tokens/3' },
  { name: 'policy', path: '/tokens/policy' },
  { name: 'customers', path: '/people/customers' },
  { name: 'staff', path: '/people/users' },
  { name: 'teams', path: '/teams' },
  { name: 'lists', path: '/settings/pickers' },
  { name: 'audit', path: '/audit?set=Tickets' },
  { name: 'connect', path: '/connect' },
  { name: 'profile', path: '/profile', who: 'dan' },
  { name: 'nowhere', path: '/no/such/page' },
];
