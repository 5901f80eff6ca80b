/**
 * The same query outside this page: as an address of the feed, as CSV, in Power BI and in Excel.
 */
import { copyText, menu, toast } from '../../lib/above.js';
import { t } from '../../lib/i18n.js';
import { asksMe, feedAddress, optionText, shownColumns } from './query.js';

/** @typedef {import('./query.js').ListQuery} ListQuery */

/**
 * The addresses of a query.
 * @param {ListQuery} query @param {number|null} me
 */
export function addressesOf(query, me) {
  const feed = feedAddress(query, { me });
  // The files take the options as one value: what stands in them is escaped once more.
  const options = optionText({ ...query, columns: shownColumns(query) }) + (me !== null && asksMe(query.filter) ? `&@me=${me}` : '');
  const file = (/** @type {string} */ name) => `/connect/${name}?set=Tickets&query=${encodeURIComponent(options)}`;
  return {
    feed: new URL(feed, location.origin).href,
    csv: feedAddress(query, { me, format: 'csv' }),
    powerBi: file('powerbi.pbids'),
    excel: file('excel.odc'),
  };
}

/** The menu of them. @param {ListQuery} query @param {number|null} me */
export function outsideMenu(query, me) {
  const { feed, csv, powerBi, excel } = addressesOf(query, me);
  return menu({
    id: 'outside', label: t('tickets.outside'), face: t('tickets.outside'), className: 'button',
    items: [
      { label: t('tickets.outside.copy'), onclick: async () => { if (await copyText(feed)) toast(t('tickets.outside.copied')); } },
      { label: t('tickets.outside.csv'), href: csv },
      { label: t('tickets.outside.powerbi'), href: powerBi },
      { label: t('tickets.outside.excel'), href: excel },
    ],
  });
}
