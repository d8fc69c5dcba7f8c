// The mark of a hospital on the map, and its figures in order.
import { describe, expect, it } from 'vitest';
import type { FigureView, HospitalView } from '../../src/contract/types';
import { hospitalBadge } from '../../src/map/points';
import { bedRows, hasRunOut, otherFigures } from '../../src/panels/ward';

const hospital = (more: Partial<HospitalView>): HospitalView =>
  ({ id: 'H', name: '', name_en: '', lon: 113, lat: 22, beds: 100, icu_beds: 5, ...more });
const figure = (name: string, more: Partial<FigureView>): FigureView => ({ figure: name, changed_ms: 1, said_ms: 2, ...more });

describe('a hospital', () => {
  it('has a mark for each way it takes patients, and none of them where its reports are overdue', () => {
    const marks = ['normal', 'strained', 'divert_advised', 'suspended'].map((traffic) => hospitalBadge(hospital({ t_ms: 1, traffic }), false));
    expect(marks).toEqual(['hospital', 'strained', 'diverting', 'suspended']);
    expect(hospitalBadge(hospital({}), false)).toBe('unheard');
    expect(hospitalBadge(hospital({ t_ms: 1, traffic: 'normal' }), true)).toBe('unheard');
  });

  it('runs out of what was said of it at its time, and normal never does', () => {
    const said = hospital({ traffic: 'suspended', traffic_until_ms: 1000 });
    expect([999, 1000].map((now) => hasRunOut(said, now))).toEqual([false, true]);
    expect(hasRunOut({ ...said, traffic: 'normal' }, 2000)).toBe(false);
    expect(hasRunOut(hospital({ traffic: 'suspended' }), 2000)).toBe(false);
  });

  it('has its beds by type with what was not said left out', () => {
    const rows = bedRows([
      figure('beds', { count: 9 }), figure('bed.burn.status', { word: 'not_available' }), figure('bed.burn.available', { count: 0, changed_ms: 7 }),
      figure('bed.pediatrics.baseline', { count: 3 }), figure('ventilators.available', { count: 4 }),
    ]);
    expect(rows.map((r) => [r.kind, r.full, r.changed_ms, Object.keys(r.cells)])).toEqual([['burn', true, 7, ['available']], ['pediatrics', false, 1, ['baseline']]]);
    expect(otherFigures([figure('beds', {}), figure('bed.burn.available', {}), figure('ventilators.available', {})]).map((f) => f.figure)).toEqual(['ventilators.available']);
  });
});
