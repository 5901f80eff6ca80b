/**
 * Registers the texts of the tokens pages, once, with the first of them.
 * @module
 */
import { register } from '../../lib/i18n.js';
import { de as detailDe } from '../../i18n/tokens.detail.de.js';
import { en as detailEn } from '../../i18n/tokens.detail.en.js';
import { de as listDe } from '../../i18n/tokens.list.de.js';
import { en as listEn } from '../../i18n/tokens.list.en.js';
import { de as newDe } from '../../i18n/tokens.new.de.js';
import { en as newEn } from '../../i18n/tokens.new.en.js';

register({ en: { ...listEn, ...newEn, ...detailEn }, de: { ...listDe, ...newDe, ...detailDe } });
