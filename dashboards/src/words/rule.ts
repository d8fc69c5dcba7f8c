// The rule of a decision in words: from its parts where the platform gives them, else from the few
// forms that name no threshold. Pure.
import type { RuleView } from '../contract/types';
import { span } from '../time/format';
import { valueText } from './alert';
import { hasTerm, say, term, type Key, type Language } from './words';

const properties = (language: Language, list: string): string =>
  list.split(' ').map((p) => term(language, 'prop', p)).join(language === 'zh' ? '、' : ', ');

/** 「3 小时累计雨量 ≥ 50 mm」. */
export function measured(language: Language, r: RuleView): string {
  const property = term(language, 'prop', r.property);
  const window = r.window_s == null ? '' : span(r.window_s, language).replace(' ', language === 'zh' ? '' : ' ');
  const key = hasTerm('rule', r.statistic) ? (`rule.${r.statistic}` as Key) : 'rule.latest';
  const what = say(language, key, { property, window });
  const value = valueText(language, r.threshold, r.unit);
  const hourly = r.statistic === 'rise_per_hour' ? (language === 'zh' ? '/小时' : '/h') : '';
  return say(language, 'rule.at_least', { what, value: value + hourly });
}

/** A rule where no threshold is given in parts: silence, no data, a file that has changed. */
export function unnumbered(language: Language, rule: string, hazard: string): string {
  const nodata = /^no data: nothing for (\d+) expected/.exec(rule);
  if (nodata !== null) return say(language, 'rule.nodata', { n: nodata[1] ?? '' });
  const silent = /^([a-z0-9_ ]+): silence is (\d+) expected/.exec(rule);
  if (silent !== null) return say(language, 'rule.silent', { property: properties(language, silent[1] ?? ''), n: silent[2] ?? '' });
  if (rule.startsWith('every station of the agency')) return say(language, 'rule.agency');
  if (rule.startsWith('withdrawn from')) return say(language, 'rule.withdrawn');
  if (rule.startsWith('highest of its stations')) return say(language, 'rule.stations');
  const numbered = /#(\d+):/.exec(rule);
  if (numbered !== null) return say(language, 'rule.changed', { hazard, n: numbered[1] ?? '' });
  return language === 'en' ? rule : hazard;
}

/** The model and its version as they stand in the log: `rainfall/1`. */
export const model = (rule: string): string => /^[a-z_]+\/\d+(?= #)/.exec(rule)?.[0] ?? '';

/** The source of a number; a city's own says so in the seat's language. */
export const sourceText = (language: Language, source: string): string =>
  source.replace(/^city policy\b/, say(language, 'rule.policy'));
