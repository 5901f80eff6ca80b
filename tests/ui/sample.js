// A small helpdesk that is the same at every run: what it has is made just now, in one order, so numbers and lengths of
// time are the same each time. For tests that compare what a page says and how it looks.
import { PEOPLE } from './desk.js';

/** @typedef {import('./desk.js').Desk} Desk */

const CUSTOMERS = [
  ['Grete Müller', 'Contoso', 'grete@contoso.example'], ['Luis Ortega', 'Northwind', 'luis@northwind.example'],
  ['Mei Tanaka', 'Fabrikam', 'mei@fabrikam.example'], ['Olu Adeyemi', 'Tailspin', 'olu@tailspin.example'],
  ['Sanne de Vries', 'Contoso', 'sanne@contoso.example'],
];
const TITLES = [
  'Printer on the third floor prints blank pages', 'Cannot sign in after the password was changed', 'New laptop for a colleague who starts in May',
  'Shared mailbox is missing from Outlook', 'Telephone rings once and then goes silent', 'Report of last month shows no figures',
  'Door card does not open the archive', 'Screen flickers when the charger is connected', 'Calendar shows meetings an hour late',
  'Scanner sends files nobody can open', 'VPN drops every few minutes', 'Please restore a folder that was deleted',
];
const STATUSES = ['New', 'Open', 'Open', 'Pending', 'Resolved', 'Closed'];
const PRIORITIES = ['Low', 'Normal', 'Normal', 'High', 'Urgent'];
const TEXT = 'It worked until yesterday. We tried another cable and started it again, to no avail.\n\nCould somebody have a look before noon? The number on the label is 4711.';

/** Fills a desk that has nothing but people; its first ticket has a conversation. @param {Desk} desk */
export async function fill(desk) {
  const token = await desk.token('Administrator');
  const post = async (/** @type {string} */ path, /** @type {object} */ body) => {
    const answer = await desk.ask(token, `/odata/${path}`, { method: 'POST', body });
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const { body: users } = await desk.ask(token, '/odata/Users?$select=Id,Name&$orderby=Id');
  const agent = users.value.find((/** @type {{ Name: string }} */ { Name }) => Name === PEOPLE.ben.name).Id;
  for (const [Name, Company, Email] of CUSTOMERS) await post('Customers', { Name, Company, Email });
  for (const Name of ['Hardware', 'Software', 'Access']) await post('Categories', { Name });
  const team = (await post('Teams', { Name: 'Workplace', Description: 'Everything on and under a desk' })).Id;
  await post('Teams', { Name: 'Network', Description: 'Cables, radio and doors' });
  for (const [at, Title] of TITLES.entries()) {
    await post('Tickets', {
      Title, Description: TEXT, Priority: PRIORITIES[at % PRIORITIES.length], Tags: at % 3 ? [] : ['office'],
      RequesterEmail: CUSTOMERS[at % CUSTOMERS.length]?.[2], Status: at ? STATUSES[at % STATUSES.length] : 'Open',
      ...(at % 2 ? {} : { AssigneeId: agent, TeamId: team }),
    });
  }
  await post('Tickets(1)/Tessera.Reply', { Body: 'Thank you for writing. We are on our way.' });
  await post('Tickets(1)/Tessera.AddNote', { Body: 'The toner was replaced on Monday; ask the supplier.' });
  await post('SavedViews', { Name: 'Printers', EntitySet: 'Tickets', Query: "$filter=contains(Title,'rint')", IsShared: true });
  for (const [Name, Purpose, Role] of [['Power BI', 'Weekly report', 'ReadOnlyAgent'], ['Phone system', 'Opens tickets of missed calls', 'Agent']]) {
    await post('AccessTokens/Tessera.Mint', { Name, Purpose, Role });
  }
}
