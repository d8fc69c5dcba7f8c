// The particulars of a refused observation: what it names, worded anew. In English the platform's own
// sentence stands. Pure.
import type { RejectionView } from '../contract/types';
import { figure, unit } from './units';
import { age } from '../time/format';
import { say, term, type Language } from './words';

type Worded = (m: RegExpExecArray, zh: Language) => string;

const value = (zh: Language, v: string, u: string): string => {
  const n = Number(v);
  return Number.isFinite(n) ? `${figure(n, u)} ${unit(zh, u)}`.trim() : `${v} ${u}`;
};

/** The forms of the platform's sentences, most particular first. */
const FORMS: readonly [RegExp, Worded][] = [
  [/ is (\d+) ms ahead of now/, (m, zh) => say(zh, 'part.ahead', { span: age(Number(m[1]), zh) })],
  [/ is more than (\d+) days ahead/, (m, zh) => say(zh, 'part.ahead', { span: `> ${age(Number(m[1]) * 86_400_000, zh)}` })],
  [/^(\S+) (\S+) is outside (\S+) to (\S+) \S+$/, (m, zh) => say(zh, 'part.range', {
    value: value(zh, m[1] ?? '', m[2] ?? ''), least: value(zh, m[3] ?? '', m[2] ?? ''), most: value(zh, m[4] ?? '', m[2] ?? ''),
  })],
  [/^station (\S+) has no (\S+); it has (.+)$/, (m, zh) => say(zh, 'part.has', {
    id: m[1] ?? '', property: term(zh, 'prop', m[2] ?? ''), known: (m[3] ?? '').split(', ').map((p) => term(zh, 'prop', p)).join('、'),
  })],
  [/^"(.*)" is no unit of \S+, which is in (\S+)$/, (m, zh) => say(zh, 'part.unit', { unit: m[1] ?? '', own: m[2] ?? '' })],
  [/^(?:no station|station) (\S+)/, (m, zh) => say(zh, 'part.station', { id: m[1] ?? '' })],
  [/^(?:status|field) "([^"]*)"/, (m, zh) => say(zh, 'part.field', { name: m[1] ?? '' })],
  [/^unknown field `([^`]*)`/, (m, zh) => say(zh, 'part.field', { name: m[1] ?? '' })],
  [/^(?:there is nothing|the text|nested|the body|an observation)/, (_, zh) => say(zh, 'part.body')],
];

/** What a refusal names; nothing where the sentence has no form that is known here. */
export function particulars(language: Language, r: Pick<RejectionView, 'detail'>): string {
  if (language === 'en') return r.detail;
  for (const [form, word] of FORMS) {
    const m = form.exec(r.detail);
    if (m !== null) return word(m, language);
  }
  return '';
}
