// Counts of cases put in order: the days of a code with their gaps, and what a count was before.
import type { CaseDayView, CaseRow } from '../contract/types';
import { t, w } from '../ui/settings.svelte';

export const DAYS = 14;
const DAY_MS = 86_400_000;

/** The last days of the city's calendar, oldest first: `2026-06-11`. */
export const lastDays = (now: number, offsetS: number): string[] =>
  Array.from({ length: DAYS }, (_, at) => new Date(now + offsetS * 1000 - (DAYS - 1 - at) * DAY_MS).toISOString().slice(0, 10));

/** The sums of a code by day; null where nobody said anything. */
export function sumsOf(all: readonly CaseDayView[], code: string, days: readonly string[]): (number | null)[] {
  const by = new Map(all.filter((d) => d.syndrome === code).map((d) => [d.day, d.count]));
  return days.map((day) => by.get(day) ?? null);
}

export interface Amendment {
  was: string;
  now: string;
  at_ms: number;
}

export const countText = (c: { count: number; deaths?: number | null }): string =>
  c.deaths == null ? String(c.count) : `${c.count} · ${t('case.dead', { n: c.deaths })}`;

/** What it was before, newest amendment first. */
export function amendments(row: CaseRow): Amendment[] {
  const all = [...(row.history ?? []), row];
  return all.slice(1).map((now, at) => ({ was: countText(all[at] ?? now), now: countText(now), at_ms: now.received_ms })).reverse();
}

export function whose(row: CaseRow): string {
  const [from, to] = row.age.split('-');
  const age = row.age === 'all' || row.age === 'unknown' ? w('case.age', row.age)
    : to === undefined ? t('case.age.over', { from: row.age.replace('+', '') })
    : t('case.age.span', { from: from ?? '', to });
  return row.sex == null ? age : `${age} · ${w('case.sex', row.sex)}`;
}
