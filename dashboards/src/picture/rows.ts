// The picture as the console holds it: immutable maps by id, replaced row by row. Pure.
import type { Change, Notice, PictureView } from '../contract/types';
import type {
  AlertView, EarthquakeView, FeedView, HospitalView, IncidentView, LogEntry, RecordView, SignalView, SituationView, TaskView, TrackView, UnitView, WarningView, ZoneView,
} from '../contract/types';

/** Lines of the duty log kept on the seat; older ones are the platform's to show. */
export const LOG_LINES = 500;

export interface Rows {
  alerts: ReadonlyMap<string, AlertView>;
  zones: ReadonlyMap<string, ZoneView>;
  incidents: ReadonlyMap<string, IncidentView>;
  tasks: ReadonlyMap<string, TaskView>;
  units: ReadonlyMap<string, UnitView>;
  hospitals: ReadonlyMap<string, HospitalView>;
  feeds: ReadonlyMap<string, FeedView>;
  signals: ReadonlyMap<string, SignalView>;
  warnings: ReadonlyMap<string, WarningView>;
  situations: ReadonlyMap<string, SituationView>;
  earthquakes: ReadonlyMap<string, EarthquakeView>;
  tracks: ReadonlyMap<string, TrackView>;
  notices: ReadonlyMap<string, Notice>;
  record: RecordView | null;
  log: readonly LogEntry[];
}

const byId = <T extends { id: string }>(rows: T[]): Map<string, T> =>
  new Map(rows.map((row) => [row.id, row]));

export const empty = (): Rows => ({
  alerts: new Map(), zones: new Map(), incidents: new Map(), tasks: new Map(), units: new Map(),
  hospitals: new Map(), feeds: new Map(), signals: new Map(), warnings: new Map(), situations: new Map(), earthquakes: new Map(), tracks: new Map(),
  notices: new Map(), record: null, log: [],
});

export function fromSnapshot(p: PictureView): Rows {
  return {
    alerts: byId(p.alerts), zones: byId(p.zones), incidents: byId(p.incidents), tasks: byId(p.tasks),
    units: byId(p.units), hospitals: byId(p.hospitals), feeds: byId(p.feeds), signals: byId(p.signals),
    warnings: byId(p.warnings ?? []), situations: byId(p.situations ?? []), earthquakes: byId(p.earthquakes ?? []),
    tracks: byId(p.tracks ?? []), notices: byId(p.notices), record: p.record ?? null, log: p.log.slice(-LOG_LINES),
  };
}

const TABLE = {
  alert: 'alerts', zone: 'zones', incident: 'incidents', task: 'tasks', unit: 'units',
  hospital: 'hospitals', feed: 'feeds', signal: 'signals', warning: 'warnings', situation: 'situations', notice: 'notices',
  alert_gone: 'alerts', signal_gone: 'signals', warning_gone: 'warnings', situation_gone: 'situations', feed_gone: 'feeds', notice_gone: 'notices',
  earthquake: 'earthquakes', track: 'tracks', earthquake_gone: 'earthquakes', track_gone: 'tracks',
} as const;

/** The rows after `changes`, in order. Maps that no change touches stay the same objects. */
export function apply(rows: Rows, changes: readonly Change[]): Rows {
  const next: Rows = { ...rows };
  const fresh = new Map<string, Map<string, unknown>>();
  const writable = (table: Exclude<keyof Rows, 'log' | 'record'>): Map<string, unknown> => {
    let map = fresh.get(table);
    if (map === undefined) {
      map = new Map<string, unknown>(rows[table]);
      fresh.set(table, map);
      (next as unknown as Record<string, unknown>)[table] = map;
    }
    return map;
  };
  const lines: LogEntry[] = [];
  for (const change of changes) {
    if (change.kind === 'log') {
      lines.push(change.row);
      continue;
    }
    if (change.kind === 'record') {
      next.record = change.row;
      continue;
    }
    const table = TABLE[change.kind as keyof typeof TABLE] as (typeof TABLE)[keyof typeof TABLE] | undefined;
    if (table === undefined) continue; // A kind of a later version: not ours to show.
    if (typeof change.row === 'string') writable(table).delete(change.row);
    else writable(table).set(change.row.id, change.row);
  }
  if (lines.length > 0) next.log = [...rows.log, ...lines].slice(-LOG_LINES);
  return next;
}
