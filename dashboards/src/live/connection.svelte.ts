// The seat's one live connection, wired to the browser: socket, timers, visibility, network.
import { clock } from '../time/clock.svelte';
import { picture } from '../picture/picture.svelte';
import { Link, CLOSED_SIGN_IN, CLOSED_TAKEN_OVER, type Socket } from './link';

/** Silence after which the whole link is called late. */
export const STALE_MS = 5_000;
/** A socket that broke without a word. */
const ABNORMAL = 1006;
/** How long the note about a mended hole stays. */
const NOTE_MS = 6_000;

class Connection {
  up = $state(false);
  /** Whether it has ever been up: before that it is connecting, not lost. */
  known = $state(false);
  attempt = $state(0);
  code = $state(0);
  /** A hole was found lately and mended. */
  mended = $state(false);
  stale = $derived(this.up && clock.quiet > STALE_MS);
  lost = $derived(this.known && !this.up);
  /** Called when the platform may have ended the session. */
  onDoubt: () => void = () => {};
  private link: Link | null = null;

  start(): void {
    if (this.link !== null) return;
    this.link = new Link(
      {
        connect: () => new WebSocket(address()) as Socket,
        now: () => performance.now(),
        after: (ms, then) => {
          const timer = setTimeout(then, ms);
          return () => clearTimeout(timer);
        },
        random: Math.random,
      },
      {
        snapshot: (m) => picture.snapshot(m),
        changes: (c, seq) => picture.changes(c, seq),
        values: (s) => picture.values(s),
        beat: (now, heard) => {
          clock.beat(now, heard);
          picture.measure();
        },
        state: (up, attempt, code) => this.changed(up, attempt, code),
        hole: () => this.note(),
      },
    );
    this.link.start();
    document.addEventListener('visibilitychange', this.hurry);
    window.addEventListener('online', this.hurry);
  }

  stop(): void {
    this.link?.stop();
    this.link = null;
    this.up = false;
    this.known = false;
    document.removeEventListener('visibilitychange', this.hurry);
    window.removeEventListener('online', this.hurry);
  }

  private readonly hurry = (): void => {
    if (document.visibilityState === 'visible') this.link?.hurry();
  };

  private changed(up: boolean, attempt: number, code: number): void {
    this.up = up;
    this.attempt = attempt;
    // Later attempts fail without a code: what the platform said last still holds.
    if (up || (code !== 0 && code !== ABNORMAL)) this.code = code;
    if (up) {
      this.known = true;
      clock.listened();
    } else if (code === CLOSED_SIGN_IN || code === CLOSED_TAKEN_OVER || attempt > 0) {
      this.onDoubt();
    }
  }

  private note(): void {
    this.mended = true;
    setTimeout(() => (this.mended = false), NOTE_MS);
  }
}

function address(): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/v1/live`;
}

export const connection = new Connection();
