// What weather, hydrology, sea and earthquake offices publish.
import { at, day, json, ownId, posted, words, type Command, type Filled, type Guide } from './guide';

const CAP = 'urn:oasis:names:tc:emergency:cap:1.2';

/** A message of an area around the place, which says itself that it is an exercise. */
function message(f: Filled): string {
  const box = [[-0.05, -0.05], [-0.05, 0.05], [0.05, 0.05], [0.05, -0.05], [-0.05, -0.05]]
    .map(([y, x]) => `${(f.lat + (y ?? 0)).toFixed(4)},${(f.lon + (x ?? 0)).toFixed(4)}`).join(' ');
  return `<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="${CAP}">
 <identifier>${ownId(f, f.agency)}</identifier><sender>duty@${f.agency}</sender><sent>${at(f)}</sent>
 <status>Exercise</status><msgType>Alert</msgType><scope>Public</scope>
 <info><language>zh-CN</language><category>Met</category><event>${words(f, 'eg.event')}</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
  <expires>${at(f, 180)}</expires><headline>${words(f, 'eg.headline')}</headline>
  <area><areaDesc>${words(f, 'eg.area')}</areaDesc><polygon>${box}</polygon></area></info>
</alert>`;
}

export const cap: Guide = {
  id: 'cap', group: 'offices', title: 'start.cap', note: 'start.cap.note', door: 'http', fill: [], office: true,
  commands: (f) => [
    posted(f, 'start.cap.post', { path: '/v1/warnings', type: 'application/cap+xml', body: message(f) }),
    {
      label: f.start.polled.length > 0 ? 'start.cap.polled' : 'start.cap.poll', file: 'cap/feeds.toml',
      text: (f.start.polled.length > 0 ? f.start.polled : [{ url: 'http://192.0.2.10/cap/feed.atom', interval_s: 60 }])
        .map((feed) => `[[feed]]\nagency = "${f.agency}"\nurl = "${feed.url}"\ninterval_s = ${feed.interval_s}`).join('\n\n'),
    },
  ],
};

export const signals: Guide = {
  id: 'signals', group: 'offices', title: 'start.signals', note: 'start.signals.note', door: 'http', fill: [], office: true,
  commands: (f) => {
    const issued = { id: ownId(f, 'SIG'), issuer: words(f, 'eg.issuer'), act: 'issue', kind: words(f, 'eg.event'), color: 'yellow', areas: [f.zone], t: at(f, -2), text: words(f, 'eg.headline') };
    const then = (label: Command['label'], act: string, minutes: number, more: object = {}): Command =>
      posted(f, label, json('/v1/warnings', { ...issued, act, t: at(f, minutes), ...more }));
    return [
      posted(f, 'start.signal.issue', json('/v1/warnings', issued)),
      then('start.signal.change', 'change', -1, { color: 'orange' }),
      then('start.signal.lift', 'lift', 0),
    ];
  },
};

export const quakes: Guide = {
  id: 'earthquakes', group: 'offices', title: 'start.quakes', note: 'start.quakes.note', door: 'http', fill: [], office: true,
  commands: (f) => {
    const utc = new Date(f.now).toISOString().slice(0, 19) + 'Z';
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
 <eventParameters publicID="smi:${f.agency}/parameters">
  <event publicID="smi:${f.agency}/event/${ownId(f, 'Q')}"><type>earthquake</type>
   <creationInfo><agencyID>${f.agency}</agencyID><creationTime>${utc}</creationTime></creationInfo>
   <origin publicID="smi:${f.agency}/origin/1"><time><value>${utc}</value></time><latitude><value>${f.lat}</value></latitude><longitude><value>${f.lon}</value></longitude><depth><value>12000</value></depth></origin>
   <magnitude publicID="smi:${f.agency}/magnitude/1"><mag><value>2.1</value></mag><type>ML</type></magnitude></event>
 </eventParameters>
</q:quakeml>`;
    return [
      posted(f, 'start.report', json('/v1/reports/earthquakes', { id: ownId(f, 'EQ'), t: at(f), lon: f.lon, lat: f.lat, depth_km: 12, magnitude: 2.1, magnitude_kind: 'ML', place: words(f, 'eg.quake.place'), issuer: f.agency, status: 'automatic' })),
      posted(f, 'start.quakeml', { path: '/v1/reports/earthquakes', type: 'application/xml', body: xml }),
    ];
  },
};

export const tracks: Guide = {
  id: 'tracks', group: 'offices', title: 'start.tracks', note: 'start.tracks.note', door: 'http', fill: [], office: true,
  commands: (f) => {
    // The columns are of UTC, their date too: in the small hours the city's is a day ahead.
    const utc = new Date(f.now).toISOString().replace(/\D/g, '');
    const stamp = utc.slice(2, 10);
    const number = (n: number, width: number): string => String(Math.round(n * 10)).padStart(width);
    const jma = [
      `66666 ${stamp.slice(0, 2)}99  001 0001 ${stamp.slice(0, 2)}99 0 6              EXERCISE             ${utc.slice(0, 8)}        `,
      `${stamp} 002 3 ${number(f.lat - 1, 3)} ${number(f.lon + 2, 4)}  990     045                                      `,
    ].join('\n');
    return [
      posted(f, 'start.report', json('/v1/reports/tracks', {
        id: `${day(f).slice(0, 4)}99`, name: words(f, 'eg.storm'), issuer: f.agency, issued: at(f), wind_unit: 'm/s', averaging_min: 2,
        points: [{ t: at(f), lat: Number((f.lat - 1).toFixed(2)), lon: Number((f.lon + 2).toFixed(2)), pressure: 990, wind: 23, grade: 'TS', radii: [{ wind: 17.2, longest: 150 }] }],
        forecast: [{ t: at(f, 360), lat: Number((f.lat - 0.4).toFixed(2)), lon: Number((f.lon + 1).toFixed(2)), wind: 25 }],
      })),
      posted(f, 'start.tracks.jma', { path: '/v1/reports/tracks', type: 'text/plain', body: jma }),
    ];
  },
};
