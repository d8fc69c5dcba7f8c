// Many alerts at once, over many stations, as when a front crosses the city.
import type { Change } from '../../src/contract/types';
import type { MockPlatform } from './platform';
import { chance } from './series';
import { makeAlert } from './situation';

/** Pushes `n` new alerts in one delta; their ids. */
export function flood(platform: MockPlatform, n: number, seed = 'flood'): string[] {
  const now = Date.now();
  const changes: Change[] = [];
  const wants: readonly [string, string][] = [['rainfall', 'rainfall'], ['ponding', 'ponding_depth'], ['gale', 'wind_gust'], ['river_stage', 'water_level']];
  const stations = [...platform.city.view.stations].sort((a, b) => chance(seed + a.id) - chance(seed + b.id));
  for (const s of stations) {
    for (const [hazard, property] of wants) {
      if (changes.length >= n || !s.datastreams.some((d) => d.property === property)) continue;
      const r = chance(seed + s.id, 31);
      const level = r < 0.04 ? 'red' : r < 0.2 ? 'orange' : r < 0.6 ? 'yellow' : 'blue';
      const raised = now - Math.floor(chance(seed + s.id, 37) * 300_000);
      const row = makeAlert(platform.city, s, hazard, property, level, raised, now);
      if (row !== null) changes.push({ kind: 'alert', row });
    }
  }
  platform.push(changes);
  return changes.map((c) => (c.row as { id: string }).id);
}
