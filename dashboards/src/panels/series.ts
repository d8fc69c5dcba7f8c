// A series made ready to draw: newest value joined, sums over a window, gaps as gaps. Pure.
import type { ValueView } from '../contract/types';

export interface Line {
  /** Unix seconds, as the chart wants them. */
  t: number[];
  v: (number | null)[];
  /** Stretches without data, Unix seconds. */
  gaps: [number, number][];
}

type Point = readonly [number, number | null];

/** A hole longer than this many expected intervals is a gap. */
const GAP_INTERVALS = 2.5;

export function withLive(points: readonly Point[], newest: ValueView | undefined): readonly Point[] {
  const last = points[points.length - 1];
  if (newest === undefined || (last !== undefined && newest.t_ms <= last[0])) return points;
  return [...points, [newest.t_ms, newest.v]];
}

/** `windowS`: show the sum over (t − window, t] instead of each value. Times in ms in, seconds out. */
export function toLine(
  points: readonly Point[], intervalS: number, windowS: number | null, from: number, now: number,
): Line {
  const line: Line = { t: [], v: [], gaps: [] };
  const hole = intervalS * 1000 * GAP_INTERVALS;
  let before: number | null = null;
  let sum = 0;
  let tail = 0;
  for (const [t, v] of points) {
    if (v !== null) sum += v;
    if (windowS !== null) {
      while (tail < points.length && (points[tail] as Point)[0] <= t - windowS * 1000) {
        sum -= (points[tail] as Point)[1] ?? 0;
        tail += 1;
      }
    }
    if (t < from) {
      if (v !== null) before = t;
      continue;
    }
    if (v === null) {
      line.t.push(t / 1000);
      line.v.push(null);
      continue;
    }
    if (before !== null && t - before > hole) gap(line, Math.max(before, from), t);
    line.t.push(t / 1000);
    line.v.push(windowS === null ? v : Math.max(0, Math.round(sum * 1000) / 1000));
    before = t;
  }
  if (before !== null && now - before > hole) {
    line.gaps.push([Math.max(before, from) / 1000, now / 1000]);
    line.t.push(now / 1000);
    line.v.push(null);
  } else if (line.t.length > 0 && now / 1000 > (line.t[line.t.length - 1] as number)) {
    line.t.push(now / 1000);
    line.v.push(null);
  }
  return line;
}

/** How far back a tendency looks, seconds, and the share of the line's range that counts as steady. */
const TENDENCY_S = 1800;
const STEADY_SHARE = 0.02;

/** 涨, 落 or 平 of the newest value against half an hour before; null where the line is too short. */
export function tendency(line: Line): 'rising' | 'falling' | 'steady' | null {
  let last: { t: number; v: number } | null = null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let before: number | null = null;
  for (let at = line.t.length - 1; at >= 0; at -= 1) {
    const [t, v] = [line.t[at] as number, line.v[at]];
    if (v == null) continue;
    [low, high] = [Math.min(low, v), Math.max(high, v)];
    last ??= { t, v };
    if (before === null && last.t - t >= TENDENCY_S) before = v;
  }
  if (last === null || before === null) return null;
  const d = last.v - before;
  return Math.abs(d) <= (high - low) * STEADY_SHARE ? 'steady' : d > 0 ? 'rising' : 'falling';
}

function gap(line: Line, from: number, to: number): void {
  line.gaps.push([from / 1000, to / 1000]);
  const last = line.t[line.t.length - 1];
  const middle = (from + to) / 2000;
  // A null between the two ends, so that no line is drawn across.
  if (line.v[line.v.length - 1] !== null && (last === undefined || middle > last)) {
    line.t.push(middle);
    line.v.push(null);
  }
}
