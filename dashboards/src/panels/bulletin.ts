// Names and numbers of earthquakes and storms, in the seat's words.
import type { EarthquakeView, TrackPointView, TrackView } from '../contract/types';
import { t, w } from '../ui/settings.svelte';

export const quakeName = (q: EarthquakeView): string =>
  q.magnitude == null ? t('quake.unsized')
    : t('quake.name', { kind: q.magnitude_kind || 'M', magnitude: q.magnitude.toFixed(1) });

export const stormName = (s: TrackView): string => t('storm.name', { name: s.name, id: s.id });

/** Lower bounds of the wind forces, metres a second (GB/T 28591). */
const FORCES: readonly (readonly [number, number])[] = [[32.7, 12], [28.5, 11], [24.5, 10], [20.8, 9], [17.2, 8], [13.9, 7], [10.8, 6]];
/** The force nearest below a speed: 30 kt are said as 7, 50 kt as 10, as the offices do. */
export const force = (mps: number): number => FORCES.find(([from]) => mps >= from - 0.1)?.[1] ?? 5;

export const radiiText = (p: TrackPointView): string => p.radii.map((r) => t('storm.radius', {
  force: force(r.wind_mps), longest: Math.round(r.longest_km), shortest: Math.round(r.shortest_km),
})).join(' · ');

export const gradeText = (p: TrackPointView): string => (p.grade === '' ? '' : w('grade', p.grade));

export const away = (metres: number): string => metres < 1_000
  ? t('camera.metres', { n: Math.round(metres / 10) * 10 })
  : t('camera.kilometres', { n: (metres / 1_000).toFixed(1) });
