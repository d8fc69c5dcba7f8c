// One uPlot chart: solid measured line, dotted thresholds with words, hatched gaps, times of the city.
import uPlot from 'uplot';
import type { ThresholdView } from '../contract/types';
import type { Levels } from '../picture/levels';
import { hhmm, monthDay } from '../time/format';
import { hatch } from '../map/palette';
import type { Language } from '../words/words';
import { figure } from '../words/units';
import { drawForecasts, reach, type ForecastLine } from './forecast';
import type { Line } from './series';

export interface ChartOf {
  line: Line;
  forecasts: readonly ForecastLine[];
  /** Unix ms. */
  now: number;
  thresholds: readonly ThresholdView[];
  unit: string;
  height: number;
  levels: Levels;
  level: string;
  language: Language;
  offsetS: number;
  word: (mark: string | null | undefined) => string;
  pointed: (at: { t: number; v: number | null } | null) => void;
}

const FONT = "11px 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC Variable',sans-serif";

/** Which thresholds stand in the chart: those the values reach, and the next one above. */
export function shownThresholds(all: readonly ThresholdView[], max: number): ThresholdView[] {
  const byValue = new Map<number, ThresholdView>();
  for (const th of all) if (!byValue.has(th.at_least)) byValue.set(th.at_least, th);
  const sorted = [...byValue.values()].sort((a, b) => a.at_least - b.at_least);
  const next = sorted.findIndex((th) => th.at_least > max);
  return next === -1 ? sorted : sorted.slice(0, next + 1);
}

export function chart(target: HTMLElement, c: ChartOf): uPlot {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const [ink, ink2, grid, ground] = [read('--chart-line'), read('--ink-2'), read('--chart-grid'), read('--panel')];
  const values = c.line.v.filter((v): v is number => v !== null);
  const ahead = reach(c.forecasts, c.line.t[0] ?? c.now / 1000);
  const [least, most] = [Math.min(...values, ahead?.low ?? Infinity), Math.max(...values, ahead?.high ?? -Infinity)];
  const nothing = values.length === 0 && ahead === null;
  const thresholds = nothing ? [] : shownThresholds(c.thresholds, most);
  const range = (): [number, number] => {
    if (nothing) return [0, 1];
    const top = Math.max(most, ...thresholds.map((th) => th.at_least));
    const bottom = Math.min(least, c.unit === 'm' ? least : 0);
    const air = Math.max((top - bottom) * 0.12, 0.1);
    return [c.unit === 'm' ? bottom - air : bottom, top + air];
  };
  const tick = (s: number): string => {
    const ms = s * 1000;
    return hhmm(ms, c.offsetS) === '00:00' ? monthDay(ms, c.offsetS) : hhmm(ms, c.offsetS);
  };
  const options: uPlot.Options = {
    width: Math.max(200, target.clientWidth), height: c.height,
    legend: { show: false }, padding: [8, 6, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, fill: ink, stroke: ground } },
    scales: { x: { time: false, range: (_u, lo, hi) => [lo ?? c.now / 1000 - 3600, Math.max(hi ?? c.now / 1000, ahead?.end ?? -Infinity)] }, y: { range } },
    axes: [
      {
        stroke: ink2, font: FONT, size: 24, gap: 3, space: 44,
        grid: { stroke: grid, width: 1 }, ticks: { show: false },
        splits: (_u, _axis, lo, hi) => sixHours(lo, hi, c.offsetS),
        values: (_u, splits) => splits.map(tick),
      },
      {
        stroke: ink2, font: FONT, size: 40, gap: 4, space: 26,
        grid: { stroke: grid, width: 1 }, ticks: { show: false },
        values: (_u, splits) => splits.map((v) => figure(v, c.unit)),
      },
    ],
    series: [{}, { stroke: ink, width: 2, spanGaps: false, points: { show: false } }],
    hooks: {
      drawClear: [(u) => drawGaps(u, c.line.gaps, read('--hatch'))],
      draw: [(u) => (drawThresholds(u, c, thresholds, ground, ink), drawForecasts(u, c.forecasts, c.now, ink, ink2))],
      setCursor: [(u) => {
        const at = u.cursor.idx;
        const t = at == null ? undefined : c.line.t[at];
        c.pointed(at == null || t === undefined ? null : { t: t * 1000, v: c.line.v[at] ?? null });
      }],
    },
  };
  return new uPlot(options, [c.line.t, c.line.v] as uPlot.AlignedData, target);
}

/** Whole six hours of the city's day. */
function sixHours(lo: number, hi: number, offsetS: number): number[] {
  const step = hi - lo > 12 * 3600 ? 6 * 3600 : 2 * 3600;
  const out: number[] = [];
  for (let t = Math.ceil((lo + offsetS) / step) * step - offsetS; t <= hi; t += step) out.push(t);
  return out;
}

function drawGaps(u: uPlot, gaps: readonly [number, number][], line: string): void {
  u.ctx.save();
  u.ctx.fillStyle = hatch('', line, 8);
  for (const [from, to] of gaps) {
    const x0 = u.valToPos(from, 'x', true);
    u.ctx.fillRect(x0, u.bbox.top, Math.max(2, u.valToPos(to, 'x', true) - x0), u.bbox.height);
  }
  u.ctx.restore();
}

/** How near the line comes to a value within a stretch of the chart: words go where it is farther. */
function nearer(u: uPlot, line: Line, value: number, from: number, to: number): number {
  const [lo, hi] = [u.scales['x']?.min ?? 0, u.scales['x']?.max ?? 1];
  let least = Number.POSITIVE_INFINITY;
  line.t.forEach((t, at) => {
    const share = (t - lo) / (hi - lo);
    const v = line.v[at];
    // A word stands above its dotted line: what is just above it is in the way, what is below is not.
    if (v != null && share >= from && share <= to) least = Math.min(least, v >= value ? v - value : (value - v) * 3);
  });
  return least;
}

function drawThresholds(
  u: uPlot, c: ChartOf, thresholds: readonly ThresholdView[], ground: string, ink: string,
): void {
  const pen = u.ctx;
  const ratio = u.bbox.width / u.over.clientWidth || 1;
  pen.save();
  pen.font = FONT.replace('11px', `${Math.round(11 * ratio)}px`);
  pen.textAlign = 'left';
  pen.textBaseline = 'alphabetic';
  let lastY = Number.POSITIVE_INFINITY;
  for (const th of thresholds) {
    const dress = c.levels.of(th.level);
    const y = u.valToPos(th.at_least, 'y', true);
    pen.beginPath();
    pen.setLineDash([2 * ratio, 3 * ratio]);
    pen.lineWidth = 2 * ratio;
    pen.strokeStyle = dress.rank === 0 ? ink : dress.color;
    pen.moveTo(u.bbox.left, y);
    pen.lineTo(u.bbox.left + u.bbox.width, y);
    pen.stroke();
    pen.setLineDash([]);
    if (lastY - y < 13 * ratio) continue; // No room for its word: the line and the hover say it.
    lastY = y;
    const level = c.language === 'zh' ? dress.name : dress.name_en;
    const mark = c.word(th.mark);
    const words = mark.toLowerCase().includes(level.toLowerCase()) ? [mark] : [level, mark];
    const text = [...words, figure(th.at_least, c.unit)].filter((s) => s !== '').join(' ');
    const width = pen.measureText(text).width;
    const right = nearer(u, c.line, th.at_least, 0, 0.5) < nearer(u, c.line, th.at_least, 0.5, 1);
    const x = right ? u.bbox.left + u.bbox.width - width - 4 * ratio : u.bbox.left + 4 * ratio;
    pen.fillStyle = ground;
    pen.fillRect(x - 2 * ratio, y - 13 * ratio, width + 4 * ratio, 12 * ratio);
    pen.fillStyle = ink;
    pen.fillText(text, x, y - 3 * ratio);
  }
  pen.restore();
}
