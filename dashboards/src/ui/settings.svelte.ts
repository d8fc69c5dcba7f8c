// What this seat has chosen: language, day or night, single-key shortcuts. Kept on the seat.
import { say, term, type Key, type Language, type Params } from '../words/words';

const KEPT = 'fenghuo.seat';

interface Kept {
  language: Language;
  night: boolean;
  shortcuts: boolean;
}

function kept(): Partial<Kept> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Kept>;
  } catch {
    return {}; // Storage is closed or not ours: the defaults hold.
  }
}

class Settings {
  language = $state<Language>('zh');
  night = $state(false);
  shortcuts = $state(true);

  constructor() {
    const k = kept();
    if (k.language === 'en' || k.language === 'zh') this.language = k.language;
    this.night = k.night === true;
    this.shortcuts = k.shortcuts !== false;
  }

  keep(): void {
    const all: Kept = { language: this.language, night: this.night, shortcuts: this.shortcuts };
    try {
      localStorage.setItem(KEPT, JSON.stringify(all));
    } catch {
      // A seat without storage keeps its choice until it is reloaded.
    }
    this.dress();
  }

  turnLanguage(): void {
    this.language = this.language === 'zh' ? 'en' : 'zh';
    this.keep();
  }
  turnNight(): void {
    this.night = !this.night;
    this.keep();
  }

  /** Puts language and palette on the document, where styles and screen readers look for them. */
  dress(): void {
    const root = document.documentElement;
    root.lang = this.language === 'zh' ? 'zh-CN' : 'en';
    root.dataset['palette'] = this.night ? 'night' : 'day';
  }
}

export const settings = new Settings();

/** The words for `key` in the seat's language. */
export const t = (key: Key, params?: Params): string => say(settings.language, key, params);
/** The word for a stable word of the platform's. */
export const w = (area: string, word: string): string => term(settings.language, area, word);
/** The name of anything that has two. */
export const named = (row: { name: string; name_en: string }): string =>
  settings.language === 'en' && row.name_en !== '' ? row.name_en : row.name;

/** A name without its note 「(虚构)」: the note stands once, in the map's corner. */
export const shortName = (name: string): string =>
  name.replace(/[(\uff08](虚构|fictional)[)\uff09]/g, '').trim();
