// The seat's alarm: whether the browser lets it sound, the mute with its countdown, and the clockwork
// that asks the schedule twice a second.
import { connection } from '../live/connection.svelte';
import { picture } from '../picture/picture.svelte';
import { clock } from '../time/clock.svelte';
import { MUTE_MS, Schedule, type Sound } from './schedule';
import { play } from './tones';

const ASK_MS = 500;

class Alarm {
  /** The browser's own word: `running`, or why nothing can be heard. */
  state = $state<string>('none');
  /** Milliseconds of mute left. */
  muteLeft = $state(0);
  private context: AudioContext | null = null;
  private readonly schedule = new Schedule();
  private mutedUntil = 0;
  private wasLost = false;
  private timer: ReturnType<typeof setInterval> | null = null;

  get running(): boolean {
    return this.state === 'running';
  }

  start(): void {
    this.open();
    this.timer ??= setInterval(() => this.ask(), ASK_MS);
    // Any gesture will do where the browser wants one; the header's button is the one it names.
    for (const gesture of ['pointerdown', 'keydown'] as const) {
      document.addEventListener(gesture, this.gesture, { passive: true });
    }
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    for (const gesture of ['pointerdown', 'keydown'] as const) document.removeEventListener(gesture, this.gesture);
  }

  private readonly gesture = (e: Event): void => {
    // The sound button wakes it itself: woken here, its click would find it running and mute it.
    if (!(e.target as Element | null)?.closest?.('[data-sound]')) this.wake();
  };

  private open(): void {
    if (this.context !== null || typeof AudioContext === 'undefined') return;
    this.context = new AudioContext();
    this.context.onstatechange = () => this.look();
    this.look();
  }

  private look(): void {
    this.state = this.context?.state ?? 'none';
  }

  private wake(): void {
    this.open();
    if (this.context !== null && this.context.state !== 'running') {
      void this.context.resume().then(() => this.look(), () => this.look());
    }
  }

  /** The test tone at the start of a shift; also the gesture that browsers want. */
  async test(): Promise<void> {
    this.open();
    try {
      await this.context?.resume();
    } catch {
      // Said by the state in the header.
    }
    this.look();
    this.sound('test');
  }

  mute(): void {
    this.mutedUntil = this.muteLeft > 0 ? 0 : performance.now() + MUTE_MS;
    this.muteLeft = Math.max(0, this.mutedUntil - performance.now());
  }

  private ask(): void {
    const now = performance.now();
    this.muteLeft = Math.max(0, this.mutedUntil - now);
    if (connection.lost && !this.wasLost) this.sound('lost');
    this.wasLost = connection.lost;
    const [red, orange] = picture.levels.worstFirst;
    const due = this.schedule.due(
      picture.rows.alerts.values(), { red: red?.id, orange: orange?.id }, picture.flood, now, clock.now,
      picture.rows.notices.has('unit_distress'),
    );
    if (due !== null) this.sound(due);
  }

  private sound(sound: Sound): void {
    if (this.muteLeft > 0 && sound !== 'test') return;
    if (this.context !== null && this.context.state === 'running') play(this.context, sound);
  }
}

export const alarm = new Alarm();
