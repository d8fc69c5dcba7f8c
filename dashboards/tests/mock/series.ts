// Series that end where the newest value stands: a tide, a flood that rises, showers. Pure in
// (station, property, time), so that every call tells the same story.
import type { SeriesView, StationView } from '../../src/contract/types';
import type { Threshold } from './city';

/** A number in [0, 1) out of a text and a counter: the same for the same seed. */
export function chance(text: string, n = 0): number {
  let h = 2166136261 ^ n;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  h ^= h >>> 15;
  h = Math.imul(h, 2246822519);
  h ^= h >>> 13;
  return (h >>> 0) / 4294967296;
}

/** What the story of a datastream ends in: its newest value, or the sum over a window of rain. */
export interface End {
  value: number;
  windowS?: number;
  /** Hours of a hole in the middle of the day. */
  holeH?: number;
}

export function valueAt(id: string, property: string, hoursAgo: number, end: End): number {
  const phase = chance(id + property) * 6;
  const wave = Math.sin((hoursAgo + phase) / 2) + 0.4 * Math.sin((hoursAgo + phase) * 1.7);
  if (property === 'rainfall') {
    const window = (end.windowS ?? 3600) / 3600;
    const shower = (h: number): number => Math.max(0, Math.sin(h * 1.3 + phase) + 0.55) * Math.exp(-h / 7);
    let whole = 0;
    for (let h = 0; h < window; h += 1 / 12) whole += shower(h);
    return (end.value * shower(hoursAgo)) / Math.max(whole, 1e-6);
  }
  if (property === 'bed_occupancy') return end.value - 14 * (1 - Math.exp(-hoursAgo / 6)) + wave - Math.sin(phase / 2);
  if (property.startsWith('wind')) return Math.max(0, end.value * Math.exp(-hoursAgo / 9) + wave - wave * Math.exp(-hoursAgo * 3));
  const rise = 1 / (1 + Math.exp((hoursAgo - 5) / 1.6)) / (1 / (1 + Math.exp(-5 / 1.6)));
  const scale = property === 'discharge' || property.endsWith('flow') ? end.value * 0.5 : Math.max(0.4, Math.abs(end.value) * 0.32);
  const start = Math.sin(phase / 2) + 0.4 * Math.sin(phase * 1.7);
  return end.value - scale * (1 - rise) + (wave - start) * scale * 0.07;
}

export function series(
  station: StationView, property: string, from: number, to: number, now: number, end: End, thresholds: Threshold[],
): SeriesView {
  const stream = station.datastreams.find((d) => d.property === property);
  const interval = stream?.interval_s ?? 300;
  const points: [number, number | null][] = [];
  const step = interval * 1000;
  for (let t = Math.ceil(from / step) * step; t <= Math.min(to, now); t += step) {
    const ago = (now - t) / 3_600_000;
    if (end.holeH !== undefined && ago > 9 && ago < 9 + end.holeH) continue;
    points.push([t, Math.round(valueAt(station.id, property, ago, end) * 1000) / 1000]);
  }
  const own = thresholds.filter((th) => th.property === property && (th.station === null || th.station === station.id));
  return { station: station.id, property, unit: stream?.unit ?? '1', interval_s: interval, points, thresholds: own };
}
