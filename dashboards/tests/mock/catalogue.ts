// The catalogue and the log of exchange of the mock: made from the feeds' health.
import type { AgencyHealthView, CatalogueView, ExchangeLine, ExchangeView } from '../../src/contract/types';

const HASH = '9f2c1b7a4d5e60718293a4b5c6d7e8f9'.repeat(2);

/** Every agency; what is an agency's own only for it, where `only` says who asks. */
export function catalogue(agencies: readonly AgencyHealthView[], only: string | null): CatalogueView[] {
  return agencies.map((a): CatalogueView => {
    const own = only === null || only === a.agency;
    const { live, late, dead, never } = a.streams;
    const count = live + late + dead + never;
    const data = count === 0 ? 'never' : dead + never === count ? 'dead' : live === count ? 'live' : 'late';
    const sum = (of: 'expected' | 'received'): number => a.hours.reduce((all, hour) => all + hour[of], 0);
    return {
      agency: a.agency, name: a.name, name_en: a.name_en, channels: a.feeds.map((f) => f.channel), data,
      shares: count === 0 ? [] : [
        { kind: 'observation', property: 'water_level', count, interval_s: 300, data, ...(own ? { streams: a.streams, newest_ms: Date.now() - 90_000 } : {}) },
        { kind: 'camera', count: 3 },
      ],
      ...(own ? { detail: { contact: '值班室 0750-3000000', heard_ms: a.feeds[0]?.heard_ms ?? null, expected: sum('expected'), received: sum('received'), given_to: ['province'] } } : {}),
    };
  });
}

export function exchange(): ExchangeView {
  const now = Date.now();
  const line = (seq: number, what: string, number: number, more: Partial<ExchangeLine>): ExchangeLine =>
    ({ seq, at_ms: now - (100 - seq) * 60_000, peer: 'province', what, number, digest: HASH, by: 'li', ...more });
  const log = [
    line(90, 'refused', 9, { fault: 'gap', detail: 'file 9 of province after 7: 1 missing' }),
    line(80, 'imported', 7, { items: 1204, accepted: 1190, duplicate: 10, refused: 3, quarantined: 1, backlog: true, missing: 0 }),
    line(70, 'exported', 12, { items: 8412, left_out: 2, backlog: false }),
  ];
  return {
    own: 'jiangmen', log,
    peers: [{
      id: 'province', name: '省平台(虚构)', name_en: 'Province (invented)', contact: '省值班室', has_key: true, gives: ['*'], brings: ['weather'],
      kinds: [], areas: [], every_h: 24, exported: log[2], imported: log[1], data: 'late',
    }],
  };
}
