// A platform for the console's tests and for work on its looks: serves dist/ under the strict policy
// and speaks the contract, with a situation made from a seed. It judges nothing; it is not the engine.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Change, CommandRequest, PictureView, ServerMessage } from '../../src/contract/types';
import type { AlertView, SessionView, StationState } from '../../src/contract/types';
import { apply, fromSnapshot } from '../../src/picture/rows';
import { camerasNear } from './cameras';
import { readCity, type City } from './city';
import { MockDesk } from './desk';
import { cases } from './cases';
import { catalogue, exchange } from './catalogue';
import { MockFeeds } from './feeds';
import { detailOf, forecastsOf } from './drawn';
import { series, type End } from './series';
import { makeSituation } from './situation';
import { whole } from './wards';

const DIST = resolve(import.meta.dirname, '../../dist');
export const POLICY = "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
};
const RING = 256;

export interface Options {
  seed?: string;
  clock?: 'live' | 'replay';
  speed?: number;
  status?: 'actual' | 'exercise';
  role?: string;
  /** Whether somebody is signed in from the start. */
  signedIn?: boolean;
  port?: number;
}

export class MockPlatform {
  readonly city: City;
  picture: PictureView;
  readonly ends: Map<string, End>;
  readonly commands: CommandRequest[] = [];
  epoch = 'e1';
  seq = 0;
  /** Says nothing, though sockets stay open. */
  silent = false;
  /** Turns new sockets away. */
  closed = false;
  /** Milliseconds before a command is answered. */
  slow = 0;
  url = '';
  private readonly desk: MockDesk;
  readonly feeds: MockFeeds;
  private readonly options: Required<Omit<Options, 'port'>> & { port: number };
  private readonly ring: { seq: number; changes: Change[] }[] = [];
  private readonly sockets = new Set<WebSocket>();
  private server: Server | null = null;
  private beatTimer: ReturnType<typeof setInterval> | null = null;
  private signedIn: boolean;

  constructor(options: Options = {}) {
    this.options = { seed: 'feng', clock: 'live', speed: 1, status: 'actual', role: 'commander', signedIn: true, port: 0, ...options };
    this.signedIn = this.options.signedIn;
    this.city = readCity();
    const situation = makeSituation(this.city, this.options.seed, Date.now());
    this.picture = situation.picture;
    this.ends = situation.ends;
    this.desk = new MockDesk(this);
    this.feeds = new MockFeeds(this);
  }

  async listen(): Promise<string> {
    const server = createServer((q, a) => void this.answer(q, a));
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.on('upgrade', (q, socket, head) => {
      if (this.closed || !this.signedIn || !q.url?.startsWith('/v1/live')) return void socket.destroy();
      sockets.handleUpgrade(q, socket, head, (ws) => this.joined(ws));
    });
    await new Promise<void>((done) => server.listen(this.options.port, '127.0.0.1', done));
    this.server = server;
    this.beatTimer = setInterval(() => this.beat(), 1000);
    const address = server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    return this.url;
  }

  async close(): Promise<void> {
    if (this.beatTimer !== null) clearInterval(this.beatTimer);
    for (const s of this.sockets) s.terminate();
    this.server?.closeAllConnections();
    await new Promise<void>((done) => (this.server === null ? done() : this.server.close(() => done())));
  }

  who(): SessionView {
    const all = ['acknowledge', 'take_back_acknowledgement', 'shelve', 'unshelve', 'open_incident', 'note_incident', 'dispatch', 'cancel_task', 'correct', 'end_correction', 'withdraw_correction', ...(this.options.role === 'commander' ? ['start_plan', 'close_incident', 'shelve_red'] : [])];
    const agency = this.options.role === 'agency' ? { agency: 'drainage' } : {};
    return { user: '王建国', ...agency, role: this.options.role, may: this.options.role === 'auditor' ? [] : all, expires_ms: Date.now() + 3_600_000 };
  }

  // ---- the live connection -------------------------------------------------------------------
  private joined(ws: WebSocket): void {
    this.sockets.add(ws);
    ws.on('close', () => this.sockets.delete(ws));
    ws.on('message', (raw) => {
      const hello = JSON.parse(String(raw)) as { epoch?: string; last: number };
      if (this.silent) return;
      const oldest = this.ring[0]?.seq ?? this.seq + 1;
      if (hello.epoch === this.epoch && hello.last <= this.seq && hello.last + 1 >= oldest) {
        const missed = this.ring.filter((d) => d.seq > hello.last);
        this.tell(ws, { type: 'resumed', epoch: this.epoch, missed: missed.length });
        for (const d of missed) this.tell(ws, { type: 'delta', ...d });
      } else {
        this.tell(ws, { type: 'snapshot', epoch: this.epoch, seq: this.seq, now_ms: Date.now(), clock: this.options.clock, speed: this.options.speed, status: this.options.status, picture: this.picture });
      }
      this.beatTo(ws);
    });
  }

  private tell(ws: WebSocket, message: ServerMessage): void {
    if (!this.silent && ws.readyState === ws.OPEN) ws.send(JSON.stringify(message));
  }

  private beatTo(ws: WebSocket): void {
    this.tell(ws, { type: 'beat', seq: this.seq, now_ms: Date.now(), heard_ms: Date.now() - 400 });
  }

  beat(): void {
    for (const ws of this.sockets) this.beatTo(ws);
  }

  /** Applies changes and tells everybody; `lost`: nobody hears of it, as if the network ate it. */
  push(changes: Change[], lost = false): void {
    this.seq += 1;
    const rows = apply(fromSnapshot(this.picture), changes);
    this.picture = {
      ...this.picture, alerts: [...rows.alerts.values()], zones: [...rows.zones.values()], incidents: [...rows.incidents.values()],
      tasks: [...rows.tasks.values()], units: [...rows.units.values()], hospitals: [...rows.hospitals.values()], feeds: [...rows.feeds.values()],
      signals: [...rows.signals.values()], notices: [...rows.notices.values()], record: rows.record, log: [...rows.log],
    };
    const delta = { seq: this.seq, changes };
    this.ring.push(delta);
    if (this.ring.length > RING) this.ring.shift();
    if (!lost) for (const ws of this.sockets) this.tell(ws, { type: 'delta', ...delta });
  }

  values(stations: StationState[]): void {
    for (const s of stations) this.picture.stations[s.ix] = s;
    for (const ws of this.sockets) this.tell(ws, { type: 'values', stations });
  }

  drop(code?: number): void {
    for (const ws of this.sockets) code === undefined ? ws.terminate() : ws.close(code);
  }

  endSession(): void {
    this.signedIn = false;
    this.drop(4401);
  }

  get connections(): number {
    return this.sockets.size;
  }

  alert(id: string): AlertView | undefined {
    return this.picture.alerts.find((a) => a.id === id);
  }

  // ---- requests ------------------------------------------------------------------------------
  private async answer(q: IncomingMessage, a: ServerResponse): Promise<void> {
    const url = new URL(q.url ?? '/', 'http://x');
    a.setHeader('content-security-policy', POLICY);
    a.setHeader('x-content-type-options', 'nosniff');
    if (!url.pathname.startsWith('/v1/')) return this.file(url.pathname, a);
    const body = await text(q);
    const json = (value: unknown, status = 200): void => {
      a.writeHead(status, { 'content-type': 'application/json' });
      a.end(JSON.stringify(value));
    };
    const refuse = (reason: string, status: number, detail = '', terms: Record<string, string> = {}): void => json({ reason, detail, terms }, status);
    if (url.pathname === '/v1/session' && q.method === 'POST') {
      const who = JSON.parse(body) as { password: string };
      if (who.password === 'wrong') return refuse('unauthenticated', 401, 'wrong name or password');
      this.signedIn = true;
      return json(this.who());
    }
    if (url.pathname === '/v1/setup') {
      const asked = JSON.parse(body) as { code: string };
      if (asked.code !== 'good') return refuse('forbidden', 403, 'the code has been used');
      this.signedIn = true;
      return json(this.who());
    }
    if (!this.signedIn) return refuse('unauthenticated', 401);
    if (url.pathname === '/v1/session') {
      if (q.method === 'DELETE') this.signedIn = false;
      return q.method === 'DELETE' ? void a.writeHead(204).end() : json(this.who());
    }
    if (url.pathname === '/v1/city') return json(this.city.view);
    if (url.pathname === '/v1/zones.geojson') return void a.end(this.city.zonesText);
    if (url.pathname === '/v1/map/rivers.geojson') return void a.end(this.city.riversText);
    const own = this.options.role === 'agency' ? 'drainage' : url.searchParams.get('agency');
    if (url.pathname === '/v1/situations') return json(this.picture.situations ?? []);
    if (url.pathname === '/v1/cases') return json(cases(Date.now(), url.searchParams));
    if (url.pathname === '/v1/corrections') return json(this.desk.corrections.list(Date.now()));
    if (url.pathname === '/v1/clock') return json({ now_ms: Date.now(), clock: 'live', speed: 1 });
    if (url.pathname === '/v1/feeds/health') return json(this.feeds.health(own));
    if (url.pathname === '/v1/feeds/datastreams') return json(this.feeds.streams(own ?? ''));
    if (url.pathname === '/v1/feeds/start') return json(this.feeds.start(url.searchParams.get('agency') ?? 'drainage'));
    if (url.pathname === '/v1/catalogue') return json(catalogue(this.feeds.health(null), own));
    if (url.pathname === '/v1/exchange') return json(exchange());
    if (url.pathname === '/v1/rejections') {
      const asked = (name: string): string => url.searchParams.get(name) ?? '';
      return json(this.feeds.all(this.desk.rejections()).filter((r) =>
        (own === null || own === '' || r.agency === own) && (asked('state') === '' || r.state === asked('state')) && (asked('reason') === '' || r.reason === asked('reason'))));
    }
    const letter = /^\/v1\/rejections\/(\d+)\/replay$/.exec(url.pathname);
    if (letter !== null) {
      const asked = JSON.parse(body) as { dry_run?: boolean };
      const done = this.feeds.replay(Number(letter[1]), 'body' in asked, asked.dry_run === true);
      return done === null ? refuse('not_found', 404) : json(done);
    }
    const keys = /^\/v1\/agencies\/([^/]+)\/credentials$/.exec(url.pathname);
    if (keys !== null) {
      if (q.method === 'POST') return json(this.feeds.issue(keys[1] ?? '', (JSON.parse(body) as { label: string }).label));
      return json(this.feeds.keys.get(keys[1] ?? '') ?? []);
    }
    if (url.pathname === '/v1/observations') {
      const [first] = JSON.parse(body) as { v: number }[];
      const bad = (first?.v ?? 0) > 1000;
      return json({ accepted: bad ? 0 : 1, duplicate: 0, rejected: bad ? [{ index: 0, reason: 'out_of_range', detail: '5000 m is outside -10 to 100 m' }] : [], dry_run: true });
    }
    if (url.pathname === '/v1/commands') {
      const asked = JSON.parse(body) as CommandRequest;
      this.commands.push(asked);
      if (this.slow > 0) await new Promise((done) => setTimeout(done, this.slow));
      const had = this.picture.log.length;
      const refusal = this.desk.act(asked.command);
      return refusal === null ? json({ events: this.picture.log.slice(had) }) : refuse(refusal[0], 409, refusal[1], refusal[2]);
    }
    const part = url.pathname.split('/');
    const id = decodeURIComponent(part[3] ?? '');
    if (part[2] === 'situations') {
      const row = this.picture.situations?.find((s) => s.id === id);
      return row === undefined ? refuse('not_found', 404) : json(detailOf(row));
    }
    if (part[2] === 'stations' && part[4] === 'forecasts') return json(forecastsOf(id));
    if (part[2] === 'stations' && part[4] === 'series') {
      const station = this.city.view.stations.find((s) => s.id === id);
      const property = url.searchParams.get('property') ?? '';
      if (station === undefined) return refuse('not_found', 404);
      const end = this.ends.get(`${id}/${property}`) ?? { value: 1 };
      return json(series(station, property, Number(url.searchParams.get('from')), Number(url.searchParams.get('to')), Date.now(), end, this.city.thresholds));
    }
    if (part[2] === 'alerts' && part[4] === 'explanation') {
      const why = this.desk.explain(id);
      return why === null ? refuse('not_found', 404) : json(why);
    }
    if (part[2] === 'hospitals') {
      const row = this.picture.hospitals.find((h) => h.id === id);
      return row === undefined ? refuse('not_found', 404) : json(whole(row, Date.now()));
    }
    if (part[2] === 'alerts' && part[4] === 'cameras') {
      const place = this.picture.alerts.find((x) => x.id === id)?.place;
      return place === undefined ? refuse('not_found', 404) : json(camerasNear(this.city, place));
    }
    refuse('not_found', 404);
  }

  private file(path: string, a: ServerResponse): void {
    const name = extname(path) === '' ? 'index.html' : path.slice(1);
    const file = join(DIST, name);
    if (!file.startsWith(DIST) || !existsSync(file)) return void a.writeHead(404).end();
    a.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    a.end(readFileSync(file));
  }
}

async function text(q: IncomingMessage): Promise<string> {
  let all = '';
  for await (const part of q) all += String(part);
  return all;
}
