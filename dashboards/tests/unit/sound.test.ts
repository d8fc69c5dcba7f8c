import { describe, expect, it } from 'vitest';
import type { AlertView } from '../../src/contract/types';
import { shownThresholds } from '../../src/panels/chart';
import { tendency, toLine, withLive } from '../../src/panels/series';
import { Schedule, type Sound } from '../../src/sound/schedule';

const IDS = { red: 'red', orange: 'orange' };
const alert = (id: string, level: string, more: Partial<AlertView> = {}): AlertView => ({
  id, hazard: 'rainfall', place: id, place_name: '', place_name_en: '', district: 'd', level, peak: level, property: '', unit: '', rule: '',
  raised_ms: 0, changed_ms: 0, trend: 'steady', steps: 1, status: 'actual', ...more,
});

/** What sounds in `minutes`, asked twice a second. */
function hear(rows: (s: number) => AlertView[], minutes: number, flood = false): [number, Sound][] {
  const schedule = new Schedule();
  const heard: [number, Sound][] = [];
  for (let ms = 0; ms < minutes * 60_000; ms += 500) {
    const sound = schedule.due(rows(ms / 1000), IDS, flood, ms, ms);
    if (sound !== null) heard.push([ms / 1000, sound]);
  }
  return heard;
}

describe('what sounds', () => {
  it('red every ten seconds until it is signed for, then nothing', () => {
    const signed = alert('1', 'red', { acknowledged_ms: 1 });
    expect(hear((s) => [s < 25 ? alert('1', 'red') : signed], 1)).toEqual([[0, 'red'], [10, 'red'], [20, 'red']]);
  });

  it('a new red at once, although another was signed for a moment ago', () => {
    const rows = (s: number): AlertView[] => [alert('1', 'red', s >= 3 ? { acknowledged_ms: 1 } : {}), ...(s >= 5 ? [alert('2', 'red')] : [])];
    expect(hear(rows, 0.2)).toEqual([[0, 'red'], [5, 'red']]);
  });

  it('orange once a minute, three times at most', () => {
    expect(hear(() => [alert('1', 'orange')], 10)).toEqual([[0, 'orange'], [60, 'orange'], [120, 'orange']]);
  });

  it('one sound a group in a flood, each alert for itself otherwise', () => {
    const rows = (s: number): AlertView[] => Array.from({ length: 1 + Math.floor(s / 10) }, (_, at) => alert(String(at), 'orange'));
    expect(hear(rows, 0.5, true)).toEqual([[0, 'orange']]);
    expect(hear(rows, 0.5)).toHaveLength(3);
  });

  it('nothing for yellow and blue, for what is shelved, for what is signed for', () => {
    const rows = [alert('1', 'yellow'), alert('2', 'blue'), alert('3', 'red', { shelved_until_ms: 9e15 }), alert('4', 'orange', { acknowledged_ms: 1 })];
    expect(hear(() => rows, 3)).toEqual([]);
  });
});

describe('a trend', () => {
  it('draws a hole as a hole, not as a line across it', () => {
    const minute = 60_000;
    const line = toLine([[0, 1], [5 * minute, 2], [30 * minute, 3], [35 * minute, 4]], 300, null, 0, 36 * minute);
    expect(line.gaps).toEqual([[300, 1800]]);
    expect(line.v).toEqual([1, 2, null, 3, 4, null]);
  });

  it('shows silence up to now as a gap', () => {
    expect(toLine([[0, 1]], 60, null, 0, 3_600_000).gaps).toEqual([[0, 3600]]);
  });

  it('sums rain over (t − window, t]', () => {
    const points = Array.from({ length: 5 }, (_, at): [number, number] => [at * 3_600_000, 10]);
    expect(toLine(points, 3600, 3 * 3600, 0, 4 * 3_600_000).v).toEqual([10, 20, 30, 30, 30]);
  });

  it('rises, falls or stands, against half an hour before', () => {
    const at = (v: number[]) => tendency(toLine(v.map((x, n): [number, number] => [n * 600_000, x]), 600, null, 0, v.length * 600_000));
    expect([at([1, 1, 1, 1, 2]), at([3, 3, 2, 2, 1]), at([1, 5, 9, 5, 5]), at([1, 2])]).toEqual(['rising', 'falling', 'steady', null]);
  });

  it('joins the newest value once', () => {
    const newest = { property: 'p', t_ms: 9, v: 2, trust: 'reliable', origin: 'original' };
    expect(withLive([[1, 1]], newest)).toEqual([[1, 1], [9, 2]]);
    expect(withLive([[9, 2]], newest)).toEqual([[9, 2]]);
  });

  it('shows the thresholds reached and the next above', () => {
    const th = (at_least: number) => ({ hazard: 'h', level: 'l', at_least, source: '' });
    expect(shownThresholds([th(4), th(1), th(2), th(3)], 2.5).map((x) => x.at_least)).toEqual([1, 2, 3]);
    expect(shownThresholds([th(1)], 5)).toHaveLength(1);
  });
});
