// The work of the desk: one key, one alert; the hand on the list; shelving, incident, plan, tasks.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeAlert } from '../mock/situation';
import { flood } from '../mock/flood';
import { closeBrowser, openBrowser, rowIds, selectedId, takeSeat, until, type Seat } from './seat';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(async () => {
  expect(seat.foreign).toEqual([]);
  await seat.close();
});

/** A new red alert at a station that has none. */
function newRed(s: Seat, n = 0): string {
  const taken = new Set(s.platform.picture.alerts.map((a) => a.place));
  const free = s.platform.city.view.stations.filter((x) => !taken.has(x.id) && x.datastreams.some((d) => d.property === 'rainfall'));
  const now = Date.now();
  const alert = makeAlert(s.platform.city, free[n]!, 'rainfall', 'rainfall', 'red', now - 60_000, now)!;
  s.platform.push([{ kind: 'alert', row: alert }]);
  return alert.id;
}

describe('the officer', () => {
  it('signs for an alert with one key, and sees who did it and when', async () => {
    seat = await takeSeat();
    await seat.page.keyboard.press('j');
    const id = (await selectedId(seat.page))!;
    const began = performance.now();
    await seat.page.keyboard.press('a');
    await seat.page.waitForSelector(`[data-alert="${CSS_escape(id)}"] .mark`);
    const took = performance.now() - began;
    expect(seat.platform.commands.map((c) => c.command)).toEqual([{ do: 'acknowledge', alert: id }]);
    expect(await seat.page.textContent(`[data-alert="${CSS_escape(id)}"] .mark`)).toContain('王建国');
    expect(took).toBeLessThan(1000);
  });

  it('sees another seat\'s signature without refreshing', async () => {
    seat = await takeSeat();
    const other = await takeSeat({ platform: seat.platform });
    await seat.page.keyboard.press('j');
    const id = (await selectedId(seat.page))!;
    await other.page.hover('.rows'); // The other officer's hand is on the list: the row stays and changes.
    await seat.page.keyboard.press('a');
    await other.page.waitForSelector(`[data-alert="${CSS_escape(id)}"] .mark`, { timeout: 1000 });
    await other.close();
  });

  it('is offered the cameras nearest to an alert, nearest first', async () => {
    seat = await takeSeat();
    const gauge = seat.platform.city.view.stations.find((s) => s.name.startsWith('潭江恩城南坑水文站'))!;
    const now = Date.now();
    const alert = makeAlert(seat.platform.city, gauge, 'river_stage', 'water_level', 'red', now - 60_000, now)!;
    seat.platform.push([{ kind: 'alert', row: alert }]);
    await seat.page.click(`[data-alert="${CSS_escape(alert.id)}"]`);
    const near = seat.page.locator('section[aria-label="附近视频"] li');
    await near.first().waitFor();
    expect(await near.first().textContent()).toContain('潭江恩城南坑水文站视频');
    expect(await near.first().locator('a').first().getAttribute('href')).toMatch(/^https:\/\//);
  });

  it('is told on the row when signing fails, and by whom it was signed before', async () => {
    seat = await takeSeat();
    await seat.page.keyboard.press('j');
    const id = (await selectedId(seat.page))!;
    const row = seat.platform.picture.alerts.find((a) => a.id === id)!;
    Object.assign(row, { acknowledged_by: '李志强', acknowledged_ms: Date.now() }); // Known to the platform, not yet told.
    await seat.page.keyboard.press('a');
    await seat.page.waitForSelector(`[data-alert="${CSS_escape(id)}"] .bad`);
    expect(await seat.page.textContent(`[data-alert="${CSS_escape(id)}"] .bad`)).toMatch(/^李志强 已于 \d\d:\d\d 签收$/);
  });

  it('keeps the selection and the places of all rows when a worse alert is pushed', async () => {
    seat = await takeSeat();
    for (let n = 0; n < 3; n += 1) await seat.page.keyboard.press('j');
    await seat.page.hover('.rows li:nth-child(4)');
    const before = { id: await selectedId(seat.page), rows: await rowIds(seat.page) };
    const pushed = newRed(seat);
    await seat.page.waitForSelector('.news');
    expect(await rowIds(seat.page)).toEqual(before.rows);
    expect(await selectedId(seat.page)).toBe(before.id);
    expect(await seat.page.textContent('.news')).toContain('1 条新告警');
    await seat.page.keyboard.press('End');
    await until(seat.page, (id) => document.querySelector(`[data-alert="${CSS.escape(id)}"]`) !== null, pushed);
    expect(await selectedId(seat.page)).toBe(before.id);
  });

  it('gets new alerts at their place when the hand is away', async () => {
    seat = await takeSeat();
    await seat.page.mouse.move(900, 500);
    const pushed = newRed(seat);
    await until(seat.page, (id) => document.querySelector(`[data-alert="${CSS.escape(id)}"]`) !== null, pushed);
    const rows = await rowIds(seat.page);
    expect(rows.indexOf(pushed)).toBeLessThanOrEqual(2);
    expect(await seat.page.$('.news')).toBeNull();
  });

  it('shelves with an end and a reason, by keys alone', async () => {
    seat = await takeSeat();
    for (let n = 0; n < 4; n += 1) await seat.page.keyboard.press('j');
    const id = (await selectedId(seat.page))!;
    await seat.page.keyboard.press('s');
    await seat.page.keyboard.press('2');
    await seat.page.keyboard.press('Control+Enter');
    expect(seat.platform.commands).toEqual([]); // No reason yet: not sent.
    await seat.page.keyboard.type('施工围堰,已核对 a j 1');
    await seat.page.keyboard.press('Control+Enter');
    await until(seat.page, () => document.querySelector('form') === null, null);
    const { command } = seat.platform.commands[0]!;
    expect(command).toMatchObject({ do: 'shelve', alert: id, reason: '施工围堰,已核对 a j 1' });
    const minutes = ((command as { until: number }).until - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(29);
    expect(minutes).toBeLessThanOrEqual(30);
  });

  it('cannot shelve red alone: the button stays and says why', async () => {
    seat = await takeSeat({ role: 'officer' });
    await seat.page.keyboard.press('j');
    const button = seat.page.locator('.acts button', { hasText: '暂挂' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    expect(await button.getAttribute('title')).toBe('红色告警须由带班领导暂挂');
    await seat.page.keyboard.press('s');
    await until(seat.page, () => document.querySelector('.detail .bad')?.textContent?.includes('带班领导') === true, null);
    expect(seat.platform.commands).toEqual([]);
  });

  it('works a whole shift by keyboard: incident, plan, task to a unit, its course, why, zone, night', async () => {
    seat = await takeSeat({ path: '/?q=水库' });
    const { page, platform } = seat;
    await page.keyboard.press('j');
    const id = (await selectedId(page))!;
    await page.keyboard.press('a');
    await page.keyboard.press('w');
    await page.waitForSelector('.why .agrees');
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await page.waitForSelector('.upper form input');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.incident');
    const incident = platform.picture.incidents.find((i) => i.alert === id)!;
    await page.keyboard.press('p');
    await page.waitForSelector('.task');
    expect(platform.picture.tasks.filter((t) => t.incident === incident.id)).toHaveLength(3);
    await page.keyboard.press('t');
    await page.waitForSelector('.upper form select');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.task li.now');
    const sent = platform.commands.at(-1)!.command as { do: string; task: string; unit: string };
    expect(sent).toMatchObject({ do: 'dispatch', incident: incident.id });
    const task = platform.picture.tasks.find((t) => t.id === sent.task)!;
    const now = Date.now();
    platform.push([{ kind: 'task', row: { ...task, state: 'on_scene', history: [...task.history, { state: 'accepted', at_ms: now, by: sent.unit }, { state: 'en_route', at_ms: now, by: sent.unit }, { state: 'on_scene', at_ms: now, by: sent.unit }] } }]);
    await until(page, () => [...document.querySelectorAll('.task li.now span')].some((s) => s.textContent === '到达现场'), null);
    await page.keyboard.press('n');
    await until(page, () => document.documentElement.dataset['palette'] === 'night', null);
    await page.keyboard.press('3');
    await until(page, () => document.querySelector('[role=tab][aria-selected=true]')?.textContent?.includes('已暂挂') === true, null);
    expect(platform.commands.map((c) => c.command.do)).toEqual(['acknowledge', 'open_incident', 'start_plan', 'dispatch']);
  });

  it('shows a refusal by a unit with its reason, and an overdue task first', async () => {
    seat = await takeSeat({ path: '/?sel=incident:I-20260911-1' });
    await seat.page.waitForSelector('.task');
    const tasks = await seat.page.$$eval('.task', (rows) => rows.map((r) => r.textContent ?? ''));
    expect(tasks[0]).toContain('超时');
    expect(tasks[1]).toContain('退回');
    expect(tasks[1]).toContain('车辆故障,无法出动');
  });

  it('is not disturbed by keys while writing or composing, and can switch them off', async () => {
    seat = await takeSeat();
    await seat.page.keyboard.press('j');
    await seat.page.keyboard.press('/');
    await seat.page.keyboard.type('as');
    expect(seat.platform.commands).toEqual([]);
    expect(await seat.page.inputValue('#search')).toBe('as');
    await seat.page.fill('#search', '');
    await seat.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await seat.page.evaluate(() => window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', isComposing: true })));
    await seat.page.keyboard.press('?');
    await seat.page.click('.help button[aria-pressed]');
    await seat.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await seat.page.keyboard.press('a');
    expect(seat.platform.commands).toEqual([]);
  });

  it('opens the same view from the address on another seat', async () => {
    seat = await takeSeat();
    const { page } = seat;
    await page.keyboard.press('j');
    await page.keyboard.press('g');
    await until(page, () => location.search.includes('zone='), null);
    const other = await takeSeat({ platform: seat.platform, path: await page.evaluate(() => location.pathname + location.search) });
    expect(await other.page.textContent('.upper h2')).toBe(await page.textContent('.upper h2'));
    expect(await rowIds(other.page)).toEqual(await rowIds(page));
    await other.close();
  });

  it('keeps the rows under the hand when a flood breaks, and groups them when asked', async () => {
    seat = await takeSeat();
    await seat.page.hover('.rows li:nth-child(3)');
    const before = await rowIds(seat.page);
    flood(seat.platform, 60);
    await seat.page.waitForSelector('.rate.flood');
    await seat.page.waitForSelector('.news');
    expect(await rowIds(seat.page)).toEqual(before);
    expect(await seat.page.$('.group')).toBeNull();
    await seat.page.click('.news');
    await seat.page.waitForSelector('.group');
  });

  it('keeps a grip in a flood of 200: grouped, first-out named, low levels behind a counter', async () => {
    seat = await takeSeat();
    await seat.page.mouse.move(900, 500);
    const began = performance.now();
    const ids = flood(seat.platform, 200);
    await seat.page.waitForSelector('.group');
    const took = performance.now() - began;
    expect(ids.length).toBe(200);
    expect(took).toBeLessThan(2000);
    expect(await seat.page.textContent('.rate')).toContain('告警潮');
    const blue = seat.platform.picture.alerts.filter((a) => a.level === 'blue' && a.acknowledged_ms == null && a.shelved_until_ms == null).length;
    expect(await seat.page.textContent('.low')).toContain(`蓝色告警 ${blue} 条`);
    await seat.page.keyboard.press('j');
    const group = await seat.page.textContent('.group.on');
    expect(group).toContain('首发告警');
    // The whole group: asked first, done at the second press.
    await seat.page.keyboard.press('Shift+A');
    expect(seat.platform.commands).toEqual([]);
    await seat.page.keyboard.press('Shift+A');
    const n = Number(/合并 (\d+) 条/.exec(group ?? '')?.[1]);
    await expect.poll(() => seat.platform.commands.length).toBe(n);
  });

  it('names a group of silences by what they are, in a tag that holds its word', async () => {
    seat = await takeSeat();
    await seat.page.mouse.move(900, 500);
    const feed = seat.platform.picture.alerts.find((a) => a.hazard === 'feed' && a.cleared_ms == null)!;
    const quiet = [1, 2, 3].map((n) => ({ ...feed, id: `${feed.id}-${n}`, acknowledged_ms: undefined, shelved_until_ms: undefined }));
    seat.platform.push(quiet.map((row) => ({ kind: 'alert', row })));
    flood(seat.platform, 200);
    const tag = seat.page.locator('.group', { hasText: '资料中断' }).locator('.tag');
    expect((await tag.textContent())?.trim()).toBe('中断');
    const wide = (all: Element[]): (string | null)[] => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent);
    expect(await seat.page.$$eval('.rows .tag', wide)).toEqual([]);
  });
});

function CSS_escape(id: string): string {
  return id.replace(/["\\]/g, '\\$&');
}
