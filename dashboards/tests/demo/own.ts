// A platform of one's own for a test: the example city of `fenghuo init`, with the doors of telemetry
// and Cursor-on-Target open, plain or by TLS.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const BIN = process.env['FENGHUO_BIN'] ?? join(ROOT, 'target/debug');
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const PASSWORD = 'correct horse battery';
export const SOON = 60_000;
const run = promisify(execFile);

export interface Own {
  url: string;
  folder: string;
  city: string;
  browser: Browser;
  /** Runs a command as an agency's clerk would: in a folder of its own, with the platform's programs. */
  shell(command: string): Promise<string>;
  /** Starts one that goes on; what it has said so far, and its end. */
  listening(command: string): { said: () => string; end: () => void };
  seat(user: string, path: string): Promise<Page>;
  close(): Promise<void>;
}

/** Everything the platform says until it serves. */
function serving(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${text}`)));
    child.stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (/^ready .*\n/m.test(text)) done(text);
    });
  });
}

/** What the example city leaves to its administrator: a telemetry station's address. */
function registered(city: string): void {
  const file = join(city, 'stations.csv');
  const row = (line: string): string =>
    line === '' || line.startsWith('#') ? line : `${line},${line.startsWith('id,') ? 'sl651' : line.startsWith('WH-003,') ? '0044070301' : ''}`;
  writeFileSync(file, readFileSync(file, 'utf8').split('\n').map(row).join('\n'));
}

export async function startOwn(tls: boolean): Promise<Own> {
  const folder = mkdtempSync(join(tmpdir(), 'fenghuo-own-'));
  const [city, data] = [join(folder, 'city'), join(folder, 'data')];
  await run(join(BIN, 'fenghuo'), ['init', city]);
  registered(city);
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  if (tls) {
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert]);
    chmodSync(key, 0o600);
    // The city's authority of clients: it signs what agencies ask for.
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=Clients of the example city', '-keyout', join(folder, 'ca.key'), '-out', join(folder, 'ca.pem')]);
  }
  const any = '127.0.0.1:0';
  const platform = spawn(join(BIN, 'fenghuo'), [
    'serve', '--city', city, '--data', data, '--http', any, '--mqtt', any, '--sl651', any, '--cot', any,
    ...(tls ? ['--tls-cert', cert, '--tls-key', key, '--mqtt-tls', any, '--tls-client-ca', join(folder, 'ca.pem'), '--sl651-tls', any, '--cot-tls', any] : []), '--console', join(ROOT, 'dashboards/dist'),
  ], { stdio: ['ignore', 'pipe', 'ignore'] });
  const said = await serving(platform);
  const url = /http=(\S+)/.exec(said)?.[1] ?? '';
  const code = /setup\?code=(\S+)/.exec(said)?.[1] ?? '';
  // The certificate is trusted as an authority's of this machine would be.
  const trust = tls ? { CURL_CA_BUNDLE: cert, SSL_CERT_FILE: cert } : {};
  const env = { ...process.env, ...trust, PATH: `${BIN}:${process.env['PATH'] ?? ''}` };
  await run('curl', ['-sS', '-f', `${url}/v1/setup`, '-H', 'Content-Type: application/json', '-d', JSON.stringify({ code, user: 'admin', password: PASSWORD })], { env });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-3d-apis', '--no-first-run', '--disable-background-networking'] });
  return {
    url, folder, city, browser,
    shell: async (command) => (await run('sh', ['-c', command], { timeout: 20_000, cwd: folder, env })).stdout,
    listening: (command) => {
      const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
      let text = '';
      child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
      return { said: () => text, end: () => void child.kill('SIGTERM') };
    },
    seat: async (user, path) => {
      const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, ignoreHTTPSErrors: true });
      const page = await context.newPage();
      await page.goto(`${url}${path}`);
      await page.fill('input[name="user"]', user);
      await page.fill('input[type="password"]', PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForSelector('tr[data-feed]', { timeout: SOON });
      return page;
    },
    close: async () => {
      await browser.close();
      if (platform.exitCode === null) {
        const over = new Promise((done) => platform.once('exit', done));
        platform.kill('SIGTERM');
        await over;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
