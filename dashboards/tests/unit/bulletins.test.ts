import { describe, expect, it } from 'vitest';
import { windCircle } from '../../src/map/bulletins';
import { apply, empty } from '../../src/picture/rows';
import { Schedule } from '../../src/sound/schedule';
import { noticeText } from '../../src/words/notice';
import type { EarthquakeView, Notice } from '../../src/contract/types';

describe('a wind radius', () => {
  it('is a circle about the centre where it reaches as far to all sides', () => {
    const { middle, km } = windCircle({ lon: 113, lat: 21 }, { wind_mps: 15.4, longest_km: 200, shortest_km: 200 });
    expect([middle, km]).toEqual([[113, 21], 200]);
  });

  it('lies to the side where it reaches farther, and touches both', () => {
    const { middle, km } = windCircle({ lon: 113, lat: 21 }, { wind_mps: 15.4, longest_km: 300, shortest_km: 100, toward_deg: 90 });
    const eastKm = ((middle[0] ?? 0) - 113) * 111.2 * Math.cos((21 * Math.PI) / 180);
    expect(km).toBe(200);
    expect(eastKm).toBeCloseTo(100, 0);
  });
});

describe('bulletins in the picture', () => {
  const quake: EarthquakeView = {
    id: 'q', issuer: '', t_ms: 1, updated_ms: 2, lon: 112, lat: 21, magnitude_kind: 'Ms', place: '', state: 'automatic', distance_km: 90, earlier: [],
  };

  it('come and leave', () => {
    const rows = apply(empty(), [{ kind: 'earthquake', row: quake }]);
    expect(rows.earthquakes.get('q')).toBe(quake);
    expect(apply(rows, [{ kind: 'earthquake_gone', row: 'q' }]).earthquakes.size).toBe(0);
  });
});

describe('a unit in distress', () => {
  const notice: Notice = { id: 'unit_distress', severity: 'critical', detail: 'units in distress: boat-1', units: ['boat-1'], since_ms: 0 };
  const names = { station: (id: string) => id, hazard: (id: string) => id, unit: () => '一号艇' };

  it('is named in words of its own', () => {
    expect(noticeText('zh', notice, names)).toBe('求救 — 一号艇');
  });

  it('sounds as red does, though no alert is there, until it is over', () => {
    const schedule = new Schedule();
    const ids = { red: 'red', orange: 'orange' };
    expect(schedule.due([], ids, false, 0, 0, true)).toBe('red');
    expect(schedule.due([], ids, false, 5_000, 0, true)).toBe(null);
    expect(schedule.due([], ids, false, 10_000, 0, true)).toBe('red');
    expect(schedule.due([], ids, false, 20_000, 0, false)).toBe(null);
  });
});
