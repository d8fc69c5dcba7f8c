// A night of typhoon and rain over the demonstration city, made from a seed.
import type { PictureView } from '../../src/contract/types';
import type { AlertView, StationState, StationView, TaskView, ZoneView } from '../../src/contract/types';
import type { City, Threshold } from './city';
import { chance, valueAt, type End } from './series';
import { hospitals } from './wards';

export interface Situation {
  picture: PictureView;
  ends: Map<string, End>;
}

const MIN = 60_000;
const RANK = ['blue', 'yellow', 'orange', 'red'];

/** hazard, property, how many alerts per level. */
const WANTED: readonly [string, string, Record<string, number>][] = [
  ['rainfall', 'rainfall', { red: 1, orange: 2, yellow: 3 }],
  ['river_stage', 'water_level', { red: 0, orange: 2, yellow: 2, blue: 2 }],
  ['tidal_stage', 'tide_level', { red: 1, orange: 1, yellow: 1 }],
  ['gale', 'wind_gust', { orange: 1, yellow: 1, blue: 1 }],
  ['ponding', 'ponding_depth', { orange: 1, yellow: 2, blue: 1 }],
  ['hospital_load', 'bed_occupancy', { yellow: 1, orange: 1 }],
];

export function thresholdFor(c: City, hazard: string, property: string, station: string, level: string): Threshold | undefined {
  const fits = c.thresholds.filter((t) =>
    t.hazard === hazard && t.property === property && t.level === level && t.mark !== 'rate_of_rise');
  return fits.find((t) => t.station === station) ?? fits.find((t) => t.station === null);
}

export function makeAlert(
  c: City, station: StationView, hazard: string, property: string, level: string, raised: number, now: number,
): AlertView | null {
  const th = thresholdFor(c, hazard, property, station.id, level);
  const unit = station.datastreams.find((d) => d.property === property)?.unit;
  if (th === undefined || unit === undefined) return null;
  const over = unit === 'm' ? 0.04 + 0.3 * chance(station.id, 7) : th.at_least * (0.02 + 0.12 * chance(station.id, 7));
  const value = Math.round((th.at_least + over) * 100) / 100;
  return {
    id: `${hazard}@${station.id}@${raised}`, hazard, place: station.id, place_name: station.name, place_name_en: station.name_en,
    district: station.district ?? null, level, peak: level, value, property, unit, threshold: th.at_least,
    mark: th.mark ?? null, window_s: th.window_s ?? null,
    rule: `${hazard}/1 #2: ${th.window_s == null ? property : `sum of ${property} over ${th.window_s / 3600} h`} >= ${th.at_least}`,
    raised_ms: raised, changed_ms: Math.min(now, raised + 5 * MIN), trend: ['rising', 'rising', 'steady', 'falling'][Math.floor(chance(station.id, 3) * 4)] ?? 'steady',
    steps: 1 + Math.floor(chance(station.id, 5) * 6), status: 'actual',
  };
}

function alerts(c: City, seed: string, now: number, ends: Map<string, End>): AlertView[] {
  const out: AlertView[] = [];
  const taken = new Set<string>();
  for (const [hazard, property, counts] of WANTED) {
    for (const [level, n] of Object.entries(counts)) {
      const able = c.view.stations
        .filter((s) => s.district != null && !taken.has(s.id) && s.datastreams.some((d) => d.property === property) && thresholdFor(c, hazard, property, s.id, level) !== undefined)
        .sort((a, b) => chance(seed + a.id + hazard) - chance(seed + b.id + hazard));
      for (const s of able.slice(0, n)) {
        const raised = Math.floor((now - (4 + 320 * chance(seed + s.id, 11)) * MIN) / MIN) * MIN;
        const a = makeAlert(c, s, hazard, property, level, raised, now);
        if (a === null) continue;
        taken.add(s.id);
        ends.set(`${s.id}/${property}`, { value: a.value ?? 0, ...(a.window_s == null ? {} : { windowS: a.window_s }), ...(hazard === 'river_stage' && level === 'orange' ? { holeH: 2 } : {}) });
        out.push(a);
      }
    }
  }
  return out;
}

export const DEAD_AGENCY = 'sea';

function states(c: City, seed: string, now: number, rows: AlertView[], ends: Map<string, End>): StationState[] {
  const level = new Map(rows.map((a) => [a.place, a.level]));
  return c.view.stations.map((s, ix) => {
    const dead = chance(seed + s.id, 17) < 0.03;
    const late = !dead && chance(seed + s.id, 19) < 0.04;
    const age = dead ? 95 : late ? 22 : 1 + 3 * chance(s.id);
    return {
      ix, level: level.get(s.id) ?? (dead ? 'nodata' : 'none'), data: dead ? 'dead' : late ? 'late' : 'live',
      values: s.datastreams.map((d) => {
        const key = `${s.id}/${d.property}`;
        const end = ends.get(key) ?? { value: calm(c, s, d.property) };
        if (!ends.has(key)) ends.set(key, end);
        const v = valueAt(s.id, d.property, age / 60, end);
        return { property: d.property, t_ms: Math.round(now - age * MIN), v: Math.round(v * 100) / 100, trust: chance(seed + key, 23) < 0.02 ? 'doubtful' : 'reliable', origin: 'original' };
      }),
    };
  });
}

function calm(c: City, s: StationView, property: string): number {
  const least = Math.min(...c.thresholds.filter((t) => t.property === property && (t.station ?? s.id) === s.id && t.at_least > 0).map((t) => t.at_least));
  const r = chance(s.id + property, 29);
  if (property === 'rainfall') return 4 + 14 * r;
  if (property === 'bed_occupancy') return 62 + 20 * r;
  if (property === 'wind_direction') return Math.round(360 * r);
  if (property === 'pressure') return 975 + 12 * r;
  if (property === 'air_temperature') return 24 + 3 * r;
  if (property === 'emergency_traffic') return 0;
  return Number.isFinite(least) ? least * (0.45 + 0.35 * r) : 5 + 10 * r;
}

function zones(c: City, rows: AlertView[], now: number): ZoneView[] {
  const byStation = new Map(c.view.stations.map((s) => [s.id, s]));
  return c.zones.features.map(({ properties: z }) => {
    const own = (id: string): boolean => {
      const s = byStation.get(id);
      return z.kind === 'city' || s?.district === z.id || s?.township === z.id;
    };
    const stations = c.view.stations.filter((s) => own(s.id)).length;
    const worst = rows.filter((a) => own(a.place)).reduce((n, a) => Math.max(n, RANK.indexOf(a.level) + 1), 0);
    const none = z.kind === 'township' && stations < 2;
    const risk = none ? null : Math.min(0.97, 0.06 + worst * 0.19 + 0.12 * chance(z.id));
    const hazard = rows.find((a) => own(a.place) && RANK.indexOf(a.level) + 1 === worst)?.hazard ?? 'rainfall';
    return {
      id: z.id, level: none ? 'nodata' : worst === 0 ? 'none' : (RANK[worst - 1] ?? 'none'), risk,
      covered: none ? 0 : z.id === '440785' ? 0.41 : Math.min(1, 0.82 + 0.3 * chance(z.id, 3)), people: worst === 0 ? 0 : Math.round(4000 + 90000 * chance(z.id, 2)),
      data_ms: none ? null : now - 4 * MIN,
      terms: worst === 0 || risk === null ? [] : [
        { hazard, hazard_score: 0.2 * worst + 0.1, exposure: Math.round(60000 * chance(z.id, 2) + 3000), vulnerability: 0.42, contribution: risk * 0.7, sources: ['exposure/population.csv', 'hazards/' + hazard + '.toml'], because: [] },
        { hazard: 'gale', hazard_score: 0.35, exposure: Math.round(20000 * chance(z.id, 4) + 500), vulnerability: 0.31, contribution: risk * 0.3, sources: ['exposure/facilities.csv'], because: [] },
      ],
    };
  });
}

function tasks(incident: string, now: number, units: string[]): TaskView[] {
  const row = (n: number, text: string, measure: string | null, unit: string | null, steps: [string, number][], extra: Partial<TaskView>): TaskView => ({
    id: `T-${n}`, incident, text, measure, unit, state: steps[steps.length - 1]?.[0] ?? 'proposed',
    history: steps.map(([state, ago]) => ({ state, at_ms: now - ago * MIN, by: state === 'sent' || state === 'proposed' ? '王建国' : (unit ?? '') })), overdue: false, ...extra,
  });
  return [
    row(1, '移动泵车到低洼片区强排', '§4.3', units[0] ?? null, [['proposed', 71], ['sent', 70], ['delivered', 70], ['accepted', 66], ['en_route', 58], ['on_scene', 31]], { due_ms: now - 10 * MIN, overdue: true }),
    row(2, '转移受洪水威胁群众至安置点', '§4.4', units[1] ?? null, [['proposed', 71], ['sent', 40], ['delivered', 40], ['accepted', 37], ['en_route', 22]], { due_ms: now + 80 * MIN }),
    row(3, '上堤巡查险工险段,每 2 小时报告一次', '§4.2', units[2] ?? null, [['proposed', 71], ['sent', 68], ['accepted', 64], ['en_route', 55], ['on_scene', 49], ['done', 12]], { due_ms: now - 5 * MIN }),
    row(4, '封闭过水路段,设专人值守', null, units[3] ?? null, [['sent', 18], ['delivered', 18], ['refused', 15]], { due_ms: now + 12 * MIN, note: '车辆故障,无法出动' }),
    row(5, '冲锋舟营救被困群众', '§4.5', null, [['proposed', 71]], { limit_min: 45 }),
  ];
}

export function makeSituation(c: City, seed: string, now: number): Situation {
  const ends = new Map<string, End>();
  const rows = alerts(c, seed, now, ends);
  const stationStates = states(c, seed, now, rows, ends);
  const by = (level: string): AlertView[] => rows.filter((a) => a.level === level);
  const first = by('orange').find((a) => a.hazard === 'river_stage') ?? (rows[0] as AlertView);
  const incident = 'I-20260911-1';
  first.incident = incident;
  for (const a of [first, ...by('yellow').slice(0, 2)]) Object.assign(a, { acknowledged_by: '王建国', acknowledged_ms: a.raised_ms + 2 * MIN });
  Object.assign(by('blue')[0] ?? {}, { shelved_until_ms: now + 41 * MIN, shelved_because: '李志强:施工围堰,已与业主核对' });
  Object.assign(by('yellow')[3] ?? {}, { cleared_ms: now - 6 * MIN, trend: 'falling' });
  Object.assign(by('orange')[2] ?? {}, { amended: 'yellow -> orange (58.1)' });
  const outage = now - 52 * MIN;
  rows.push({
    id: `feed@agency:${DEAD_AGENCY}@${outage}`, hazard: 'feed', place: `agency:${DEAD_AGENCY}`, place_name: '江门市海洋预报台(演示)', place_name_en: 'Sea forecast office (demonstration)',
    level: 'nodata', peak: 'nodata', property: '', unit: '', rule: 'every station of the agency is overdue', raised_ms: outage, changed_ms: outage, trend: 'steady', steps: 1, status: 'actual',
  });
  const busy: Record<string, string> = {};
  const pick = (kind: string, n = 0): string => c.units.filter((u) => u['kind'] === kind)[n]?.['id'] ?? '';
  const taskRows = tasks(incident, now, [pick('pump'), pick('rescue'), pick('patrol'), pick('pump', 2)]);
  busy[pick('pump')] = 'T-1';
  busy[pick('rescue')] = 'T-2';
  const name = (id: string): string => c.view.stations.find((s) => s.id === id)?.name.replace('(虚构)', '') ?? id;
  return {
    ends,
    picture: {
      warnings: [], earthquakes: [], tracks: [], situations: [],
      alerts: rows, zones: zones(c, rows, now), stations: stationStates,
      incidents: [{ id: incident, title: `${name(first.place)}水位超警`, alert: first.id, opened_by: '王建国', opened_ms: now - 72 * MIN, plans: ['P-FLOOD'], tasks: taskRows.map((t) => t.id) }],
      tasks: taskRows,
      units: c.units.map((u) => ({
        id: u['id'] ?? '', name: u['name'] ?? '', name_en: u['name_en'] ?? '', kind: u['kind'] ?? '', lon: Number(u['lon']), lat: Number(u['lat']),
        state: busy[u['id'] ?? ''] === 'T-1' ? 'on_scene' : busy[u['id'] ?? ''] === 'T-2' ? 'en_route' : 'idle', ...(busy[u['id'] ?? ''] === undefined ? {} : { task: busy[u['id'] ?? ''] }),
        heard_ms: now - Math.round(4 * MIN * chance(u['id'] ?? '')), connected: chance(u['id'] ?? '', 3) > 0.06,
      })),
      hospitals: hospitals(c, seed, now),
      feeds: c.agencies.map((a) => {
        const id = a['id'] ?? '';
        const dead = id === DEAD_AGENCY;
        const n = c.view.stations.filter((s) => s.agency === id).length;
        return {
          id: `${id}/mqtt`, agency: id, agency_name: a['name'] ?? id, agency_name_en: a['name_en'] ?? id, channel: id === 'health' ? 'http' : 'mqtt', data: dead ? 'dead' : id === 'drainage' ? 'late' : 'live',
          heard_ms: dead ? outage : now - 3000, complete_ms: dead ? outage : now - 5 * MIN, accepted: Math.round(90000 * chance(id)), duplicate: Math.round(300 * chance(id, 2)), refused: Math.round(14 * chance(id, 3)), quarantined: id === 'weather' ? 3 : 0, stations: n, silent: dead ? n : Math.round(n * 0.03),
        };
      }),
      signals: [
        { id: 'S-1', issuer: '江门市气象台', act: 'change', signal: '台风红色预警信号', color: 'red', areas: ['4407'], t_ms: now - 300 * MIN, text: '江门市气象台将台风橙色预警信号变更为红色(演示)。请做好防御。' },
        { id: 'S-2', issuer: '江门市气象台', act: 'issue', signal: '暴雨橙色预警信号', color: 'orange', areas: ['440781', '440785'], t_ms: now - 160 * MIN, text: '预计未来 3 小时有暴雨(演示)。' },
        { id: 'S-3', issuer: '江门市海洋预报台', act: 'issue', signal: '风暴潮红色警报', color: 'red', areas: ['440781', '440705'], t_ms: now - 210 * MIN, text: '沿海将出现超红色警戒潮位的高潮(演示)。' },
      ],
      log: [
        ...rows.slice(0, 9).map((a) => ({ seq: 0, at_ms: a.raised_ms + 800, by: 'platform', what: 'alert.raised', about: a.id, detail: `none -> ${a.level} ${a.value ?? ''}`.trim() })),
        { seq: 0, at_ms: now - 72 * MIN, by: '王建国', what: 'incident_opened', about: incident, detail: '' },
        { seq: 0, at_ms: now - 71 * MIN, by: '王建国', what: 'plan_started', about: incident, detail: 'P-FLOOD orange' },
        { seq: 0, at_ms: now - 70 * MIN, by: '王建国', what: 'task_sent', about: 'T-1', detail: `${pick('pump')} 移动泵车到低洼片区强排` },
        { seq: 0, at_ms: now - 31 * MIN, by: pick('pump'), what: 'task_reported', about: 'T-1', detail: `${pick('pump')} on_scene` },
        { seq: 0, at_ms: now - 15 * MIN, by: pick('pump', 2), what: 'task_reported', about: 'T-4', detail: `${pick('pump', 2)} refuse 车辆故障,无法出动` },
        { seq: 0, at_ms: now - 10 * MIN, by: 'platform', what: 'task_overdue', about: 'T-1', detail: '' },
        { seq: 0, at_ms: now - 52 * MIN, by: 'platform', what: 'feed.silent', about: `feed@agency:${DEAD_AGENCY}@${outage}`, detail: '' },
      ].sort((a, b) => a.at_ms - b.at_ms).map((l, at) => ({ ...l, seq: 1000 + at })),
      notices: [],
      record: { records: 1_318_220, observations: 1_204_031, directory_bytes: 61_800_000, bytes_per_observation: 31.3, free_bytes: 182_400_000_000, total_bytes: 250_000_000_000, days_until_full: 412, full: false },
    },
  };
}
