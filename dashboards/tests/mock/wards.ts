// Hospitals of the demonstration city and what they said of themselves, made from a seed.
import type { FigureView, HospitalView } from '../../src/contract/types';
import type { City } from './city';
import { chance } from './series';

const MIN = 60_000;

/** A hospital in twelve has not reported; the fullest ask for diversion, and one takes nobody. */
export function hospitals(c: City, seed: string, now: number): HospitalView[] {
  return c.hospitals.map((h, n) => {
    const [beds, icu] = [Number(h['beds']), Number(h['icu_beds'])];
    const row = { id: h['id'] ?? '', name: h['name'] ?? '', name_en: h['name_en'] ?? '', lon: Number(h['lon']), lat: Number(h['lat']), beds, icu_beds: icu };
    const r = n < 2 ? 0.7 : chance(seed + row.id);
    if (r <= 0.08) return row;
    const traffic = n === 0 ? 'suspended' : n === 1 || r > 0.95 ? 'divert_advised' : r > 0.82 ? 'strained' : 'normal';
    return {
      ...row, beds_occupied: Math.round(beds * (0.62 + 0.36 * r)), icu_occupied: Math.min(icu, Math.round(icu * (0.6 + 0.42 * r))),
      emergency_waiting: Math.round(60 * r), traffic, t_ms: now - Math.round(9 * MIN * r),
      beds_changed_ms: now - Math.round(40 * MIN * r), icu_changed_ms: now - Math.round(300 * MIN * r), waiting_changed_ms: now - Math.round(9 * MIN * r),
      traffic_changed_ms: now - Math.round(180 * MIN * r),
      ...(n === 0 ? { traffic_reason: '急诊楼一层进水，供氧中断（演示）', traffic_until_ms: now + 90 * MIN, traffic_approved_by: '市卫生健康局值班（演示）' } : {}),
      ...(n === 1 ? { traffic_reason: '候诊超过 60 人（演示）', traffic_until_ms: now - 25 * MIN, doubts: ['over_baseline'] } : {}),
    };
  });
}

/** The hospital with every figure it has said. */
export function whole(h: HospitalView, now: number): HospitalView {
  if (h.t_ms == null) return h;
  const said = h.t_ms;
  const f = (figure: string, ago: number, value: Partial<FigureView>): FigureView => ({ figure, changed_ms: now - ago * MIN - 20_000, said_ms: said, ...value });
  const bed = (kind: string, ago: number, [baseline, available, day, three]: number[]): FigureView[] => [
    f(`bed.${kind}.baseline`, 60 * 24 * 9, { count: baseline ?? 0 }), f(`bed.${kind}.available`, ago, { count: available ?? 0 }),
    ...(day === undefined ? [] : [f(`bed.${kind}.additional_24h`, 300, { count: day })]),
    ...(three === undefined ? [] : [f(`bed.${kind}.additional_72h`, 300, { count: three })]),
  ];
  const free = h.icu_beds - (h.icu_occupied ?? 0);
  return {
    ...h, figures: [
      f('beds_occupied', 40, { count: h.beds_occupied ?? 0 }),
      f('bed.adult_icu.status', 60, { word: free > 0 ? 'vacant_available' : 'not_available' }),
      ...bed('adult_icu', 25, [h.icu_beds, free, 2, 4]), ...bed('emergency_department', 8, [30, 6]),
      ...bed('medical_surgical', 40, [h.beds - 60, 41, 20, 35]), ...bed('negative_flow_isolation', 60 * 30, [8, 5, 0, 2]),
      f('offload', 20, { word: 'delayed' }), f('offload_minutes', 20, { count: 42 }),
      f('ventilators.baseline', 60 * 24 * 3, { count: 36 }), f('ventilators.available', 75, { count: 9 }),
      f('facility', 95, { word: 'compromised' }), f('staffing', 60 * 6, { word: 'insufficient' }), f('note', 95, { text: '二期楼备用发电机运行（演示）' }),
    ],
  };
}
