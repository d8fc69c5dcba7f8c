// The demonstration city as the platform would tell it, read from the repository at run time.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CityView, HazardView, StationView, ThresholdView } from '../../src/contract/types';
import { csv, tables } from './csv';

export const CITY = process.env['FENGHUO_CITY'] ?? resolve(import.meta.dirname, '../../../simulators/cities/jiangmen');
const HAZARDS = resolve(import.meta.dirname, '../../../stream/src/hazards');

const UNITS: Record<string, [string, string]> = {
  rainfall: ['mm', '雨量'], water_level: ['m', '水位'], tide_level: ['m', '潮位'], discharge: ['m3/s', '流量'],
  inflow: ['m3/s', '入库流量'], outflow: ['m3/s', '出库流量'], wind_speed: ['m/s', '平均风速'],
  wind_gust: ['m/s', '阵风风速'], wind_direction: ['deg', '风向'], air_temperature: ['Cel', '气温'],
  pressure: ['hPa', '气压'], ponding_depth: ['cm', '积水深度'], bed_occupancy: ['%', '床位占用率'],
  emergency_waiting: ['{people}', '急诊候诊人数'], emergency_traffic: ['1', '急诊接诊状态'],
};

export interface Threshold extends ThresholdView {
  station: string | null;
  property: string;
}

interface Zone {
  properties: { id: string; kind: string; parent?: string };
  geometry: { type: string; coordinates: number[][][] | number[][][][] };
}

export interface City {
  view: CityView;
  zones: { features: Zone[] };
  zonesText: string;
  riversText: string;
  thresholds: Threshold[];
  agencies: Record<string, string>[];
  units: Record<string, string>[];
  hospitals: Record<string, string>[];
}

function inRing(ring: number[][], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [xi, yi] = ring[i] as [number, number];
    const [xj, yj] = ring[j] as [number, number];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

export function zoneAt(zones: Zone[], kind: string, x: number, y: number): string | undefined {
  return zones.find((z) => {
    if (z.properties.kind !== kind) return false;
    const parts = (z.geometry.type === 'Polygon' ? [z.geometry.coordinates] : z.geometry.coordinates) as number[][][][];
    return parts.some((p) => inRing(p[0] ?? [], x, y));
  })?.properties.id;
}

/** The page of a hazard's folder, as the platform serves it. */
const page = (kind: string, file: string): string =>
  readFileSync(join(HAZARDS, kind, file), 'utf8');

function hazards(): { views: HazardView[]; thresholds: Threshold[] } {
  const views: HazardView[] = [];
  const thresholds: Threshold[] = [];
  for (const file of readdirSync(join(CITY, 'hazards')).filter((f) => f.endsWith('.toml')).sort()) {
    const { head, rows } = tables(join(CITY, 'hazards', file));
    const name = file.replace('.toml', '');
    const hazard = head['name'] ?? name;
    views.push({ name: hazard, kind: head['hazard'] ?? name, source: head['source'] ?? '', about: page(head['hazard'] ?? name, 'README.md'), about_zh: page(head['hazard'] ?? name, 'README.zh.md') });
    for (const r of rows) {
      if (r['at_least'] === undefined || r['level'] === undefined) continue;
      thresholds.push({
        hazard, level: r['level'], at_least: Number(r['at_least']), property: r['property'] ?? 'rainfall',
        station: r['station'] ?? null, source: r['source'] ?? head['source'] ?? '',
        ...(r['window_h'] === undefined ? {} : { window_s: Number(r['window_h']) * 3600 }),
        ...(r['window_min'] === undefined ? {} : { window_s: Number(r['window_min']) * 60 }),
        ...(r['mark'] === undefined ? {} : { mark: r['mark'] }),
      });
    }
  }
  return { views, thresholds };
}

export function readCity(): City {
  if (!existsSync(CITY)) throw new Error(`no city at ${CITY}; FENGHUO_CITY names another`);
  const zonesText = readFileSync(join(CITY, 'zones.geojson'), 'utf8');
  const zones = JSON.parse(zonesText) as { features: Zone[] };
  const streams = new Map<string, Record<string, string>[]>();
  for (const d of csv(join(CITY, 'datastreams.csv'))) {
    const own = streams.get(d['station'] ?? '') ?? [];
    streams.set(d['station'] ?? '', [...own, d]);
  }
  const stations = csv(join(CITY, 'stations.csv')).map((s): StationView => {
    const [lon, lat] = [Number(s['lon']), Number(s['lat'])];
    return {
      id: s['id'] ?? '', name: s['name'] ?? '', name_en: s['name_en'] ?? '', agency: s['agency'] ?? '', lon, lat,
      district: zoneAt(zones.features, 'district', lon, lat) ?? null,
      township: zoneAt(zones.features, 'township', lon, lat) ?? null,
      datum: s['datum'] === '' ? null : (s['datum'] ?? null),
      datastreams: (streams.get(s['id'] ?? '') ?? []).map((d) => {
        const [unit, name_zh] = UNITS[d['property'] ?? ''] ?? ['1', d['property'] ?? ''];
        return { property: d['property'] ?? '', unit, name_zh, interval_s: Number(d['interval_s']) };
      }),
    };
  });
  const about = tables(join(CITY, 'city.toml'));
  const { views, thresholds } = hazards();
  const map = readFileSync(join(CITY, 'city.toml'), 'utf8');
  const view: CityView = {
    name: about.head['name'] ?? '江门市', name_en: about.head['name_en'] ?? 'Jiangmen', languages: ['zh', 'en'], offset_s: 28_800,
    levels: [
      { id: 'blue', name: '蓝', name_en: 'Blue', color: '#1f5fbf' }, { id: 'yellow', name: '黄', name_en: 'Yellow', color: '#f2c200' },
      { id: 'orange', name: '橙', name_en: 'Orange', color: '#e06c00' }, { id: 'red', name: '红', name_en: 'Red', color: '#c4122f' },
    ],
    center: [112.68, 22.22], zoom: 9.3, attribution: /attribution = "(.+)"/.exec(map)?.[1] ?? '', fictional: true,
    stations, hazards: views, zones_path: '/v1/zones.geojson', base_map_paths: ['/v1/map/rivers.geojson'],
    plans: readdirSync(join(CITY, 'plans')).sort().map((f) => {
      const text = readFileSync(join(CITY, 'plans', f), 'utf8');
      const { head } = tables(join(CITY, 'plans', f));
      const list = /hazards = \[(.*)\]/.exec(text)?.[1] ?? '';
      return { id: head['id'] ?? f, title: head['title'] ?? f, title_en: head['title_en'] ?? '', hazards: [...list.matchAll(/"([^"]+)"/g)].map((m) => m[1] as string) };
    }),
  };
  return {
    view, zones, zonesText, thresholds, riversText: readFileSync(join(CITY, 'map/rivers.geojson'), 'utf8'),
    agencies: tables(join(CITY, 'agencies.toml')).rows, units: csv(join(CITY, 'units.csv')), hospitals: csv(join(CITY, 'hospitals.csv')),
  };
}

export const measures = (plan: string): Record<string, string>[] => {
  for (const f of readdirSync(join(CITY, 'plans'))) {
    const { head, rows } = tables(join(CITY, 'plans', f));
    if (head['id'] === plan) return rows;
  }
  return [];
};
