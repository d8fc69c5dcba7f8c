// Reports that are drawn as lines and areas, a hazard point with who answers for it, and the issues of a
// forecast: what the map and the charts are tried with.
import type { ForecastView, SituationDetail, SituationView } from '../../src/contract/types';

const HOUR_MS = 3_600_000;

const row = (kind: string, id: string, title: string, more: Partial<SituationView>): SituationView => ({
  id: `${kind}@power@${id}`, kind, agency: 'power', agency_name: '江门供电局(演示)', agency_name_en: 'Power supply (demonstration)', sender_id: id, t_ms: Date.now() - 20 * 60_000,
  received_ms: Date.now() - 20 * 60_000, state: 'open', title, text: '', precision: 'point', located_by: 'shape', matched: [], facts: [], sent: 1, stage: 'new', over: false, sources: [], ...more,
});

/** A closed road, an outage by its outline and one by its zone, a damaged dike, a hazard point. */
export const drawn = (): SituationView[] => [
  row('closure', 'R-1', '滨江路 江门大道至港口路', { lon: 113.02, lat: 22.45, shape: { lines: [[[112.9, 22.4], [113.02, 22.45], [113.1, 22.42]]], areas: [] } }),
  row('outage', 'P-1', '10kV 三江线 树木倒伏', { lon: 112.7, lat: 22.2, shape: { lines: [], areas: [[[[112.7, 22.2], [112.9, 22.2], [112.9, 22.35], [112.7, 22.35], [112.7, 22.2]]]] } }),
  row('outage', 'P-2', '110kV 变电站停运', { located_by: 'zones', precision: 'district', zones: ['440785'], zone: '440785' }),
  row('damage', 'D-1', '天沙河堤 渗漏', { lon: 112.5, lat: 22.5, shape: { lines: [[[112.45, 22.5], [112.5, 22.5], [112.6, 22.55]]], areas: [] } }),
  row('hazard_point', 'H-1', '后山滑坡点', { lon: 112.4, lat: 22.1, located_by: 'point', facts: [{ name: 'hazard', value: 'landslide' }, { name: 'danger', value: 'watch' }] }),
];

export const detailOf = (situation: SituationView): SituationDetail => ({
  situation, history: [], steps: [], sources: [], values: [],
  responsible: situation.kind === 'hazard_point' ? [{ role: '巡查', name: '演示员', phone: '0750-0000000' }] : [],
});

/** Two issues of the stage at one gauge, six hours apart, and a surge. */
export function forecastsOf(station: string): ForecastView[] {
  if (station !== 'JM-0201') return [];
  const now = Date.now();
  const issue = (id: string, ago: number, property: string, peak: number): ForecastView => ({
    id: `forecast@hydrology@${id}`, agency: 'hydrology', agency_name: '江门市水文局(演示)', agency_name_en: 'Hydrology office (demonstration)', issued_ms: now - ago * HOUR_MS, property, unit: 'm',
    values: [1, 3, 6, 9, 12].map((h, n) => [now + (h - ago / 2) * HOUR_MS, Number((peak - 0.15 * Math.abs(n - 2)).toFixed(2))]),
  });
  return [issue('F-2', 1, 'water_level', 4.6), issue('F-1', 7, 'water_level', 4.1), issue('S-1', 2, 'surge', 1.2)];
}
