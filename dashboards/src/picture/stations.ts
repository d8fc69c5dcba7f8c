// Station states in typed arrays, outside of runes: ten thousand of them change ten times a second.
import type { LevelView, StationState, StationView, ValueView } from '../contract/types';

export const DATA_STATES = ['never', 'dead', 'late', 'live', 'clock'] as const;
/** Codes in {@link Stations.level}: 0 no data, 1 none, 2 and up the city's levels from its lowest. */
export const NO_DATA = 0;
export const NONE = 1;

export class Stations {
  readonly rows: StationView[];
  readonly lon: Float64Array;
  readonly lat: Float64Array;
  readonly level: Uint8Array;
  readonly data: Uint8Array;
  readonly values: (ValueView[] | undefined)[];
  readonly byId: Map<string, number>;
  private readonly codes: Map<string, number>;
  private readonly ids: string[];
  /** Grows with every change; what shows stations looks at it, not at a rune. */
  version = 0;

  /** States of `before` stay with their stations: their numbers are the same as long as the platform runs. */
  constructor(rows: StationView[], levels: LevelView[], before?: Stations) {
    this.rows = rows;
    this.lon = Float64Array.from(rows, (s) => s.lon);
    this.lat = Float64Array.from(rows, (s) => s.lat);
    this.level = new Uint8Array(rows.length);
    this.data = new Uint8Array(rows.length);
    this.values = new Array<ValueView[] | undefined>(rows.length);
    this.byId = new Map(rows.map((s, ix) => [s.id, ix]));
    this.ids = ['nodata', 'none', ...levels.map((l) => l.id)];
    this.codes = new Map(this.ids.map((id, code) => [id, code]));
    before?.rows.forEach((had, ix) => {
      if (rows[ix]?.id !== had.id) return;
      this.level[ix] = before.level[ix] ?? NO_DATA;
      this.data[ix] = before.data[ix] ?? 0;
      this.values[ix] = before.values[ix];
    });
    this.version = before === undefined ? 0 : before.version + 1;
  }

  apply(states: readonly StationState[]): void {
    for (const s of states) {
      if (s.ix >= this.rows.length) continue;
      this.level[s.ix] = this.codes.get(s.level) ?? NO_DATA;
      this.data[s.ix] = Math.max(0, DATA_STATES.indexOf(s.data as (typeof DATA_STATES)[number]));
      this.values[s.ix] = s.values;
    }
    this.version += 1;
  }

  levelId(ix: number): string {
    return this.ids[this.level[ix] ?? NO_DATA] ?? 'nodata';
  }

  dataState(ix: number): (typeof DATA_STATES)[number] {
    return DATA_STATES[this.data[ix] ?? 0] ?? 'never';
  }

  value(ix: number, property: string): ValueView | undefined {
    return this.values[ix]?.find((v) => v.property === property);
  }
}
