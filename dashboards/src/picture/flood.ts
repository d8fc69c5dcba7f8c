// Alert flood: more than ten new alerts in ten minutes. In a flood the list is grouped, each group
// shows its first-out alert, and sounds once. Pure.
import type { AlertView } from '../contract/types';
import type { Ranks } from './order';

export { isFeed } from './order';

export const FLOOD_WINDOW_MS = 600_000;
/** Above this a flood begins … */
export const FLOOD_ABOVE = 10;
/** … and it lasts until fewer than this came in the window. */
export const FLOOD_UNTIL = 5;

/** New alerts in the ten minutes before `now`; `seen` is when each first stood on this seat. */
export function rate(seen: ReadonlyMap<string, number>, now: number): number {
  let n = 0;
  for (const at of seen.values()) if (at > now - FLOOD_WINDOW_MS && at <= now) n += 1;
  return n;
}

export const inFlood = (before: boolean, perTenMinutes: number): boolean =>
  before ? perTenMinutes >= FLOOD_UNTIL : perTenMinutes > FLOOD_ABOVE;

export interface Group {
  key: string;
  /** What joins them: an incident, or a cause in a zone. */
  by: 'incident' | 'zone';
  hazard: string;
  district: string | null;
  incident: string | null;
  /** The oldest: what came first. */
  first: AlertView;
  worst: AlertView;
  /** In the order of the list. */
  rows: AlertView[];
}

/** Stations beyond the districts (at sea) are one place; a whole agency is one by itself. */
const zoneOf = (a: AlertView): string => a.district ?? (a.place.includes(':') ? a.place : 'outside');

export const groupKey = (a: AlertView): string =>
  a.incident != null ? `i:${a.incident}` : `z:${zoneOf(a)}:${a.hazard}`;

/** Groups of a list already in its order; groups stand where their first row stood. */
export function grouped(rows: readonly AlertView[], ranks: Ranks): Group[] {
  const groups = new Map<string, Group>();
  for (const a of rows) {
    const key = groupKey(a);
    const g = groups.get(key);
    if (g === undefined) {
      groups.set(key, {
        key, by: a.incident != null ? 'incident' : 'zone', hazard: a.hazard,
        district: a.district ?? null, incident: a.incident ?? null, first: a, worst: a, rows: [a],
      });
      continue;
    }
    g.rows.push(a);
    if (a.raised_ms < g.first.raised_ms) g.first = a;
    if ((ranks.get(a.level) ?? 0) > (ranks.get(g.worst.level) ?? 0)) g.worst = a;
  }
  return [...groups.values()];
}
