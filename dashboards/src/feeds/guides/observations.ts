// Measurements over HTTP: JSON, CSV, and what is old already.
import { at, curl, one, posted, quoted, type Filled, type Guide } from './guide';

const PATH = '/v1/observations';
const table = (f: Filled, times: readonly number[]): string =>
  ['station,property,t,v', ...times.map((m) => `${f.station},${f.property},${at(f, m)},${f.value}`)].join('\n');

export const http: Guide = {
  id: 'http', group: 'values', title: 'start.http', note: 'start.answer', door: 'http', fill: ['station', 'value'],
  commands: (f) => [
    posted(f, 'start.send', { path: PATH, type: 'application/json', body: `[${one(f, at(f))}]` }),
    posted(f, 'start.many', { path: PATH, type: 'application/x-ndjson', body: `${one(f, at(f, -1))}\n${one(f, at(f))}` }),
  ],
};

export const csv: Guide = {
  id: 'csv', group: 'values', title: 'start.csv', note: 'start.csv.note', door: 'http', fill: ['station', 'value'],
  commands: (f) => {
    const post = { path: PATH, type: 'text/csv', body: table(f, [-1, 0]) };
    return [
      posted(f, 'start.many', post),
      { label: 'start.whole.file', text: `printf '%s\\n' ${quoted(post.body)} > today.csv\n${curl(f, { ...post, body: '@today.csv' })}` },
    ];
  },
};

export const backfill: Guide = {
  id: 'backfill', group: 'values', title: 'start.backfill', note: 'start.backfill.note', door: 'http', fill: ['station', 'value'],
  commands: (f) => {
    const old = table(f, [-180, -120]);
    const file = `printf '%s\\n' ${quoted(old)} > history.csv`;
    const sent = { path: `${PATH}?backlog=true`, type: 'text/csv', body: old };
    return [
      posted(f, 'start.backlog', sent),
      // The importer speaks plain HTTP.
      ...(f.http.startsWith('https:') ? [] : [{
        label: 'start.import' as const,
        text: `${file}\nFENGHUO_TOKEN=${quoted(f.secret)} fenghuo import history.csv --to ${f.http}`,
      }]),
    ];
  },
};
