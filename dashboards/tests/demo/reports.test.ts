// Reports and warnings on the real platform: citizens' calls are verified, proposed for merging and
// never merged by themselves, handed on until the sender can be told; another office's warning is
// shown, updated and withdrawn. Nothing is mocked.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SOON, startOwn, type Own } from './own';

let own: Own;
let page: Page;
const tokens = new Map<string, string>();

beforeAll(async () => {
  own = await startOwn(false);
  const made = (command: string): Promise<string> => own.shell(`fenghuo ${command} --data data < /dev/null`);
  for (const agency of ['rescue', 'weather']) tokens.set(agency, (await made(`agency token ${agency}`)).split(/\s/)[0] ?? '');
  const password = /password (\S+)/.exec(await made('user add li --role officer'))?.[1] ?? '';
  page = await (await own.browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  await page.goto(own.url);
  await page.fill('input[name="user"]', 'li');
  await page.fill('input[type="password"]', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-state="live"]', { timeout: SOON });
}, 120_000);
afterAll(async () => {
  await own?.close();
}, 60_000);

async function post(agency: string, path: string, type: string, body: string): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${tokens.get(agency)}`, 'Content-Type': type };
  return (await (await fetch(`${own.url}${path}`, { method: 'POST', headers, body })).json()) as Record<string, unknown>;
}
const call = (id: string, minutes: number, text: string): Promise<Record<string, unknown>> =>
  post('rescue', '/v1/reports/calls', 'application/json', JSON.stringify({
    id, t: Date.now() - minutes * 60_000, service: '119', text, lon: 113.1, lat: 21.4 + minutes * 1e-5,
  }));
/** What the sender itself is told of its report. */
async function told(id: string): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${tokens.get('rescue')}` };
  return (await (await fetch(`${own.url}/v1/reports/calls/${id}`, { headers })).json()) as Record<string, unknown>;
}
/** Opens an act's form, fills it in and sends it; it closes when the platform has taken it. */
async function act(name: string, text: string, choose: Record<string, string> = {}): Promise<void> {
  await page.click(`article .acts button:text-is("${name}")`);
  for (const [label, value] of Object.entries(choose)) await page.selectOption(`article form label:has-text("${label}") select`, value);
  await page.fill('article form textarea', text);
  await page.click('article form .act.main');
  await page.waitForSelector('article form', { state: 'detached', timeout: SOON });
}
const step = (text: string): Promise<unknown> => page.waitForSelector(`article li:has-text("${text}")`, { timeout: SOON });

describe('emergency calls', () => {
  it('that look alike are proposed, merged and parted by an officer only', async () => {
    expect(await call('C-1', 20, '东湾区滨海路口积水很深,车子熄火了')).toMatchObject({ accepted: 1 });
    expect(await call('C-2', 12, '滨海路口积水很深 车熄火走不了')).toMatchObject({ accepted: 1 });
    expect(await call('C-3', 8, '滨海路口积水深 一辆车熄火')).toMatchObject({ accepted: 1 });
    await page.click('.lower [role=tab]:has-text("来报")');
    await page.click('button.row:has-text("积水")', { timeout: SOON });
    const open = async (id: string): Promise<void> => {
      await page.goto(`${own.url}/?sel=situation:call@rescue@${id}`);
      await page.waitForSelector(`article .quiet:has-text("${id}")`, { timeout: SOON });
    };
    await open('C-2');
    await page.waitForSelector('article .likely:has-text("C-1")', { timeout: SOON });
    expect(await told('C-1')).toMatchObject({ reports: 1 });
    await act('合并', '同一路口');
    await page.waitForSelector('article .likely:has-text("已合并入 C-1")', { timeout: SOON });
    await expect.poll(async () => (await told('C-1'))['reports'], { timeout: SOON }).toBe(2);
    // One that is not the same is kept apart, and not proposed again.
    await open('C-3');
    await page.waitForSelector('article .likely', { timeout: SOON });
    await act('不合并', '另一辆车');
    await step('另一辆车');
    // And what was merged can be parted.
    await open('C-2');
    await act('拆分', '看错了');
    await step('看错了');
    await expect.poll(async () => (await told('C-1'))['reports'], { timeout: SOON }).toBe(1);
  }, 120_000);

  it('are verified, handed on, done and told back, step by step', async () => {
    expect(await call('C-9', 1, '老街危房墙体开裂,住着两位老人')).toMatchObject({ accepted: 1 });
    await page.goto(`${own.url}/?sel=situation:call@rescue@C-9`);
    await page.waitForSelector('article .quiet:has-text("C-9")', { timeout: SOON });
    // What is not yet its turn says why.
    expect(await page.getAttribute('article .acts.main button:text-is("办结")', 'aria-disabled')).toBe('true');
    await act('核实', '回电属实', { 核实结果: 'confirmed' });
    await step('回电属实');
    await act('转办', '请派人转移', { 承办单位: 'hydrology' });
    await page.waitForSelector('article:has-text("已转办")', { timeout: SOON });
    await act('办结', '两位老人已转移');
    await act('反馈', '已转移到体育馆');
    await page.waitForSelector('article b:has-text("已反馈")', { timeout: SOON });
    const steps = (await told('C-9'))['steps'] as { what: string; text: string }[];
    expect(steps.map((s) => s.what)).toEqual(['verified', 'assigned', 'concluded', 'fed_back']);
    expect(steps.at(-1)?.text).toBe('已转移到体育馆');
  }, 120_000);
});

describe("another office's warning", () => {
  const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+Z/, '-00:00');
  const cap = (id: string, kind: string, sent: string, headline: string, refers = ''): string =>
    `<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>${id}</identifier>` +
    `<sender>weather@wanghai.example</sender><sent>${sent}</sent><status>Actual</status><msgType>${kind}</msgType><scope>Public</scope>${refers}` +
    `<info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>Severe</severity>` +
    `<certainty>Observed</certainty><expires>${at(120)}</expires><headline>${headline}</headline><area><areaDesc>东湾</areaDesc>` +
    `<polygon>21.30,113.00 21.50,113.00 21.50,113.30 21.30,113.30 21.30,113.00</polygon></area></info></alert>`;
  const send = (text: string): Promise<Record<string, unknown>> => post('weather', '/v1/warnings', 'application/cap+xml', text);
  const refers = (id: string, sent: string): string => `<references>weather@wanghai.example,${id},${sent}</references>`;
  /** The map as it is drawn now. */
  const picture = async (): Promise<Buffer> => page.locator('.map .canvas').screenshot();

  it('stands on the map with its area, is replaced by its update and goes with its cancel', async () => {
    await page.goto(own.url);
    await page.waitForSelector('[data-state="live"]', { timeout: SOON });
    const before = await picture();
    const [first, second] = [at(-20), at(-10)];
    expect(await send(cap('W-1', 'Alert', first, '暴雨红色预警'))).toMatchObject({ accepted: 1 });
    await page.click('button.signal.foreign:has-text("暴雨红色预警")', { timeout: SOON });
    await page.waitForSelector('article.warning h2:has-text("暴雨红色预警")');
    await expect.poll(async () => (await picture()).equals(before), { timeout: SOON }).toBe(false);
    expect(await send(cap('W-2', 'Update', second, '暴雨橙色预警', refers('W-1', first)))).toMatchObject({ accepted: 1 });
    await page.waitForSelector('button.signal.foreign:has-text("暴雨橙色预警")', { timeout: SOON });
    await page.waitForSelector('button.signal.foreign:has-text("暴雨红色预警")', { state: 'detached', timeout: SOON });
    expect(await send(cap('W-3', 'Cancel', at(-5), '解除', refers('W-2', second)))).toMatchObject({ accepted: 1 });
    await page.waitForSelector('button.signal.foreign', { state: 'detached', timeout: SOON });
    // A test of the office's never comes to the picture.
    expect(await send(cap('W-4', 'Alert', at(-1), '演练信息').replace('Actual', 'Exercise'))).toMatchObject({ accepted: 1 });
    expect(await send(cap('W-5', 'Alert', at(-1), '雷电黄色预警'))).toMatchObject({ accepted: 1 });
    await page.waitForSelector('button.signal.foreign:has-text("雷电黄色预警")', { timeout: SOON });
    expect(await page.locator('button.signal.foreign').count()).toBe(1);
  }, 120_000);
});
