// A seat that stays on: values ten times a second, alerts that come and go. The heap does not grow.
// A few seconds in every run; minutes in the slow tier (FENGHUO_TIER=long).
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Change } from '../../src/contract/types';
import { chance } from '../mock/series';
import { makeAlert } from '../mock/situation';
import { closeBrowser, openBrowser, takeSeat, type Seat } from './seat';

const SECONDS = process.env['FENGHUO_TIER'] === 'long' ? 120 : 8;
/** What the collector may leave lying about, whatever the length of the run. */
const SLACK_BYTES = 4_000_000;
const SEED = 'soak';

beforeAll(openBrowser);
afterAll(closeBrowser);

async function heap(seat: Seat): Promise<number> {
  const cdp = await seat.context.newCDPSession(seat.page);
  await cdp.send('HeapProfiler.collectGarbage');
  await cdp.send('Performance.enable');
  const { metrics } = await cdp.send('Performance.getMetrics');
  await cdp.detach();
  return metrics.find((m) => m.name === 'JSHeapUsedSize')?.value ?? 0;
}

it(`a seat of ${SECONDS} s under load does not grow (seed ${SEED})`, async () => {
  const seat = await takeSeat();
  const { platform, page } = seat;
  await page.keyboard.press('j');
  const stations = platform.city.view.stations;
  const turn = (n: number): void => {
    platform.values(platform.picture.stations.filter((s) => chance(SEED + n, s.ix) < 0.1).map((s) => ({ ...s, values: s.values.map((v) => ({ ...v, t_ms: Date.now() })) })));
    const station = stations[Math.floor(chance(SEED, n) * stations.length)];
    const alert = station === undefined ? null : makeAlert(platform.city, station, 'rainfall', 'rainfall', 'yellow', Date.now(), Date.now());
    const changes: Change[] = alert === null ? [] : [{ kind: 'alert', row: alert }, { kind: 'log', row: { seq: n, at_ms: Date.now(), by: 'platform', what: 'alert.raised', about: alert.id, detail: '' } }];
    const old = platform.picture.alerts.filter((a) => a.raised_ms < Date.now() - 2000 && a.hazard === 'rainfall' && a.level === 'yellow');
    platform.push([...changes, ...old.map((a): Change => ({ kind: 'alert_gone', row: a.id }))]);
  };
  const load = async (seconds: number, from: number): Promise<void> => {
    const end = performance.now() + seconds * 1000;
    for (let n = from; performance.now() < end; n += 1) {
      turn(n);
      await page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
    }
  };
  await load(3, 0); // Fonts, sprites and caches are made in the first seconds.
  const before = await heap(seat);
  await load(SECONDS, 100_000);
  const after = await heap(seat);
  expect(seat.complaints).toEqual([]);
  expect(await page.textContent('.link b')).toBe('实时');
  expect(after - before).toBeLessThan(SLACK_BYTES);
  await seat.close();
}, (SECONDS + 60) * 1000);
