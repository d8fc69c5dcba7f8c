// What stands in the alert list and in which order. Pure. Open alerts are never left out by age.
import type { AlertView } from '../contract/types';

/** An alert about a feed is of a class of its own: any number of them is no flood, stands above no
 * hazard, makes no sound and is in no count of levels. */
export const isFeed = (a: AlertView): boolean => a.hazard === 'feed';

export type Tab = 'unacknowledged' | 'acknowledged' | 'shelved' | 'all';
export const TABS: readonly Tab[] = ['unacknowledged', 'acknowledged', 'shelved', 'all'];

/** Rank by level id: 0 for what the city's list does not have (no data, none), then 1 for its lowest. */
export type Ranks = ReadonlyMap<string, number>;

export interface Filter {
  tab: Tab;
  level: string | null;
  zone: string | null;
  text: string;
}

export const isShelved = (a: AlertView, now: number): boolean =>
  a.shelved_until_ms != null && a.shelved_until_ms > now;

/** Which of the three lists an alert stands in. */
export function tabOf(a: AlertView, now: number): Exclude<Tab, 'all'> {
  if (isShelved(a, now)) return 'shelved';
  return a.acknowledged_ms != null ? 'acknowledged' : 'unacknowledged';
}

export function matches(a: AlertView, f: Filter, now: number): boolean {
  if (f.tab !== 'all' && tabOf(a, now) !== f.tab) return false;
  if (f.level !== null && a.level !== f.level) return false;
  if (f.zone !== null && a.district !== f.zone && a.place !== f.zone) return false;
  if (f.text === '') return true;
  const text = f.text.toLowerCase();
  return [a.place_name, a.place_name_en, a.place, a.hazard, a.id].some((s) =>
    s.toLowerCase().includes(text));
}

/** Hazards before feeds; worst first, then oldest first; signed and shelved lists oldest first. Ties by
 * id: a stable order. */
export function compare(tab: Tab, ranks: Ranks): (a: AlertView, b: AlertView) => number {
  const byLevel = tab === 'unacknowledged' || tab === 'all';
  return (a, b) => {
    if (isFeed(a) !== isFeed(b)) return isFeed(a) ? 1 : -1;
    if (byLevel) {
      const rank = (ranks.get(b.level) ?? 0) - (ranks.get(a.level) ?? 0);
      if (rank !== 0) return rank;
    }
    return a.raised_ms - b.raised_ms || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  };
}

export function listed(
  alerts: Iterable<AlertView>, filter: Filter, ranks: Ranks, now: number,
): AlertView[] {
  const rows: AlertView[] = [];
  for (const a of alerts) if (matches(a, filter, now)) rows.push(a);
  return rows.sort(compare(filter.tab, ranks));
}

export const countTabs = (alerts: Iterable<AlertView>, now: number): Record<Tab, number> => {
  const n = { unacknowledged: 0, acknowledged: 0, shelved: 0, all: 0 };
  for (const a of alerts) {
    n[tabOf(a, now)] += 1;
    n.all += 1;
  }
  return n;
};

/** Open alerts (not cleared, not shelved) per level id, and how many of them nobody has signed for. */
export function countLevels(
  alerts: Iterable<AlertView>, now: number,
): Map<string, { open: number; unsigned: number }> {
  const n = new Map<string, { open: number; unsigned: number }>();
  for (const a of alerts) {
    if (a.cleared_ms != null || isShelved(a, now) || isFeed(a)) continue;
    const c = n.get(a.level) ?? { open: 0, unsigned: 0 };
    c.open += 1;
    if (a.acknowledged_ms == null) c.unsigned += 1;
    n.set(a.level, c);
  }
  return n;
}
