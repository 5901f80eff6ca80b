/**
 * Times of tokens in whole sentences.
 * @module
 */
import { lang, number, t } from '../../lib/i18n.js';
import { span } from './expiry.js';

/** A length of time, such as "30 days". @param {number} millis */
export function spanText(millis) {
  const { unit, count } = span(millis);
  return t(`tokens.span.${unit}`, { count, n: number(count) });
}

/** A time with its weekday, where the reader is. @param {Date} at */
export function fullTime(at) {
  const options = /** @type {const} */ ({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  return new Intl.DateTimeFormat(lang(), options).format(at);
}

/** When it will end, and how long that is. @param {Date} end @param {Date} now */
export function endSentence(end, now) {
  return t('tokens.expiry.sentence', { when: fullTime(end), span: spanText(end.getTime() - now.getTime()) });
}
