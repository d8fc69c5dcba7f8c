// What a gauge's values are worth: said by an officer, with a reason and an end; and who speaks for a
// gauge that is not heard.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StationState, ValueView } from '../../src/contract/types';
import { closeBrowser, openBrowser, takeSeat, type Seat } from './seat';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const GAUGE = 'JM-0201';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(async () => {
  expect([seat.foreign, seat.complaints]).toEqual([[], []]);
  await seat.close();
});

describe('a correction', () => {
  it('wants a reason, is sent with its end, is listed with its author, is ended, and is taken back', async () => {
    seat = await takeSeat({ path: `/?sel=station:${GAUGE}` });
    const box = seat.page.locator('section[aria-label="人工订正"]');
    await box.locator('button', { hasText: '订正…' }).click();
    const send = box.locator('form .act.main');
    expect(await send.getAttribute('aria-disabled')).toBe('true');
    await box.locator('select').first().selectOption('offset');
    await box.locator('input').fill('-0.12');
    await box.locator('textarea').fill('零点变动，已与水文局核对');
    await send.click();
    await expect.poll(() => seat.platform.commands.length).toBe(1);
    const [asked] = seat.platform.commands.map((c) => c.command);
    expect(asked).toMatchObject({ do: 'correct', station: GAUGE, property: 'water_level', act: { offset: -0.12 }, reason: '零点变动，已与水文局核对' });
    if (asked?.do !== 'correct') throw new Error('no correction');
    expect((asked.until ?? 0) - asked.from).toBe(6 * 3_600_000);
    const row = box.locator('li', { hasText: '零点变动' });
    await row.waitFor();
    expect(await row.textContent()).toContain('王建国');
    await row.locator('button', { hasText: '提前结束…' }).click();
    await row.locator('textarea').fill('已修复');
    await row.locator('.act.main').click();
    await expect.poll(() => seat.platform.commands.length).toBe(2);
    expect(seat.platform.commands[1]?.command).toMatchObject({ do: 'end_correction', reason: '已修复' });
    await box.locator('li', { hasText: '已结束' }).waitFor();
    // It was a mistake after all: taken back, with a reason; then there is nothing more to do with it.
    await row.locator('button', { hasText: '撤销…' }).click();
    expect(await row.locator('form .quiet').textContent()).toContain('恢复为原报值');
    expect(await row.locator('.act.main').getAttribute('aria-disabled')).toBe('true');
    await row.locator('textarea').fill('订错了站');
    await row.locator('.act.main').click();
    await expect.poll(() => seat.platform.commands.length).toBe(3);
    expect(seat.platform.commands[2]?.command).toMatchObject({ do: 'withdraw_correction', reason: '订错了站' });
    await box.locator('li', { hasText: '已撤销' }).waitFor();
    expect(await row.locator('button').count()).toBe(0);
  });
});

describe('a gauge that is not heard', () => {
  it.each([[{}], [{ night: true }]])('names who speaks for it and why, where that one stands in the order, and is readable: %j', async (look) => {
    seat = await takeSeat({ ...look, path: `/?sel=station:${GAUGE}` });
    const stations = seat.platform.city.view.stations;
    const other = stations.find((s) => s.id !== GAUGE && s.datastreams.some((d) => d.property === 'water_level'))!;
    const ix = stations.findIndex((s) => s.id === GAUGE);
    stations[ix]!.datastreams.find((d) => d.property === 'water_level')!.fallbacks = [other.id];
    const state: StationState = {
      ...seat.platform.picture.stations[ix]!, data: 'dead',
      values: [{ property: 'water_level', t_ms: Date.now() - 60_000, v: 2.5, trust: 'reliable', origin: 'completed', source: other.id, instead: { why: 'silent', since_ms: Date.now() - 5_430_000 } }],
    };
    await seat.page.reload();
    await seat.page.waitForSelector('article.place .order');
    seat.platform.values([state]);
    const spoken = seat.page.locator('article.place .filled');
    await spoken.waitFor();
    const name = other.name.replace('(虚构)', '');
    expect(await spoken.textContent()).toContain(name);
    // And why: nothing since then; or it is heard and not believed.
    const why = seat.page.locator('article.place [data-why]');
    expect(await why.textContent()).toMatch(/本站自 .*\d{2}:\d{2} 起未报（1 小时 30 分/);
    const cdp = await seat.context.newCDPSession(seat.page);
    await cdp.send('Runtime.evaluate', { expression: AXE });
    const rules = "axe.run(document.querySelector('article.place'), { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes[0].target.join(' '))))";
    const { result } = await cdp.send('Runtime.evaluate', { expression: rules, awaitPromise: true, returnByValue: true });
    expect(JSON.parse(String(result.value))).toEqual([]);
    const say = async (more: Partial<ValueView['instead'] & object>, form: RegExp): Promise<void> => {
      const before = state.values[0]!;
      seat.platform.values([{ ...state, values: [{ ...before, instead: { why: 'silent', ...more } }] }]);
      await expect.poll(() => why.textContent()).toMatch(form);
    };
    await say({ why: 'doubtful', since_ms: Date.now() - 630_000 }, /数值可疑；最近一次可信值 .*10 ?分/);
    await say({ why: 'unreliable' }, /数值不可用；尚无可信值/);
    await say({ why: 'never' }, /从未报过/);
    expect(await seat.page.locator('article.place .order [aria-current="true"]').textContent()).toBe(name);
  });
});

describe('a gauge whose clock is wrong', () => {
  it.each([['zh', '时钟错误'], ['en', 'wrong clock']] as const)('is called that, and neither live nor silent: %s', async (language, word) => {
    seat = await takeSeat({ ...(language === 'en' ? { language } : {}), path: `/?sel=station:${GAUGE}` });
    const said = seat.page.locator('article.place > p.quiet').first();
    await said.waitFor();
    expect(await said.textContent()).not.toContain(word);
    const ix = seat.platform.city.view.stations.findIndex((s) => s.id === GAUGE);
    const before = seat.platform.picture.stations[ix]!;
    seat.platform.values([{ ...before, data: 'clock' }]);
    await expect.poll(() => said.textContent()).toContain(word);
    // The level's tag is whole beside a name of two lines.
    await seat.page.setViewportSize({ width: 1366, height: 768 });
    seat.platform.values([{ ...before, data: 'clock', level: 'yellow' }]);
    const tag = seat.page.locator('article.place h2 .tag');
    await expect.poll(() => tag.textContent()).toContain(language === 'en' ? 'Yellow' : '黄');
    await seat.page.locator('article.place h2 > span').last().evaluate((name) => (name.textContent += ' of a very long name that needs a line more'));
    expect(await tag.evaluate((t) => t.scrollWidth - t.clientWidth)).toBeLessThanOrEqual(0);
    // Its values are put back with the rest of what is not heard.
    expect(await seat.page.locator('article.place .values > li.off').count()).toBeGreaterThan(0);
    seat.platform.values([{ ...before, data: 'live' }]);
    await expect.poll(() => said.textContent()).not.toContain(word);
  });
});
