// The cameras of the demonstration city nearest to an alert, as the platform offers them.
import { join } from 'node:path';
import type { NearCameraView } from '../../src/contract/types';

import { CITY, type City } from './city';
import { csv } from './csv';

/** How many are offered and how far away, m: the platform's own numbers. */
const NEAREST = 6;
const WITHIN_M = 15_000;

const radians = (deg: number): number => (deg * Math.PI) / 180;
/** Metres, on a plane: near enough over a city. */
const metres = (a: { lon: number; lat: number }, b: { lon: number; lat: number }): number =>
  6_371_000 * Math.hypot(radians(b.lat - a.lat), radians(b.lon - a.lon) * Math.cos(radians(a.lat)));

export function camerasNear(city: City, place: string): NearCameraView[] {
  const at = city.view.stations.find((s) => s.id === place) ?? { lon: city.view.center[0] ?? 0, lat: city.view.center[1] ?? 0 };
  return csv(join(CITY, 'cameras.csv')).map((c): NearCameraView => {
    const camera = {
      id: c['id'] ?? '', name: c['name'] ?? '', name_en: c['name_en'] ?? '', agency: c['agency'] ?? '', kind: c['kind'] ?? '',
      lon: Number(c['lon']), lat: Number(c['lat']), direction_deg: c['direction'] === '' ? null : Number(c['direction']),
      streams: {
        hls: c['hls'] || null, whep: c['whep'] || null, snapshot: c['snapshot'] || null, rtsp: c['rtsp'] || null, gb28181: c['gb28181'] || null,
      },
    };
    return { camera, distance_m: Math.round(metres(at, camera)) };
  }).filter((c) => c.distance_m <= WITHIN_M).sort((a, b) => a.distance_m - b.distance_m).slice(0, NEAREST);
}
