// What the strip's lanes show: for rain, water and beds the station that is worst now, of the zone
// that is filtered for or of the city. Fetched once a minute and when the worst station changes.
import * as platform from '../api/platform';
import type { SeriesView } from '../contract/types';
import { connection } from '../live/connection.svelte';
import { untrack } from 'svelte';
import { picture } from '../picture/picture.svelte';
import { clock } from '../time/clock.svelte';
import { named, settings, shortName, t } from '../ui/settings.svelte';
import { view } from '../ui/view.svelte';
import { valueText } from '../words/alert';
import { toLine, type Line } from './series';

export type LaneId = 'alerts' | 'rain' | 'water' | 'beds';

export interface Lane {
  id: LaneId;
  name: string;
  peak: string;
  /** Null for the lane of alerts, and until the series has come. */
  line: Line | null;
  bars: boolean;
}

const DAY_MS = 86_400_000;
const AGAIN_MS = 60_000;
const LOOK_MS = 5_000;
const POINTS = 400;
/** Sums of rain need every value, not a thinned series. */
const EVERY_POINT = 10_000;
const PROPERTIES: Record<Exclude<LaneId, 'alerts'>, readonly string[]> = {
  rain: ['rainfall'], water: ['water_level', 'tide_level'], beds: ['bed_occupancy'],
};

interface Fetched {
  key: string;
  /** The platform's time up to which it is known, and the seat's when it was asked. */
  to: number;
  at: number;
  series: SeriesView | null;
}

class Lanes {
  private looking = false;
  private fetched = $state.raw<Partial<Record<LaneId, Fetched>>>({});
  rows = $derived.by(() => this.make());

  start(): () => void {
    // What a look reads must not start the next: only time does.
    const look = (): void => untrack(() => void this.look());
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }

  /** The worst station with one of these properties: by level, then by newest value. */
  private worst(properties: readonly string[]): { id: string; property: string } | null {
    const s = picture.stations;
    let best: { id: string; property: string } | null = null;
    let rank = -1;
    let top = Number.NEGATIVE_INFINITY;
    for (let ix = 0; ix < s.rows.length; ix += 1) {
      const row = s.rows[ix];
      if (row === undefined || (view.zone !== null && row.district !== view.zone)) continue;
      const has = row.datastreams.find((d) => properties.includes(d.property));
      if (has === undefined) continue;
      const level = s.level[ix] ?? 0;
      const value = s.value(ix, has.property)?.v ?? Number.NEGATIVE_INFINITY;
      if (level > rank || (level === rank && value > top)) {
        [rank, top] = [level, value];
        best = { id: row.id, property: has.property };
      }
    }
    return best;
  }

  private async look(): Promise<void> {
    if (!connection.up || this.looking) return;
    this.looking = true;
    try {
      await this.fetch();
    } finally {
      this.looking = false;
    }
  }

  private async fetch(): Promise<void> {
    for (const id of ['rain', 'water', 'beds'] as const) {
      const worst = this.worst(PROPERTIES[id]);
      if (worst === null) continue;
      const key = `${worst.id}/${worst.property}`;
      const had = this.fetched[id];
      // A worst station is kept for a minute of the platform's time, so that the lane does not flicker.
      if (had !== undefined && clock.now - had.to < AGAIN_MS && performance.now() - had.at < AGAIN_MS) continue;
      const to = clock.now;
      try {
        const series = await platform.series(worst.id, worst.property, to - DAY_MS, to, id === 'rain' ? EVERY_POINT : POINTS);
        this.fetched = { ...this.fetched, [id]: { key, to, at: performance.now(), series } };
      } catch {
        this.fetched = { ...this.fetched, [id]: { key, to: had?.to ?? to, at: performance.now(), series: had?.series ?? null } };
      }
    }
  }

  private lane(id: Exclude<LaneId, 'alerts'>): Lane {
    const series = this.fetched[id]?.series ?? null;
    if (series === null) return { id, name: t('strip.waiting'), peak: '', line: null, bars: id === 'rain' };
    const ix = picture.stations.byId.get(series.station);
    const row = ix === undefined ? undefined : picture.stations.rows[ix];
    const from = Math.floor(clock.now / 60_000) * 60_000 - DAY_MS;
    const line = toLine(series.points, series.interval_s, id === 'rain' ? 3600 : null, from, this.fetched[id]?.to ?? from);
    const values = line.v.filter((v): v is number => v !== null);
    const peak = values.length === 0 ? t('strip.missing')
      : t('strip.peak', { v: valueText(settings.language, Math.max(...values), id === 'rain' ? `${series.unit}/h` : series.unit) });
    return { id, name: row === undefined ? series.station : shortName(named(row)), peak, line, bars: id === 'rain' };
  }

  private make(): Lane[] {
    return [
      { id: 'alerts', name: '', peak: String(picture.rows.alerts.size), line: null, bars: false },
      this.lane('rain'), this.lane('water'), this.lane('beds'),
    ];
  }
}

export const lanes = new Lanes();
