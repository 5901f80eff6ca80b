// Registers the texts of the tokens pages, once, with the first of them.
import { register } from '../../lib/i18n.js';
import detailDe from '../../i18n/tokens.detail.de.js';
import detailEn from '../../i18n/tokens.detail.en.js';
import listDe from '../../i18n/tokens.list.de.js';
import listEn from '../../i18n/tokens.list.en.js';
import newDe from '../../i18n/tokens.new.de.js';
import newEn from '../../i18n/tokens.new.en.js';

register({ en: { ...listEn, ...newEn, ...detailEn }, de: { ...listDe, ...newDe, ...detailDe } });
