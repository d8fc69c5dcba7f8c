// A seat for tests: the system's Chromium, a fresh profile, the mock behind it, and an eye on every
// request and every line of the browser's console.
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { MockPlatform, type Options } from '../mock/platform';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-3d-apis', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export interface Heard {
  at: number;
  frequency: number;
}

export interface Seat {
  platform: MockPlatform;
  page: Page;
  context: BrowserContext;
  /** Requests to anywhere but the platform. */
  foreign: string[];
  /** Errors on the browser's console, policy breaches among them. */
  complaints: string[];
  close(): Promise<void>;
}

let browser: Browser | null = null;

export async function openBrowser(): Promise<void> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = null;
}

export interface SeatOptions extends Options {
  path?: string;
  night?: boolean;
  language?: 'zh' | 'en';
  size?: { width: number; height: number };
  platform?: MockPlatform;
}

export async function takeSeat(options: SeatOptions = {}): Promise<Seat> {
  if (browser === null) throw new Error('the browser is not open');
  const own = options.platform === undefined;
  const platform = options.platform ?? new MockPlatform(options);
  if (own) await platform.listen();
  const context = await browser.newContext({ viewport: options.size ?? { width: 1920, height: 1080 } });
  const kept = JSON.stringify({ night: options.night ?? false, language: options.language ?? 'zh', shortcuts: true });
  await context.addInitScript((seat) => {
    if (localStorage.getItem('fenghuo.seat') === null) localStorage.setItem('fenghuo.seat', seat);
  }, kept);
  const page = await context.newPage();
  const foreign: string[] = [];
  const complaints: string[] = [];
  page.on('request', (r) => {
    if (!r.url().startsWith(platform.url) && !/^(data|blob):/.test(r.url())) foreign.push(r.url());
  });
  page.on('console', (m) => {
    if (m.type() === 'error') complaints.push(m.text());
  });
  page.on('pageerror', (e) => complaints.push(e.message));
  await page.goto(platform.url + (options.path ?? '/'));
  if (options.signedIn !== false && !options.path?.startsWith('/setup')) await page.waitForSelector('[data-state="live"], [data-state="replay"]');
  return {
    platform, page, context, foreign, complaints,
    close: async () => {
      await context.close();
      if (own) await platform.close();
    },
  };
}

/** Waits until `ask` in the page is true; functions only, for the policy allows no eval of text. */
export async function until<A>(page: Page, ask: (a: A) => boolean, a: A, within = 10_000): Promise<void> {
  await page.waitForFunction(ask as never, a as never, { timeout: within, polling: 10 });
}

export const rowIds = (page: Page): Promise<string[]> =>
  page.$$eval('[data-alert]', (rows) => rows.map((r) => (r as HTMLElement).dataset['alert'] ?? ''));

export const selectedId = (page: Page): Promise<string | null> =>
  page.evaluate(() => new URLSearchParams(location.search).get('sel')?.replace(/^alert:/, '') ?? null);
