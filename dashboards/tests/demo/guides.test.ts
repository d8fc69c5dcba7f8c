// Every guide of every protocol, as its page shows it to the agency it is for: each command is run as it
// stands, against a real platform, and what became of it is read from the platform's own counts.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../browser/english';
import { BIN, SOON, startOwn, type Own } from './own';

interface Shown {
  label: string;
  kind: string;
  file: string | null;
  text: string;
}
interface Counts {
  good: number;
  bad: number;
}
/** Commands that ask and send nothing. */
const ASKS = new Set(['start.read', 'start.back', 'start.sl651.test', 'start.tls.request', 'start.tls.sign', 'start.cot.p12']);
const AGENCIES = ['weather', 'hydrology', 'health', 'rescue'];

let own: Own;

async function counts(page: Page, agency: string): Promise<Counts> {
  return page.evaluate(async (of) => {
    const all = (await (await fetch(`/v1/feeds/health?agency=${of}`)).json()) as { feeds: Record<string, number>[] }[];
    const sum = (...names: string[]): number => (all[0]?.feeds ?? []).reduce((n, f) => n + names.reduce((m, name) => m + (f[name] ?? 0), 0), 0);
    return { good: sum('accepted', 'duplicate'), bad: sum('refused', 'quarantined') };
  }, agency);
}
/** Waits until the platform's counts say so. */
async function until(page: Page, agency: string, so: (now: Counts) => boolean, what: string): Promise<void> {
  const late = Date.now() + 15_000;
  for (;;) {
    const now = await counts(page, agency);
    if (so(now)) return;
    if (Date.now() > late) throw new Error(`${what}: ${JSON.stringify(now)}`);
    await page.waitForTimeout(100);
  }
}
async function told(said: () => string, form: RegExp, what: string): Promise<void> {
  const late = Date.now() + 15_000;
  while (!form.test(said())) {
    if (Date.now() > late) throw new Error(`${what}: ${said()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Lines for a file of the city: the city with them is still a city. */
async function written(file: string, text: string): Promise<void> {
  const copy = join(own.folder, 'copy');
  cpSync(own.city, copy, { recursive: true });
  const path = join(copy, file);
  mkdirSync(dirname(path), { recursive: true });
  if (file === 'agencies.toml') {
    const [, id, line] = /id = "(\w+)"\n(.*)/.exec(text) ?? [];
    writeFileSync(path, readFileSync(path, 'utf8').replace(`id = "${id}"`, `id = "${id}"\n${line}`));
  } else if (['stations.csv', 'units.csv'].includes(file)) {
    // What refers to the rows that are there stays: the new row goes beside them, by its own header.
    const before = readFileSync(path, 'utf8').split('\n').find((l) => l.startsWith('id,')) ?? '';
    const [header, row] = text.split('\n').map((l) => l.split(','));
    writeFileSync(path, `${readFileSync(path, 'utf8').trimEnd()}\n${before.split(',').map((name) => row?.[header?.indexOf(name) ?? -1] ?? '').join(',')}\n`);
  } else writeFileSync(path, `${text}\n`);
  const said = await own.shell(`'${join(BIN, 'fenghuo')}' check --city '${copy}' 2>&1; echo "ended $?"`);
  expect(said, `${file}\n${text}`).toMatch(/ended 0\n$/);
}

async function runs(page: Page, agency: string, guide: string, all: readonly Shown[]): Promise<void> {
  for (const c of all) {
    const what = `${agency} ${guide} ${c.label}\n${c.text}`;
    if (c.kind === 'text') continue;
    if (c.kind === 'file') {
      await written(c.file ?? '', c.text);
      continue;
    }
    const before = await counts(page, agency);
    if (c.kind === 'waits') {
      const listening = own.listening(c.text);
      const wrong = all[0]!.text;
      const sends = c.label === 'start.listen' ? wrong.replace(/"station":"[^"]+"/, '"station":"NOBODY-1"') : all.find((o) => o.label === 'start.over.mqtt')!.text.replace(/"result":[\d.]+/, '"result":2.25');
      // Sent again until it is heard: a subscription takes a moment.
      await own.shell(sends);
      const again = setInterval(() => void own.shell(sends.replace('2.25', (2 + Math.random()).toFixed(3))).catch(() => undefined), 1_000);
      await told(listening.said, c.label === 'start.listen' ? /unknown_station/ : /"result":2/, what).finally(() => (clearInterval(again), listening.end()));
      continue;
    }
    const said = await own.shell(c.text);
    if (c.label === 'start.sl651.test') expect(said.trim(), what).toMatch(/^7e 7e .* 04( [0-9a-f]{2}){2}$/s);
    else if (ASKS.has(c.label)) expect(said, what).not.toContain('"reason"');
    else {
      expect(said, what).not.toMatch(/"reason"|"error"|rejected":\[\{/);
      await until(page, agency, (now) => now.good > before.good, what);
      expect((await counts(page, agency)).bad, what).toBe(before.bad);
    }
  }
}

/** Issues a credential by the page: the agency's own, or a unit's. */
async function issued(page: Page, agency: string, whose: string | null): Promise<void> {
  await page.click('[data-part="keys"]');
  if ((await page.$('[data-whose]')) !== null) await page.selectOption('[data-whose]', whose ?? '');
  await page.click('[data-issue]');
  await page.waitForFunction((user) => document.querySelector('[data-user]')?.textContent === user, whose ?? agency, { timeout: SOON });
}

const shown = (page: Page): Promise<Shown[]> => page.$$eval('[data-command]', (all) => all.map((e) => {
  const d = (e as HTMLElement).dataset;
  return { label: d['command'] ?? '', kind: d['kind'] ?? '', file: d['file'] ?? null, text: e.textContent ?? '' };
}));

describe.each([['plain', false], ['by TLS', true]] as [string, boolean][])('the guides of a platform %s', (_, tls) => {
  beforeAll(async () => {
    own = await startOwn(tls);
  }, 120_000);
  afterAll(async () => {
    await own?.close();
  }, 60_000);

  it('each work as they stand, every protocol by the agency it is for', async () => {
    const [followed, every] = [new Set<string>(), new Set<string>()];
    for (const agency of AGENCIES) {
      const page = await own.seat('admin', `/feeds?agency=${agency}&part=keys`);
      if (agency === 'rescue') {
        await page.waitForSelector('[data-whose]');
        await issued(page, agency, 'boat-01');
      }
      await issued(page, agency, null);
      await page.click('[data-part="start"]');
      await page.waitForSelector('[data-guide]', { timeout: SOON });
      for (const guide of await page.$$eval('[data-guide]', (all) => all.map((e) => (e as HTMLElement).dataset['guide'] ?? ''))) {
        every.add(guide);
        if (followed.has(guide)) continue;
        await page.click(`[data-guide="${guide}"]`);
        expect(await english(page), `${agency} ${guide}`).toEqual([]);
        if ((await page.$('[data-wanting]')) !== null) continue;
        // A test first: it says that it would be taken, and leaves nothing behind.
        const before = await counts(page, agency);
        for (const button of await page.$$('[data-test]')) {
          await button.click();
          const foreseen = await page.waitForSelector('[data-foreseen]', { timeout: SOON });
          expect(await foreseen.getAttribute('data-foreseen'), `${agency} ${guide}`).toMatch(/^(accepted|duplicate)$/);
        }
        expect(await counts(page, agency)).toEqual(before);
        const all = await shown(page);
        await runs(page, agency, guide, all);
        // What an agency has still to register is no guide that was followed.
        if (all.some((c) => c.kind === 'run') || guide === 'cameras') followed.add(guide);
      }
      await page.waitForSelector('[data-since]', { timeout: SOON });
      await page.context().close();
    }
    expect([...every].filter((guide) => !followed.has(guide))).toEqual([]);
    for (const guide of ['mqtts', 'sl651s', 'cots']) expect(every.has(guide), guide).toBe(tls);
    expect(every.size).toBeGreaterThanOrEqual(24);
  }, 400_000);
});
