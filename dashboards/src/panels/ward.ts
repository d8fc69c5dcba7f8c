// A hospital's figures put in order: beds by type in the standard's order, then what else it says.
import type { FigureView, HospitalView } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { t, w } from '../ui/settings.svelte';
import { when } from '../time/clock.svelte';

export const BED_COLUMNS = ['baseline', 'available', 'additional_24h', 'additional_72h'] as const;
export type BedColumn = (typeof BED_COLUMNS)[number];

export interface BedRow {
  kind: string;
  cells: Partial<Record<BedColumn, FigureView>>;
  /** It was said that none are to be had. */
  full: boolean;
  /** When any of its figures last changed and was last said. */
  changed_ms: number;
  said_ms: number;
}

/** Figures that stand in the head of the page already. */
const IN_HEAD = new Set([
  'beds', 'beds_occupied', 'icu_beds', 'icu_occupied', 'emergency_waiting',
  'traffic', 'traffic_reason', 'traffic_until', 'traffic_approved_by',
]);

/** Beds by type; the platform keeps the standard's order of the figures of one report. */
export function bedRows(figures: readonly FigureView[]): BedRow[] {
  const rows = new Map<string, BedRow>();
  for (const f of figures) {
    const [head, kind, column] = f.figure.split('.');
    if (head !== 'bed' || kind === undefined || column === undefined) continue;
    const row = rows.get(kind) ?? { kind, cells: {}, full: false, changed_ms: f.changed_ms, said_ms: f.said_ms };
    if (column === 'status') row.full = f.word === 'not_available';
    else if ((BED_COLUMNS as readonly string[]).includes(column)) row.cells[column as BedColumn] = f;
    row.changed_ms = Math.max(row.changed_ms, f.changed_ms);
    row.said_ms = Math.max(row.said_ms, f.said_ms);
    rows.set(kind, row);
  }
  return [...rows.values()];
}

export const otherFigures = (figures: readonly FigureView[]): FigureView[] =>
  figures.filter((f) => !IN_HEAD.has(f.figure) && !f.figure.startsWith('bed.'));

/** A figure in words: minutes, counts, words of closed lists, instants, people's own text. */
export function figureText(f: FigureView): string {
  if (f.count != null) return f.figure.endsWith('_minutes') ? t('ward.minutes', { n: f.count }) : String(f.count);
  if (f.word != null) return w('figured', f.word);
  if (f.at_ms != null) return when(f.at_ms);
  return f.text ?? '';
}

/** How its reports stand: those of the datastreams that the city expects of the hospital. */
export function wardState(h: HospitalView): 'live' | 'late' | 'dead' | 'never' {
  if (h.t_ms == null) return 'never';
  const ix = picture.stations.byId.get(h.id);
  const state = ix === undefined ? 'live' : picture.stations.dataState(ix);
  // What is dated long ago says as little of today as what is not heard.
  if (state === 'clock') return 'dead';
  return state === 'never' ? 'live' : state;
}

/** Whether what was said of taking patients has run out by `now`. */
export const hasRunOut = (h: HospitalView, now: number): boolean =>
  h.traffic != null && h.traffic !== 'normal' && h.traffic_until_ms != null && h.traffic_until_ms <= now;
