// A line of the duty log in words.
import type { LogEntry } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { named, settings, shortName, w } from '../ui/settings.svelte';
import type { Selected } from '../ui/view.svelte';

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

const about = (id: string): { place: string; go: Selected | null } => {
  const en = settings.language === 'en';
  const alert = picture.alert(id);
  if (alert !== undefined) {
    const name = shortName(en ? alert.place_name_en : alert.place_name);
    return { place: name, go: { kind: 'alert', id } };
  }
  const incident = picture.rows.incidents.get(id);
  if (incident !== undefined) return { place: incident.title, go: { kind: 'incident', id } };
  const task = picture.rows.tasks.get(id);
  if (task !== undefined) return { place: task.text, go: { kind: 'incident', id: task.incident } };
  // An alert that has left the list still has its place in its id.
  const parts = id.split('@');
  const station = picture.stations.rows[picture.stations.byId.get(parts[1] ?? id) ?? -1];
  return { place: station === undefined ? id : shortName(named(station)), go: null };
};

/** Level ids and task states within the particulars are said in the seat's words. */
function detail(text: string): string {
  return text
    .split(' ')
    .map((word) => {
      const dress = picture.levels.of(word);
      if (dress.rank > 0) return named(dress);
      const state = w('task', word);
      return state === word.replaceAll('_', ' ') ? word : state;
    })
    .join(' ');
}

export function logLine(entry: LogEntry): LogLine {
  const unit = picture.rows.units.get(entry.by);
  const by = unit === undefined ? w('by', entry.by) : shortName(named(unit));
  return {
    seq: entry.seq, at: entry.at_ms, by, what: w('did', entry.what), detail: detail(entry.detail),
    about: entry.about, ...about(entry.about),
  };
}
