// A new agency on the real platform, from its credential to its first accepted observation with only
// what the page shows; then a refusal found, mended and sent again. Nothing is mocked, and nothing is
// known here but what stands on the screen.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { SOON, startOwn, type Own } from './own';

let own: Own;
beforeAll(async () => {
  own = await startOwn(false);
}, 120_000);
afterAll(async () => {
  await own?.close();
}, 60_000);

/** Chooses a guide and runs a command of it as it stands. */
async function asShown(page: Page, guide: string, label: string): Promise<string> {
  await page.click(`[data-guide="${guide}"]`);
  return own.shell((await page.textContent(`[data-command="${label}"]`)) ?? 'false');
}
/** Until the page itself says that so many were taken by a channel since it was opened. */
const taken = (page: Page, channel: string, least: number): Promise<unknown> =>
  page.waitForFunction(([c, n]) => {
    const shown = document.querySelector(`[data-since="${c}"]`) as HTMLElement | null;
    return Number(shown?.dataset['counts']?.split(' ')[0] ?? 0) >= n;
  }, [channel, least] as [string, number], { timeout: SOON });

describe('an agency of the city', () => {
  it('goes from its credential to its first accepted observation with only what the page shows', async () => {
    const page = await own.seat('admin', '/feeds');
    await page.click('tr[data-feed^="hydrology"] .name');
    await page.click('[data-part="keys"]');
    await page.click('[data-issue]');
    await page.waitForSelector('[data-secret]');
    await page.click('[data-part="start"]');
    await page.waitForSelector('[data-accepted="0"]');
    // First a test, which leaves nothing behind.
    await page.click('[data-test]');
    await page.waitForSelector('[data-foreseen="accepted"]', { timeout: SOON });
    await page.waitForResponse((answer) => answer.url().includes('/v1/feeds/health'));
    expect(await page.$('[data-accepted="0"]')).not.toBeNull();
    // Then in earnest, and by the other doors: what came of it stands on the page.
    expect(JSON.parse(await asShown(page, 'http', 'start.send'))).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
    await page.waitForSelector('[data-accepted="1"]', { timeout: SOON });
    expect(JSON.parse(await asShown(page, 'csv', 'start.many'))).toMatchObject({ rejected: [] });
    await page.click('[data-guide="mqtt"]');
    await page.fill('[data-value]', '2.5');
    await asShown(page, 'mqtt', 'start.send');
    await taken(page, 'mqtt', 1);
    await asShown(page, 'sl651', 'start.sl651.send');
    await taken(page, 'sl651', 1);
    expect(JSON.parse(await asShown(page, 'cap', 'start.cap.post'))).toMatchObject({ accepted: 1, status: 'exercise' });
    await page.context().close();
  }, 180_000);

  it('finds a refusal, mends it, and sends it again', async () => {
    const page = await own.seat('admin', '/feeds');
    await page.click('tr[data-feed^="hydrology"] .name');
    // A gateway with a station nobody has registered.
    await page.click('[data-part="keys"]');
    await page.click('[data-issue]');
    await page.waitForSelector('[data-secret]');
    await page.click('[data-part="start"]');
    await page.waitForSelector('[data-command="start.send"]');
    const command = (await page.textContent('[data-command="start.send"]')) ?? '';
    const station = /"station":"([^"]+)"/.exec(command)?.[1] ?? '';
    const wrong = command.replace(`"station":"${station}"`, '"station":"NOBODY-1"').replace(/"v":[\d.]+/, '"v":3.5');
    expect(JSON.parse(await own.shell(wrong))).toMatchObject({ accepted: 0, rejected: [{ reason: 'unknown_station' }] });
    await page.click('[data-part="letters"]');
    await page.click('[data-letter]', { timeout: SOON });
    // Tried as it was: it would be refused for the same, and nothing is sent or counted.
    const counts = () => page.evaluate(async () => {
      const all = (await (await fetch('/v1/feeds/health?agency=hydrology')).json()) as { feeds: Record<string, unknown>[] }[];
      return all[0]?.feeds.map((f) => [f['id'], f['accepted'], f['duplicate'], f['refused'], f['quarantined']]);
    });
    const before = await counts();
    await page.click('[data-try]');
    await page.waitForSelector('[data-would="unknown_station"]', { timeout: SOON });
    expect(await page.textContent('[data-would]')).toContain('拒收 1');
    // Tried mended: it would be taken.
    const wrongly = await page.inputValue('[data-editor]');
    await page.fill('[data-editor]', wrongly.replace('NOBODY-1', station));
    await page.click('[data-try]');
    await page.waitForSelector('[data-would="accepted"]', { timeout: SOON });
    expect(await page.$('[data-outcome]')).toBeNull();
    expect(await counts()).toEqual(before);
    await page.fill('[data-editor]', wrongly);
    // As it was it is refused again; mended it goes through.
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="open"]', { timeout: SOON });
    const raw = await page.inputValue('[data-editor]');
    expect(raw).toContain('NOBODY-1');
    await page.fill('[data-editor]', raw.replace('NOBODY-1', station));
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="replayed"]', { timeout: SOON });
    expect(await page.textContent('[data-outcome]')).toContain('接收 1');
    await page.reload();
    await page.waitForSelector('.sift');
    await page.waitForTimeout(1_000);
    expect(await page.$('[data-letter]')).toBeNull();
    await page.context().close();
  }, 180_000);
});
