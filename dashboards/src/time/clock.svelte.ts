// ONE CLOCK for every view: the platform's. Between beats it goes on by the seat's steady clock, as
// many times as fast as the platform says; a replay's clock goes only as its beats go.
import { age, date, dayTime, hhmm, hhmmss, roughAge } from './format';
import { settings } from '../ui/settings.svelte';

const TICK_MS = 250;

class Clock {
  /** The platform's time, Unix ms. */
  now = $state(Date.now());
  /** Milliseconds since anything was heard from the platform. */
  quiet = $state(0);
  /** Newest frame heard, by the platform's clock. */
  heard = $state<number | null>(null);
  /** The same by whole seconds, for the many that need no more. */
  second = $derived(Math.floor(this.now / 1000) * 1000);
  replay = $state(false);
  /** Seconds of the platform's clock in a second. */
  speed = $state(1);
  offsetS = $state(8 * 3600);
  private beatNow = 0;
  private beatSteady = 0;
  private beatAt = performance.now();
  /** Whether the platform has said its time: before that, `now` is the seat's own. */
  known = $state(false);

  /** A beat or a snapshot has come. */
  beat(nowMs: number, heardMs?: number | null): void {
    this.beatNow = nowMs;
    this.beatSteady = performance.now();
    this.known = true;
    this.listened();
    if (heardMs !== undefined) this.heard = heardMs;
    this.now = nowMs;
  }

  /** Anything has come. */
  listened(): void {
    this.beatAt = performance.now();
    this.quiet = 0;
  }

  tick(): void {
    const steady = performance.now();
    this.quiet = steady - this.beatAt;
    if (!this.known) this.now = Date.now();
    else if (!this.replay) this.now = Math.max(this.now, this.beatNow + (steady - this.beatSteady) * this.speed);
  }

  start(): () => void {
    const timer = setInterval(() => this.tick(), TICK_MS);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();

export const time = (ms: number): string => hhmm(ms, clock.offsetS);
export const timeS = (ms: number): string => hhmmss(ms, clock.offsetS);
export const day = (ms: number): string => date(ms, clock.offsetS);
/** The time, with its day where that is not today. */
export const when = (ms: number): string => dayTime(ms, clock.now, clock.offsetS);
export const roughly = (ms: number): string => roughAge(ms, settings.language);
export const lasting = (ms: number): string => age(ms, settings.language);
