// The running demonstration, as a user starts it: the built platform over Jiangmen on free ports,
// the drill beside it, and a line between browser and platform that a test can cut.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const BIN = process.env['FENGHUO_BIN'] ?? join(ROOT, 'target/debug');
const CITY = join(ROOT, 'simulators/cities/jiangmen');
const SCENARIO = join(ROOT, 'simulators/scenarios/typhoon-ronglan.toml');
const READY_WITHIN_MS = 60_000;

/** Forwards to the platform until it is told to cut everything. */
export class Line {
  private open = new Set<Socket>();
  private server: Server;
  cut = false;
  url = '';

  constructor(private port: number) {
    this.server = createServer((near) => {
      if (this.cut) return void near.destroy();
      const far = connect(this.port, '127.0.0.1');
      for (const s of [near, far]) {
        this.open.add(s);
        s.on('close', () => (this.open.delete(s), near.destroy(), far.destroy()));
        s.on('error', () => s.destroy());
      }
      near.pipe(far).pipe(near);
    });
  }
  listen(): Promise<void> {
    return new Promise((done) => this.server.listen(0, '127.0.0.1', () => {
      const at = this.server.address();
      this.url = `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`;
      done();
    }));
  }
  drop(): void {
    this.cut = true;
    for (const s of this.open) s.destroy();
  }
  close(): void {
    this.drop();
    this.server.close();
  }
}

export interface Demo {
  line: Line;
  user: string;
  password: string;
  close(): Promise<void>;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });
}

/** Reads a child's output until a line begins with `word`; gives all lines up to it. */
function said(child: ChildProcess, word: string): Promise<string[]> {
  return new Promise((done, fail) => {
    let text = '';
    const late = setTimeout(() => fail(new Error(`no ${word} within ${READY_WITHIN_MS} ms: ${text}`)), READY_WITHIN_MS);
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${text}`)));
    child.stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const lines = text.split('\n');
      if (!lines.slice(0, -1).some((l) => l.startsWith(word))) return;
      clearTimeout(late);
      done(lines);
    });
  });
}

export async function startDemo(speed: number, start: string): Promise<Demo> {
  const data = mkdtempSync(join(tmpdir(), 'fenghuo-demo-'));
  const serve = spawn(join(BIN, 'fenghuo'), [
    'serve', '--demo', '--clock', `scaled:now@${speed}`, '--city', CITY, '--data', data,
    '--http', '127.0.0.1:0', '--mqtt', '127.0.0.1:0', '--console', join(ROOT, 'dashboards/dist'),
  ], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = await said(serve, 'ready ');
  const text = lines.join(' ');
  const field = (name: string) => new RegExp(`${name}=(\\S+)`).exec(text)?.[1] ?? '';
  const port = Number(new URL(field('http')).port);
  const drill = spawn(join(BIN, 'fenghuo-sim'), [
    'drill', '--scenario', SCENARIO, '--city', CITY, '--mqtt', field('mqtt').replace('mqtt://', ''),
    '--http', field('http'), '--credentials', join(data, 'credentials.toml'),
    '--start', start, '--seed', '7',
  ], { stdio: 'ignore' });
  const line = new Line(port);
  await line.listen();
  return {
    line, user: 'demo-commander', password: field('password'),
    close: async () => {
      line.close();
      await ended(drill);
      await ended(serve);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
