// One table of words, two languages. A key without both does not compile.
import { bulletins } from './bulletins';
import { cases } from './cases';
import { catalogue } from './catalogue';
import { corrections } from './corrections';
import { desk } from './desk';
import { events } from './events';
import { feeds } from './feeds';
import { guides } from './guides';
import { said } from './said';
import { screen } from './screen';
import { situations } from './situations';
import { terms } from './terms';
import { wards } from './wards';

export const words = { ...screen, ...desk, ...terms, ...events, ...said, ...feeds, ...guides, ...situations, ...bulletins, ...wards, ...catalogue, ...corrections, ...cases };
export type Key = keyof typeof words;
export type Language = 'zh' | 'en';
export type Params = Record<string, string | number>;

const fill = (text: string, params?: Params): string =>
  params === undefined
    ? text
    : text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));

export function say(language: Language, key: Key, params?: Params): string {
  return fill(words[key][language === 'zh' ? 0 : 1], params);
}

/** Whether there is a word for it. */
export const hasTerm = (area: string, word: string): boolean => `${area}.${word}` in words;

/** The word for one of the platform's own stable words; the word itself where there is none yet. */
export function term(language: Language, area: string, word: string): string {
  const key = `${area}.${word}`;
  return key in words ? say(language, key as Key) : word.replaceAll('_', ' ');
}
