// The live connection: hello → resumed or snapshot → deltas without holes, a beat a second.
// Everything from outside (socket, timers, chance) is a parameter, so a test drives it by hand.
import type { Change, Hello, ServerMessage, Snapshot } from '../contract/types';
import type { StationState } from '../contract/types';
import { waitBefore } from './backoff';

/** Silence after which a socket that claims to be open is given up, milliseconds. */
export const GIVE_UP_MS = 15_000;

/** Close codes the platform gives a meaning to. */
export const CLOSED_SIGN_IN = 4401;
export const CLOSED_TAKEN_OVER = 4409;
export const CLOSED_RESTART = 1012;

export interface Socket {
  onopen: ((e: Event) => void) | null;
  onclose: ((e: CloseEvent) => void) | null;
  onmessage: ((e: MessageEvent) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface Outside {
  connect(): Socket;
  /** Milliseconds that never go back. */
  now(): number;
  after(ms: number, then: () => void): () => void;
  random(): number;
}

export interface Listener {
  snapshot(message: Snapshot): void;
  changes(changes: Change[], seq: number): void;
  values(stations: StationState[]): void;
  beat(nowMs: number, heardMs: number | null): void;
  /** `up`: messages flow; `down`: closed, with the code; attempts made so far. */
  state(up: boolean, attempt: number, code: number): void;
  /** A hole was found and a resume asked for. */
  hole(expected: number, got: number): void;
}

export class Link {
  epoch: string | undefined;
  last = 0;
  private socket: Socket | null = null;
  private attempt = 0;
  private heard = 0;
  private cancelWait: (() => void) | null = null;
  private cancelWatch: (() => void) | null = null;
  private asking = false;
  private stopped = false;

  private readonly outside: Outside;
  private readonly listener: Listener;

  constructor(outside: Outside, listener: Listener) {
    this.outside = outside;
    this.listener = listener;
  }

  start(): void {
    this.stopped = false;
    this.open();
  }

  stop(): void {
    this.stopped = true;
    this.cancelWait?.();
    this.drop();
  }

  /** The tab became visible or the network came back: do not wait out the pause. */
  hurry(): void {
    if (this.stopped) return;
    if (this.socket === null) this.open();
    else if (this.outside.now() - this.heard > 3_000) this.lose(0);
  }

  private open(): void {
    this.cancelWait?.();
    this.cancelWait = null;
    const socket = this.outside.connect();
    this.socket = socket;
    this.heard = this.outside.now();
    socket.onopen = () => this.hello();
    socket.onmessage = (e) => this.take(e.data);
    socket.onclose = (e) => {
      if (this.socket === socket) this.lose(e.code);
    };
    this.watch();
  }

  private hello(): void {
    const hello: Hello = { type: 'hello', last: this.last };
    if (this.epoch !== undefined) hello.epoch = this.epoch;
    this.asking = true;
    this.socket?.send(JSON.stringify(hello));
  }

  private watch(): void {
    this.cancelWatch?.();
    this.cancelWatch = this.outside.after(1_000, () => {
      if (this.outside.now() - this.heard > GIVE_UP_MS) this.lose(0);
      else this.watch();
    });
  }

  private drop(): void {
    this.cancelWatch?.();
    this.cancelWatch = null;
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private lose(code: number): void {
    this.drop();
    this.listener.state(false, this.attempt, code);
    if (this.stopped) return;
    const wait = waitBefore(this.attempt, this.outside.random());
    this.attempt += 1;
    this.cancelWait = this.outside.after(wait, () => this.open());
  }

  private take(raw: unknown): void {
    this.heard = this.outside.now();
    let message: ServerMessage;
    try {
      message = JSON.parse(String(raw)) as ServerMessage;
    } catch {
      return; // Not ours; the beat will show whether anything was lost.
    }
    switch (message.type) {
      case 'snapshot':
        this.epoch = message.epoch;
        this.last = message.seq;
        this.asking = false;
        this.listener.snapshot(message);
        return this.flowing();
      case 'resumed':
        this.epoch = message.epoch;
        this.asking = false;
        return this.flowing();
      case 'delta':
        return this.delta(message.seq, message.changes);
      case 'beat':
        this.listener.beat(message.now_ms, message.heard_ms ?? null);
        if (message.seq > this.last && !this.asking) this.resync(this.last + 1, message.seq);
        return;
      case 'values':
        return this.listener.values(message.stations);
    }
  }

  private flowing(): void {
    this.attempt = 0;
    this.listener.state(true, 0, 0);
  }

  private delta(seq: number, changes: Change[]): void {
    if (seq <= this.last) return;
    if (seq === this.last + 1) {
      this.last = seq;
      this.listener.changes(changes, seq);
    } else if (!this.asking) {
      this.resync(this.last + 1, seq);
    }
  }

  private resync(expected: number, got: number): void {
    this.listener.hole(expected, got);
    this.hello();
  }
}
