// A refusal in the seat's words: the reason, and what it names by its name. The platform's own sentence
// is English and stands on an English screen only.
import { Refused } from '../api/http';
import { picture } from '../picture/picture.svelte';
import { when } from '../time/clock.svelte';
import { hasTerm, say, type Key } from '../words/words';
import { named, settings, shortName, w } from './settings.svelte';

/** What may be missing from a sentence without harm. */
const UNNAMED = '—';

function worded(name: string, term: string): string {
  const rows = picture.rows;
  switch (name) {
    case 'at_ms':
    case 'until_ms':
      return when(Number(term));
    case 'incident':
      return rows.incidents.get(term)?.title ?? term;
    case 'task':
      return rows.tasks.get(term)?.text ?? term;
    case 'tasks':
      return term.split(',').map((id) => worded('task', id)).join(settings.language === 'zh' ? '、' : ', ');
    case 'unit': {
      const unit = rows.units.get(term);
      return unit === undefined ? term : shortName(named(unit));
    }
    case 'plan': {
      const plan = picture.city?.plans.find((p) => p.id === term);
      return plan === undefined ? term : shortName(named({ name: plan.title, name_en: plan.title_en }));
    }
    case 'level': {
      const dress = picture.levels.of(term);
      return dress.rank === 0 ? w('level', term) : named(dress);
    }
    case 'state':
      return w('task', term);
    case 'role':
    case 'field':
      return w(name, term);
    default:
      return term;
  }
}

/** The sentence of a reason that names things; nothing where one of them is not given. */
function sentenceOf(reason: string, terms: Record<string, string>): string | null {
  if (!hasTerm('named', reason)) return null;
  const params = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name.replace(/_ms$/, ''), worded(name, term) || UNNAMED]));
  const text = say(settings.language, `named.${reason}` as Key, params);
  return /\{\w+\}/.test(text) ? null : text;
}

export function spoken(fault: unknown): string {
  if (!(fault instanceof Refused)) return settings.language === 'en' ? String(fault) : w('no', 'unavailable');
  const sentence = sentenceOf(fault.reason, fault.terms);
  if (sentence !== null) return sentence;
  const reason = w('no', fault.reason);
  const own = settings.language === 'en' && fault.reason !== 'unreachable' && fault.detail !== '';
  return own ? `${reason} (${fault.detail})` : reason;
}
