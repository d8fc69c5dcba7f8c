// Paints the 24 h strip: one lane under the other on one time axis, the newest at the right.
import { hatch } from '../map/palette';
import { picture } from '../picture/picture.svelte';
import { clock } from '../time/clock.svelte';
import { hhmm, monthDay } from '../time/format';
import { t } from '../ui/settings.svelte';
import { view } from '../ui/view.svelte';
import type { Lane } from './lanes.svelte';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const AXIS_PX = 19;
const EDGE_PX = 34;

export function paint(canvas: HTMLCanvasElement, width: number, height: number, lanes: readonly Lane[]): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const now = clock.now;
  const x = (ms: number): number => ((ms - (now - DAY_MS)) / DAY_MS) * (width - EDGE_PX);
  const high = height - AXIS_PX;
  const each = high / lanes.length;


  pen.font = "11px 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC Variable',sans-serif";
  hours(pen, now, x, high, read('--chart-grid'), read('--ink-2'));
  lanes.forEach((lane, at) => {
    const top = at * each;
    pen.fillStyle = read('--chart-grid');
    if (at > 0) pen.fillRect(0, top, width, 1);
    if (lane.id === 'alerts') marks(pen, x, top, each, high, read('--ink'));
    else if (lane.line !== null) curve(pen, lane, x, top, each, read);
  });
  pen.fillStyle = read('--ink');
  pen.fillRect(x(now) - 1, 0, 2, high + 3);
  pen.textAlign = 'center';
  pen.fillText(t('strip.now'), Math.min(x(now), width - 16), height - 5);
}

function hours(
  pen: CanvasRenderingContext2D, now: number, x: (ms: number) => number, high: number, line: string, ink: string,
): void {
  const offset = clock.offsetS * 1000;
  const step = 3 * HOUR_MS;
  pen.textAlign = 'center';
  for (let at = Math.ceil((now - DAY_MS + offset) / step) * step - offset; at <= now; at += step) {
    pen.fillStyle = line;
    pen.fillRect(Math.round(x(at)), 0, 1, high);
    if (x(now) - x(at) < 44 || x(at) < 16) continue;
    const text = hhmm(at, clock.offsetS);
    pen.fillStyle = ink;
    pen.fillText(text === '00:00' ? monthDay(at, clock.offsetS) : text, x(at), high + AXIS_PX - 5);
  }
}

/** A tick for each alert at its time, tall and coloured by level, the worst on top. */
function marks(
  pen: CanvasRenderingContext2D, x: (ms: number) => number, top: number, each: number, through: number, edge: string,
): void {
  const levels = picture.levels;
  const rows = [...picture.rows.alerts.values()].sort((a, b) => levels.rank(a.level) - levels.rank(b.level));
  const most = Math.max(1, levels.worstFirst.length);
  for (const a of rows) {
    const at = x(a.raised_ms);
    if (at < 0) continue;
    const rank = levels.rank(a.level);
    const high = (each - 4) * (0.35 + 0.65 * (rank / most));
    pen.fillStyle = edge;
    pen.fillRect(Math.round(at) - 2, top + each - high - 1, 4, high);
    pen.fillStyle = levels.of(a.level).color;
    pen.fillRect(Math.round(at) - 1, top + each - high, 2, high - 1);
  }
  const chosen = view.selected?.kind === 'alert' ? picture.alert(view.selected.id) : undefined;
  if (chosen === undefined || x(chosen.raised_ms) < 0) return;
  // The selected one: a mark over its time, through all lanes.
  const at = Math.round(x(chosen.raised_ms));
  pen.fillStyle = edge;
  pen.fillRect(at, top, 1, through);
  pen.beginPath();
  pen.moveTo(at - 5, top);
  pen.lineTo(at + 6, top);
  pen.lineTo(at + 0.5, top + 6);
  pen.fill();
}

function curve(
  pen: CanvasRenderingContext2D, lane: Lane, x: (ms: number) => number, top: number, each: number,
  read: (name: string) => string,
): void {
  const line = lane.line;
  if (line === null) return;
  pen.fillStyle = hatch('', read('--hatch'), 8);
  for (const [from, to] of line.gaps) pen.fillRect(x(from * 1000), top + 1, Math.max(2, x(to * 1000) - x(from * 1000)), each - 1);
  const values = line.v.filter((v): v is number => v !== null);
  if (values.length === 0) return;
  const hi = Math.max(...values);
  const lo = lane.bars ? 0 : Math.min(...values);
  const y = (v: number): number => top + each - 3 - ((v - lo) / Math.max(hi - lo, 1e-6)) * (each - 7);
  const floor = top + each - 1;
  pen.strokeStyle = read('--chart-line');
  pen.fillStyle = read('--chart-fill');
  pen.lineWidth = 1.5;
  let run: [number, number][] = [];
  const flush = (): void => {
    const [first, last] = [run[0], run[run.length - 1]];
    if (first !== undefined && last !== undefined) {
      pen.beginPath();
      pen.moveTo(first[0], floor);
      for (const [px, py] of run) pen.lineTo(px, py);
      pen.lineTo(last[0], floor);
      pen.fill();
      pen.beginPath();
      run.forEach(([px, py], at) => (at === 0 ? pen.moveTo(px, py) : pen.lineTo(px, py)));
      pen.stroke();
    }
    run = [];
  };
  line.t.forEach((s, at) => {
    const v = line.v[at];
    if (v == null) flush();
    else run.push([x(s * 1000), y(v)]);
  });
  flush();
}
