// The picture on this seat: the city, and the rows the platform sends. Rows are replaced, never
// changed in place; stations lie outside of runes.
import type { Change, Snapshot } from '../contract/types';
import type { AlertView, CityView, SituationView, StationState } from '../contract/types';
import { clock } from '../time/clock.svelte';
import { FLOOD_WINDOW_MS, inFlood, isFeed, rate } from './flood';
import { Levels } from './levels';
import { apply, empty, fromSnapshot, type Rows } from './rows';
import { Stations } from './stations';

export interface ZoneName {
  id: string;
  name: string;
  name_en: string;
  kind: string;
  parent?: string;
}

class Picture {
  city = $state.raw<CityView | null>(null);
  zonesGeo = $state.raw<unknown>(null);
  zoneNames = $state.raw<ReadonlyMap<string, ZoneName>>(new Map());
  levels = $state.raw(new Levels([]));
  rows = $state.raw<Rows>(empty());
  stations: Stations = new Stations([], []);
  /** Moves when station states have changed, at most a few times a second. */
  stationsMoved = $state(0);
  status = $state('actual');
  seq = $state(0);
  /** Whether a first snapshot has come. */
  known = $state(false);
  perTenMinutes = $state(0);
  flood = $state(false);
  /** When each alert first stood on this seat. */
  private readonly seen = new Map<string, number>();
  /** Called when the registry has changed: the city is to be asked for again. */
  onCity: (() => void) | null = null;
  private nudge: ReturnType<typeof setTimeout> | null = null;

  setCity(city: CityView, zonesGeo: unknown): void {
    this.city = city;
    this.levels = new Levels(city.levels);
    this.stations = new Stations(city.stations, city.levels, this.stations);
    clock.offsetS = city.offset_s;
    this.zonesGeo = zonesGeo;
    const features = (zonesGeo as { features?: { properties: ZoneName }[] }).features ?? [];
    this.zoneNames = new Map(features.map((f) => [f.properties.id, f.properties]));
  }

  /** Reports that the snapshot left out. What stands already came later and stays. */
  learn(situations: readonly SituationView[]): void {
    const all = new Map(situations.map((s) => [s.id, s]));
    for (const [id, row] of this.rows.situations) all.set(id, row);
    this.rows = { ...this.rows, situations: all };
  }

  snapshot(message: Snapshot): void {
    clock.replay = message.clock === 'replay';
    clock.speed = message.speed ?? 1;
    clock.beat(message.now_ms);
    this.status = message.status;
    this.rows = fromSnapshot(message.picture);
    for (const a of this.rows.alerts.values()) {
      if (!isFeed(a) && !this.seen.has(a.id)) this.seen.set(a.id, a.raised_ms);
    }
    this.values(message.picture.stations);
    this.seq = message.seq;
    this.known = true;
    this.measure();
  }

  changes(changes: Change[], seq: number): void {
    clock.listened();
    for (const c of changes) {
      if (c.kind === 'alert' && !isFeed(c.row) && !this.rows.alerts.has(c.row.id)) this.seen.set(c.row.id, clock.now);
    }
    this.rows = apply(this.rows, changes);
    if (changes.some((c) => c.kind === 'city')) this.onCity?.();
    this.seq = seq;
    this.measure();
  }

  values(states: StationState[]): void {
    clock.listened();
    this.stations.apply(states);
    this.nudge ??= setTimeout(() => {
      this.nudge = null;
      this.stationsMoved = this.stations.version;
    }, 250);
  }

  /** New alerts of the last ten minutes, and whether that is a flood. */
  measure(): void {
    for (const [id, at] of this.seen) {
      if (at <= clock.now - FLOOD_WINDOW_MS && !this.rows.alerts.has(id)) this.seen.delete(id);
    }
    this.perTenMinutes = rate(this.seen, clock.now);
    this.flood = inFlood(this.flood, this.perTenMinutes);
  }

  alert(id: string): AlertView | undefined {
    return this.rows.alerts.get(id);
  }

  /** The hazard's kind (what words it is spoken of in); its own name where the city has no such. */
  kindOf(hazard: string): string {
    return this.city?.hazards.find((h) => h.name === hazard)?.kind ?? hazard;
  }
}

export const picture = new Picture();
