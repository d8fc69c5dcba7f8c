// What is said of an alert, in the list and in the detail. Pure.
import type { AlertView } from '../contract/types';
import { span } from '../time/format';
import { figure, unit } from './units';
import { hasTerm, say, term, type Language } from './words';

export const ARROWS: Record<string, string> = { rising: '↑', falling: '↓', steady: '→' };

/** Whether a property belongs to the interval that ends at its time, so that a window is a sum. */
export const isSum = (property: string): boolean => property === 'rainfall';

/** Whether a value jumps from minute to minute, so that the judged one says more than the newest. */
export const isGusty = (property: string): boolean => property.startsWith('wind_');

export function criterion(language: Language, hazard: string, kind: string): string {
  return term(language, 'criterion', hasTerm('criterion', hazard) ? hazard : kind);
}

/** 「3 小时雨量」, "rain over 3 h"; 「水位」. */
export function quantity(language: Language, a: AlertView): string {
  const property = term(language, 'prop', a.property);
  if (a.window_s == null || !isSum(a.property)) return property;
  const window = span(a.window_s, language);
  return language === 'zh' ? `${window.replace(' ', '')}${property}` : `${window} ${property}`;
}

export function valueText(language: Language, v: number, ucum: string): string {
  const u = unit(language, ucum);
  const space = u === '' || u === '%' || u === '°' ? '' : ' ';
  return `${figure(v, ucum)}${space}${u}`;
}

/** How far over its mark: 「超警0.29」, "0.29 above warning"; nothing where there is no mark. */
export function over(language: Language, a: AlertView): string {
  if (a.mark == null || a.value == null || a.threshold == null) return '';
  const d = a.value - a.threshold;
  if (d < 0 || !hasTerm('over', a.mark)) return '';
  const word = term(language, 'over', a.mark);
  return say(language, 'fact.over', { mark: word, d: figure(d, a.unit) });
}

/** The one-line fact of the list: 「水位 4.09 m 超警0.29」,「资料中断」. */
export function fact(language: Language, a: AlertView): string {
  if (a.hazard === 'feed') {
    const agency = a.place.startsWith('agency:');
    const what = say(language, agency ? 'fact.feed.agency' : 'fact.feed');
    const property = agency || a.property === '' ? '' : term(language, 'prop', a.property);
    return property === '' ? what : language === 'zh' ? `${property}${what}` : `${property}: ${what}`;
  }
  if (a.value == null) return quantity(language, a);
  if (a.property === 'emergency_traffic') {
    return `${quantity(language, a)} ${traffic(language, a.value)}`;
  }
  const text = `${quantity(language, a)} ${valueText(language, a.value, a.unit)}`;
  const above = over(language, a);
  return above === '' ? text : `${text} ${above}`;
}

const TRAFFIC = ['normal', 'strained', 'divert_advised', 'suspended'] as const;

export const traffic = (language: Language, code: number): string =>
  term(language, 'traffic', TRAFFIC[Math.max(0, Math.min(3, Math.round(code)))] ?? 'normal');
