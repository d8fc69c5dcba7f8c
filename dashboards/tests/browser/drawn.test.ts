// Lines, areas and hazard points of reports on the map, with legend, list and selection in step; and
// forecasts in a station's chart, plainly forecast.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { drawn } from '../mock/drawn';
import { english } from './english';
import { closeBrowser, openBrowser, takeSeat, until, type Seat, type SeatOptions } from './seat';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(() => seat.close());

/** A seat whose picture has the reports, with the list of reports open. */
async function withReports(options: SeatOptions = {}): Promise<void> {
  seat = await takeSeat(options);
  seat.platform.picture.situations = drawn();
  seat.platform.push(drawn().map((row) => ({ kind: 'situation' as const, row })));
  await seat.page.waitForSelector('[data-shaped="closure"]');
}
const selected = (): Promise<string | null> => seat.page.evaluate(() => new URLSearchParams(location.search).get('sel'));

/** Where pixels of the ink of a drawn line are, in the map's own canvas: the map is found by what it shows. */
async function changedBy(act: () => Promise<void>): Promise<{ x: number; y: number; n: number }> {
  const shot = async (): Promise<Buffer> => seat.page.locator('.map .canvas').screenshot();
  const before = await shot();
  await act();
  await seat.page.waitForTimeout(400);
  const after = await shot();
  return seat.page.evaluate(async ([a, b]) => {
    const pixels = async (png: string): Promise<ImageData> => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(image.width, image.height);
      const pen = canvas.getContext('2d')!;
      pen.drawImage(image, 0, 0);
      return pen.getImageData(0, 0, image.width, image.height);
    };
    const [was, is] = [await pixels(a ?? ''), await pixels(b ?? '')];
    let [n, sx, sy] = [0, 0, 0];
    for (let at = 0; at < is.data.length; at += 4) {
      if (was.data[at] === is.data[at] && was.data[at + 1] === is.data[at + 1] && was.data[at + 2] === is.data[at + 2]) continue;
      n += 1;
      sx += (at / 4) % is.width;
      sy += Math.floor(at / 4 / is.width);
    }
    return { n, x: sx / Math.max(1, n), y: sy / Math.max(1, n) };
  }, [before.toString('base64'), after.toString('base64')]);
}

describe('what agencies drew', () => {
  it('is named in the legend, chosen from the list, and shown with who answers for it', async () => {
    await withReports();
    const { page } = seat;
    expect(await page.$$eval('[data-shaped]', (all) => all.map((e) => (e as HTMLElement).dataset['shaped']))).toEqual(['closure', 'outage', 'damage']);
    expect(await page.innerText('.legend')).toContain('隐患点');
    await page.click('.lower [role=tab]:has-text("来报")');
    // Choosing a row of the list changes what is drawn on the map.
    const change = await changedBy(async () => {
      await page.click('button.row:has-text("10kV 三江线")');
      await until(page, () => new URLSearchParams(location.search).get('sel')?.startsWith('situation:') === true, null);
    });
    expect(change.n).toBeGreaterThan(200);
    await page.click('button.row:has-text("后山滑坡点")');
    await page.waitForSelector('article:has-text("演示员")');
    expect(await page.innerText('article')).toContain('0750-0000000');
    expect(await english(page)).toEqual([]);
    expect(seat.complaints).toEqual([]);
  }, 40_000);

  it('is chosen on the map, and the list follows', async () => {
    await withReports();
    const { page } = seat;
    await page.click('.lower [role=tab]:has-text("来报")');
    // Where choosing an area changed the map is where the area is; there it is clicked.
    const at = await changedBy(async () => {
      await page.click('button.row:has-text("10kV 三江线")');
      await page.waitForSelector('button.row[aria-pressed="true"]');
    });
    await page.click('button.row:has-text("后山滑坡点")');
    const box = (await page.locator('.map .canvas').boundingBox())!;
    await page.mouse.click(box.x + at.x + 6, box.y + at.y + 6);
    await page.waitForSelector('button.row[aria-pressed="true"]:has-text("10kV 三江线")');
    expect(await selected()).toBe('situation:outage@power@P-1');
  }, 40_000);
});

describe.each([
  [{ language: 'zh', size: { width: 1920, height: 1080 } }], [{ language: 'en', night: true, size: { width: 1366, height: 768 } }],
] as [SeatOptions][])('a forecast with %o', (options) => {
  it('stands in the chart with its time of issue, the newest first, an older one by choice', async () => {
    seat = await takeSeat({ ...options, path: '/?sel=station:JM-0201' });
    const { page } = seat;
    const newest = Number(await page.getAttribute('figure [data-forecast]', 'data-forecast'));
    expect(await page.getAttribute('figure [data-issues]', 'data-issues')).toBe('2');
    expect(await page.innerText('figure .forecast')).toMatch(options.language === 'zh' ? /预报 江门市水文局.*最高 4.6\d? (m|米)/s : /Forecast Hydrology.*highest 4.6\d? m/s);
    await page.selectOption('figure [data-issues]', '1');
    await until(page, (was) => Number(document.querySelector('figure [data-forecast]')?.getAttribute('data-forecast')) < was, newest);
    // A surge is not measured there: it is said beside the chart.
    expect(await page.innerText('article > .forecast')).toMatch(options.language === 'zh' ? /风暴增水/ : /[Ss]torm surge/);
    if (options.language === 'zh') expect(await english(page)).toEqual([]);
    expect(seat.complaints).toEqual([]);
  }, 30_000);
});
