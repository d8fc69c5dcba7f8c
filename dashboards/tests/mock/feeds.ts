// The feeds' resources of the mock: made from the situation, and changed by what is asked of them.
import type {
  AgencyHealthView, CredentialIssued, CredentialView, DatastreamHealthView, DoorView, RejectionView, ReplayAnswer, StartView,
} from '../../src/contract/types';
import { chance } from './series';
import type { MockPlatform } from './platform';

const HOUR_MS = 3_600_000;

export class MockFeeds {
  readonly keys = new Map<string, CredentialView[]>();
  /** Letters by their number, as they stand now. */
  private readonly letters = new Map<number, RejectionView>();
  private issued = 0;

  constructor(private readonly platform: MockPlatform) {}

  health(only: string | null): AgencyHealthView[] {
    const now = Date.now();
    const rows = this.platform.picture.feeds.map((f): AgencyHealthView => {
      const dead = f.data === 'dead';
      const streams = this.streams(f.agency);
      const count = (data: string): number => streams.filter((s) => s.data === data).length;
      const first = Math.floor((now - 1) / HOUR_MS) - 23;
      return {
        agency: f.agency, name: f.agency_name, name_en: f.agency_name_en, stations: f.stations, silent: dead,
        streams: { live: count('live'), late: count('late'), dead: count('dead'), never: count('never'), clock: count('clock') },
        complete_ms: f.complete_ms ?? null,
        hours: streams.length === 0 ? [] : Array.from({ length: 24 }, (_, at) => {
          const expected = 12 * streams.length;
          const part = dead && at === 23 ? 0.1 : at === 9 && f.agency === 'drainage' ? 0.4 : chance(f.agency + at, 5) < 0.1 ? 0.93 : 1;
          return { from_ms: (first + at) * HOUR_MS, expected, received: Math.round(expected * part) };
        }),
        feeds: [{
          id: f.id, channel: f.channel, data: f.data, heard_ms: f.heard_ms ?? null, accepted: f.accepted, duplicate: f.duplicate, refused: f.refused, quarantined: f.quarantined ?? 0,
          per_minute: Array.from({ length: 61 }, (_, at) => (dead && at > 8 ? 0 : Math.round(30 + 40 * chance(f.agency + at, 7)))),
          lag_p50_ms: Math.round(300 + 900 * chance(f.agency, 8)), lag_p95_ms: Math.round(1500 + 9000 * chance(f.agency, 9)), skew_ms: f.agency === 'weather' ? 86_400_000 : -400,
        }],
      };
    });
    return rows.filter((r) => only === null || r.agency === only);
  }

  streams(agency: string): DatastreamHealthView[] {
    const city = this.platform.city.view;
    return city.stations.filter((s) => s.agency === agency).flatMap((s) => {
      const state = this.platform.picture.stations[city.stations.indexOf(s)];
      return s.datastreams.map((d): DatastreamHealthView => ({
        station: s.id, station_name: s.name, station_name_en: s.name_en, property: d.property, interval_s: d.interval_s,
        data: state?.data ?? 'never', t_ms: state?.values.find((v) => v.property === d.property)?.t_ms ?? null,
      }));
    });
  }

  doors(): DoorView[] {
    return [{ protocol: 'http', address: this.platform.url }, { protocol: 'mqtt', address: 'mqtt://127.0.0.1:1883' }, { protocol: 'mqtts', address: 'mqtts://127.0.0.1:8883' }, { protocol: 'sl651', address: 'tcp://127.0.0.1:5001' }, { protocol: 'cot', address: 'tcp://127.0.0.1:4242' }];
  }

  start(agency: string): StartView {
    const city = this.platform.city.view;
    const own = city.stations.filter((s) => s.agency === agency);
    return {
      agency, official_signals: agency === 'weather' || agency === 'hydrology', doors: this.doors(), sl651_password: false, cot: agency === 'emergency', cameras: [], polled: [],
      telemetry: own.slice(0, 1).map((s) => ({ id: s.id, name: s.name, name_en: s.name_en, address: '0044070301', properties: s.datastreams.map((d) => d.property) })),
      units: agency === 'drainage' ? [{ id: 'pump-01', name: '排水队01(虚构)', name_en: 'Pump crew 01 (fictional)' }] : [],
      hospitals: [], zone: { id: '440703', name: '蓬江区', name_en: 'Pengjiang' },
    };
  }

  all(from: RejectionView[]): RejectionView[] {
    for (const letter of from) if (!this.letters.has(letter.seq)) this.letters.set(letter.seq, letter);
    return [...this.letters.values()].sort((a, b) => b.seq - a.seq);
  }

  replay(seq: number, mended: boolean, dry: boolean): ReplayAnswer | null {
    const letter = this.letters.get(seq);
    if (letter === undefined) return null;
    const good = mended ? 1 : 0;
    const act = {
      at_ms: Date.now(), by: '王建国', what: 'replayed', mended, accepted: good, duplicate: 0, refused: 1 - good, quarantined: 0,
      ...(mended ? {} : { reason: letter.reason }), detail: mended ? '' : letter.detail,
    };
    if (dry) return { seq, state: letter.state, already: false, dry_run: true, act };
    this.letters.set(seq, { ...letter, state: mended ? 'replayed' : 'open', last: act });
    return { seq, state: mended ? 'replayed' : 'open', already: false, act };
  }

  issue(agency: string, label: string): CredentialIssued {
    this.issued += 1;
    const credential: CredentialView = { id: `k-${this.issued}`, agency, opens: 'any', state: 'active', label, by: '王建国', created_ms: Date.now() };
    this.keys.set(agency, [credential, ...(this.keys.get(agency) ?? [])]);
    return { credential, user: agency, secret: `mock-secret-${this.issued}` };
  }
}
