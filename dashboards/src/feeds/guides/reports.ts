// Reports of situations: one entry a kind, all by the same envelope.
import { asked, at, json, ownId, posted, published, words, type Command, type Filled, type Guide } from './guide';
import type { Key } from '../../words/words';

const point = (f: Filled): { lon: number; lat: number } => ({ lon: f.lon, lat: f.lat });
/** A short stretch of road through the place. */
const stretch = (f: Filled): [number, number][] =>
  [-0.01, 0, 0.012].map((d) => [Number((f.lon + d).toFixed(5)), Number((f.lat + d / 2).toFixed(5))]);
const around = (f: Filled): [number, number][][] => {
  const corner = (x: number, y: number): [number, number] => [Number((f.lon + x).toFixed(5)), Number((f.lat + y).toFixed(5))];
  return [[corner(-0.01, -0.01), corner(0.01, -0.01), corner(0.01, 0.01), corner(-0.01, 0.01), corner(-0.01, -0.01)]];
};

/** One kind: its word, its own fields, and a second command where it has one. */
function kind(
  word: string, mark: string, title: Key, fields: (f: Filled) => object, more: (f: Filled, first: object) => Command[] = () => [],
): Guide {
  return {
    id: word, group: 'reports', title, note: 'start.report.note', door: 'http', fill: [],
    commands: (f) => {
      const first = { id: ownId(f, mark), t: at(f, -1), ...fields(f) };
      return [posted(f, 'start.report', json(`/v1/reports/${word}`, first)), ...more(f, first)];
    },
  };
}

/** The same over MQTT, where that door is open. */
const byMqtt = (word: string) => (f: Filled, first: object): Command[] =>
  f.mqtts === null && f.mqtt === null ? [] : [published(f, 'start.over.mqtt', `fh/v1/${f.agency}/${word}`, JSON.stringify(first))];
const over = (word: string) => (f: Filled, first: object): Command[] =>
  [posted(f, 'start.over', json(`/v1/reports/${word}`, { ...first, t: at(f), state: 'closed' }))];
const back = (word: string) => (f: Filled, first: object): Command[] => [
  ...byMqtt(word)(f, first),
  { label: 'start.back', text: asked(f, `/v1/reports/${word}/${(first as { id: string }).id}`) },
];

export const hotline = kind('hotline', 'HL', 'start.hotline',
  (f) => ({ class: words(f, 'eg.hotline.class'), text: words(f, 'eg.hotline'), ...point(f), people: 2, urgent: true }), back('hotline'));
export const calls = kind('calls', 'CALL', 'start.calls',
  (f) => ({ service: '119', class: words(f, 'eg.call.class'), text: words(f, 'eg.call'), ...point(f), trapped: 3 }), back('calls'));
export const outages = kind('outages', 'PW', 'start.outages',
  (f) => ({ line: words(f, 'eg.line'), cause: words(f, 'eg.cause'), households: 1200, zones: [f.zone], geometry: { type: 'Polygon', coordinates: around(f) } }), over('outages'));
export const closures = kind('closures', 'RD', 'start.closures',
  (f) => ({ road: words(f, 'eg.road'), cause: words(f, 'eg.water'), extent: 'full', geometry: { type: 'LineString', coordinates: stretch(f) } }), over('closures'));
export const hazardPoints = kind('hazard-points', 'HZ', 'start.hazard.points',
  (f) => ({ name: words(f, 'eg.slope'), hazard: 'landslide', danger: 'watch', threatened: 36, ...point(f), responsible: [{ role: words(f, 'eg.role'), name: words(f, 'eg.person') }] }),
  (f) => [posted(f, 'start.table', {
    path: '/v1/reports/hazard-points', type: 'text/csv',
    body: `id,t,name,hazard,lon,lat,threatened,responsible\n${ownId(f, 'YL')},${at(f)},${words(f, 'eg.underpass')},ponding,${f.lon},${f.lat},0,${words(f, 'eg.role')}/${words(f, 'eg.person')}`,
  })]);
export const food = kind('food', 'FD', 'start.food',
  (f) => ({ act: 'test', product: words(f, 'eg.product'), batch: at(f).slice(0, 10), venue: words(f, 'eg.venue'), item: words(f, 'eg.item'), passed: false, ...point(f) }));
export const damage = kind('damage', 'DM', 'start.damage',
  (f) => ({ heading: 'danger', stage: 'first', works: words(f, 'eg.works'), class: words(f, 'eg.leak'), ...point(f), evacuated: 40, geometry: { type: 'LineString', coordinates: stretch(f) } }), byMqtt('damage'));

export const forecasts: Guide = {
  id: 'forecasts', group: 'offices', title: 'start.forecasts', note: 'start.forecasts.note', door: 'http', fill: ['station', 'value'], office: true,
  commands: (f) => [posted(f, 'start.report', json('/v1/reports/forecasts', {
    id: ownId(f, 'FC'), t: at(f), station: f.station, property: f.property, unit: f.propertyUnit,
    values: [60, 120, 180].map((m, n) => ({ t: at(f, m), v: Number((Number(f.value) * (1 + n / 10)).toFixed(3)) })),
  }))],
};

