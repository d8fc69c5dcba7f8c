// A line of the duty log in words. The platform writes particulars in stable words and ids; here
// they become the seat's words.
import type { LogEntry } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { when } from '../time/clock.svelte';
import { named, settings, shortName, t, w } from '../ui/settings.svelte';
import type { Selected } from '../ui/view.svelte';
import { valueText } from '../words/alert';
import { signalName } from './signal';
import { warningName } from './warning';

export interface LogLine {
  seq: number;
  at: number;
  by: string;
  what: string;
  place: string;
  detail: string;
  about: string;
  go: Selected | null;
}

const unitName = (id: string): string => {
  const unit = picture.rows.units.get(id);
  return unit === undefined ? id : shortName(named(unit));
};

export const levelWord = (id: string): string => {
  const dress = picture.levels.of(id);
  if (dress.rank > 0) return named(dress);
  return id === 'none' || id === 'nodata' ? w('level', id) : id;
};

const STEP = /^(\S+) -> (\S+?)(?: \(?(-?[\d.]+(?:e[-+]?\d+)?)\)?)?$/;

/** 「none -> orange 58.1」 as 「未达指标 → 橙 58.1 mm」, where the unit is known. */
export function steps(text: string, unit: string): string {
  const [, was, is, value] = STEP.exec(text) ?? [];
  if (was === undefined || is === undefined) return text;
  const v = value === undefined ? '' : ` ${valueText(settings.language, Number(value), unit)}`;
  return `${levelWord(was)} → ${levelWord(is)}${v}`;
}

/** 「yellow -> orange (58.1)」 as 「更正:原黄,现橙 58.1 mm」. */
export function amendment(text: string, unit: string): string {
  const [, was, is, value] = STEP.exec(text) ?? [];
  if (was === undefined || is === undefined) return text;
  const v = value === undefined ? '' : ` ${valueText(settings.language, Number(value), unit)}`;
  return t('detail.amended', { was: levelWord(was), is: levelWord(is) + v });
}

function about(id: string): { place: string; go: Selected | null } {
  const alert = picture.alert(id);
  if (alert !== undefined) {
    const name = settings.language === 'en' ? alert.place_name_en : alert.place_name;
    return { place: shortName(name), go: { kind: 'alert', id } };
  }
  const incident = picture.rows.incidents.get(id);
  if (incident !== undefined) return { place: incident.title, go: { kind: 'incident', id } };
  const task = picture.rows.tasks.get(id);
  if (task !== undefined) return { place: task.text, go: { kind: 'incident', id: task.incident } };
  const signal = picture.rows.signals.get(id);
  if (signal !== undefined) return { place: signalName(signal), go: { kind: 'signal', id } };
  const situation = picture.rows.situations.get(id);
  if (situation !== undefined) return { place: situation.title === '' ? w('sit.kind', situation.kind) : situation.title, go: { kind: 'situation', id } };
  const warning = picture.rows.warnings.get(id);
  if (warning !== undefined) return { place: warningName(warning), go: { kind: 'warning', id } };
  const unit = picture.rows.units.get(id);
  if (unit !== undefined) return { place: shortName(named(unit)), go: { kind: 'unit', id } };
  // An alert that has left the list still has its place in its id.
  const place = id.split('@')[1] ?? id;
  const station = picture.stations.rows[picture.stations.byId.get(place) ?? -1];
  if (station !== undefined) return { place: shortName(named(station)), go: { kind: 'station', id: place } };
  const feed = [...picture.rows.feeds.values()].find((f) => `agency:${f.agency}` === place);
  if (feed === undefined) return { place: id, go: null };
  return { place: settings.language === 'en' ? feed.agency_name_en : feed.agency_name, go: null };
}

/** Splits off the first `n` words; the rest is free text. */
function words(text: string, n: number): [string[], string] {
  const all = text.split(' ');
  return [all.slice(0, n), all.slice(n).join(' ')];
}

function detail(entry: LogEntry): string {
  const text = entry.detail;
  if (entry.what.startsWith('signal.') && picture.rows.signals.has(entry.about)) return '';
  switch (entry.what) {
    case 'acknowledged':
      return words(text, 1)[1];
    case 'shelved': {
      const [[until], reason] = words(text, 1);
      const at = Number(until);
      return Number.isFinite(at) && at > 0 ? `${t('list.until', { time: when(at) })} ${reason}` : text;
    }
    case 'incident_opened':
      return '';
    case 'plan_started': {
      const [[id, level], rest] = words(text, 2);
      const plan = picture.city?.plans.find((p) => p.id === id);
      const title = plan === undefined ? (id ?? '') : named({ name: plan.title, name_en: plan.title_en });
      return `${shortName(title)} ${level === undefined ? '' : levelWord(level)} ${rest}`.trim();
    }
    case 'task_proposed':
      return words(text, 1)[0].join(' ');
    case 'task_sent':
      return unitName(words(text, 1)[0][0] ?? '');
    case 'corrected': {
      const [[property, act, from, until], reason] = words(text, 4);
      const [what, amount] = (act ?? '').split(':');
      const said = what === 'unreliable' ? t('corrected.unreliable') : t(what === 'offset' ? 'corrected.offset' : 'corrected.value', { amount: amount ?? '' });
      const times = what === 'value' ? when(Number(from)) : t('correct.span', { from: when(Number(from)), until: when(Number(until)) });
      return `${w('prop', property ?? '')} ${said} ${times} ${reason}`.trim();
    }
    case 'task_reported': {
      const [[, report], note] = words(text, 2);
      return `${w('report', report ?? '')} ${note}`.trim();
    }
    default:
      return entry.what.startsWith('alert.') || entry.what.startsWith('feed.') ? steps(text, picture.alert(entry.about)?.unit ?? '') : text;
  }
}

export function logLine(entry: LogEntry): LogLine {
  const by = picture.rows.units.has(entry.by) ? unitName(entry.by) : w('by', entry.by);
  return {
    seq: entry.seq, at: entry.at_ms, by, what: w('did', entry.what), detail: detail(entry),
    about: entry.about, ...about(entry.about),
  };
}
