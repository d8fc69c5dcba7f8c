// Offices' forecasts in a chart: what is forecast is dashed and never joined to what was measured; the
// chosen issue stands in full, older ones faintly. Pure, but for the canvas it is given.
import type uPlot from 'uplot';
import type { ForecastView } from '../contract/types';

export interface ForecastLine {
  issue: ForecastView;
  chosen: boolean;
}

/** Issues drawn behind the chosen one. */
const FAINT_MAX = 3;

/** The issues of one property, newest first, the chosen one marked; those beside it are its elders. */
export function linesOf(all: readonly ForecastView[], property: string, chosen: number): ForecastLine[] {
  const own = all.filter((f) => f.property === property && f.values.length > 0);
  return own.slice(chosen, chosen + 1 + FAINT_MAX).map((issue, n) => ({ issue, chosen: n === 0 }));
}

/** The highest value of an issue that is still to come, or of all of it where nothing is. */
export function highest(issue: ForecastView, now: number): { t: number; v: number } | null {
  const ahead = issue.values.filter(([t]) => t >= now);
  let top: { t: number; v: number } | null = null;
  for (const [t, v] of ahead.length > 0 ? ahead : issue.values) if (top === null || v > top.v) top = { t, v };
  return top;
}

/** The end of what is drawn, Unix s, and the reach of its values. */
export function reach(lines: readonly ForecastLine[], from: number): { end: number; low: number; high: number } | null {
  const values = lines.flatMap((l) => l.issue.values).filter(([t]) => t / 1000 >= from);
  if (values.length === 0) return null;
  const v = values.map(([, value]) => value);
  return { end: Math.max(...values.map(([t]) => t)) / 1000, low: Math.min(...v), high: Math.max(...v) };
}

/** Draws the forecasts, and a line at the present that parts them from what was measured. */
export function drawForecasts(u: uPlot, lines: readonly ForecastLine[], now: number, ink: string, faint: string): void {
  if (lines.length === 0) return;
  const pen = u.ctx;
  const ratio = u.bbox.width / u.over.clientWidth || 1;
  pen.save();
  pen.beginPath();
  pen.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  pen.clip();
  pen.strokeStyle = faint;
  pen.lineWidth = ratio;
  pen.setLineDash([]);
  const x = u.valToPos(now / 1000, 'x', true);
  pen.beginPath();
  pen.moveTo(x, u.bbox.top);
  pen.lineTo(x, u.bbox.top + u.bbox.height);
  pen.stroke();
  // The chosen one last, over the others.
  for (const { issue, chosen } of [...lines].reverse()) {
    pen.strokeStyle = chosen ? ink : faint;
    pen.globalAlpha = chosen ? 1 : 0.7;
    pen.lineWidth = (chosen ? 2.4 : 1.3) * ratio;
    pen.setLineDash(chosen ? [7 * ratio, 4 * ratio] : [3 * ratio, 4 * ratio]);
    pen.beginPath();
    issue.values.forEach(([t, v], n) => {
      const [px, py] = [u.valToPos(t / 1000, 'x', true), u.valToPos(v, 'y', true)];
      if (n === 0) pen.moveTo(px, py);
      else pen.lineTo(px, py);
    });
    pen.stroke();
    if (!chosen) continue;
    pen.setLineDash([]);
    pen.fillStyle = ink;
    for (const [t, v] of issue.values.length <= 24 ? issue.values : []) {
      pen.beginPath();
      pen.arc(u.valToPos(t / 1000, 'x', true), u.valToPos(v, 'y', true), 2.6 * ratio, 0, Math.PI * 2);
      pen.fill();
    }
  }
  pen.restore();
}
