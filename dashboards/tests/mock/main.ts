// `npm run mock`: the mock on port 8099 (MOCK_PORT), with station values that move and, every half
// minute, a new alert.
import { MockPlatform } from './platform';
import { chance } from './series';
import { makeAlert } from './situation';

const platform = new MockPlatform({
  port: Number(process.env['MOCK_PORT'] ?? 8099), signedIn: process.env['MOCK_SIGNED_OUT'] === undefined,
  clock: process.env['MOCK_CLOCK'] === 'replay' ? 'replay' : 'live', status: process.env['MOCK_STATUS'] === 'exercise' ? 'exercise' : 'actual',
});
console.log(`ready http=${await platform.listen()}`);

let turn = 0;
setInterval(() => {
  turn += 1;
  const n = platform.city.view.stations.length;
  const moved = Array.from({ length: 12 }, (_, at) => Math.floor(chance('move', turn * 12 + at) * n));
  platform.values(moved.flatMap((ix) => {
    const s = platform.picture.stations[ix];
    return s === undefined ? [] : [{ ...s, values: s.values.map((v) => ({ ...v, t_ms: Date.now() })) }];
  }));
  if (turn % 30 !== 0) return;
  const s = platform.city.view.stations[moved[0] ?? 0];
  const property = s?.datastreams[0]?.property;
  if (s === undefined || property === undefined) return;
  const hazard = platform.city.thresholds.find((t) => t.property === property && (t.station ?? s.id) === s.id)?.hazard;
  const level = ['blue', 'yellow', 'orange'][turn % 3] ?? 'yellow';
  const alert = hazard === undefined ? null : makeAlert(platform.city, s, hazard, property, level, Date.now(), Date.now());
  if (alert !== null) platform.push([{ kind: 'alert', row: alert }]);
}, 1000);
