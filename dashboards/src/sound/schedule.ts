// What sounds when. Pure: red 3 pulses every 10 s until signed for, a unit in distress as red does; orange one tone every 60 s, three
// times at most; one sound a group in a flood; yellow and below are silent; losing the link falls.
import type { AlertView } from '../contract/types';
import { groupKey } from '../picture/flood';
import { isFeed, isShelved } from '../picture/order';

export type Sound = 'red' | 'orange' | 'lost' | 'test';

export const RED_EVERY_MS = 10_000;
export const ORANGE_EVERY_MS = 60_000;
export const ORANGE_TIMES = 3;
/** The longest silence an officer can ask for. */
export const MUTE_MS = 120_000;

interface Told {
  times: number;
  at: number;
}

export class Schedule {
  private redAt = Number.NEGATIVE_INFINITY;
  private readonly told = new Map<string, Told>();

  /** The sound due at `now` (steady ms), or null. `clockNow` is the platform's time. */
  due(
    alerts: Iterable<AlertView>, ids: { red: string | undefined; orange: string | undefined },
    flood: boolean, now: number, clockNow: number, distress = false,
  ): Sound | null {
    // A unit's cry for help sounds as red does, until the unit takes it back.
    let red = distress;
    let orange = false;
    const present = new Set<string>();
    for (const a of alerts) {
      if (a.acknowledged_ms != null || isShelved(a, clockNow) || isFeed(a)) continue;
      if (a.level === ids.red) red = true;
      else if (a.level === ids.orange) {
        const key = flood ? groupKey(a) : a.id;
        present.add(key);
        if (this.isDue(key, now)) orange = true;
      }
    }
    for (const key of this.told.keys()) if (!present.has(key)) this.told.delete(key);
    if (red && now - this.redAt >= RED_EVERY_MS) {
      this.redAt = now;
      return 'red';
    }
    if (!red) this.redAt = Number.NEGATIVE_INFINITY;
    if (!orange || red) return null; // Red is the louder word; orange waits for it.
    for (const key of present) if (this.isDue(key, now)) this.tell(key, now);
    return 'orange';
  }

  private isDue(key: string, now: number): boolean {
    const told = this.told.get(key);
    return told === undefined || (told.times < ORANGE_TIMES && now - told.at >= ORANGE_EVERY_MS);
  }

  private tell(key: string, now: number): void {
    this.told.set(key, { times: (this.told.get(key)?.times ?? 0) + 1, at: now });
  }
}
