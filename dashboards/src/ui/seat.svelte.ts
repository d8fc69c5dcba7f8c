// Taking a seat: who is signed in, the city, the live connection. The order in which a console starts.
import { Refused } from '../api/http';
import * as platform from '../api/platform';
import { connection } from '../live/connection.svelte';
import { picture } from '../picture/picture.svelte';
import { alarm } from '../sound/alarm.svelte';
import type { SessionView } from '../contract/types';
import { desk } from './desk.svelte';
import { spoken } from './spoken';
import { view } from './view.svelte';

export type Stage = 'loading' | 'signin' | 'ready' | 'failed';

/** How long after a doubt the session is asked about again, milliseconds. */
const DOUBT_PAUSE_MS = 3_000;

class Seat {
  stage = $state<Stage>('loading');
  failure = $state('');
  ended = $state(false);
  private doubtAt = Number.NEGATIVE_INFINITY;

  async take(): Promise<void> {
    this.stage = 'loading';
    try {
      await this.enter(await platform.session());
    } catch (fault) {
      this.turnedAway(fault);
    }
  }

  async enter(who: SessionView): Promise<void> {
    desk.who = who;
    try {
      const city = await platform.city();
      picture.setCity(city, await platform.geojson(city.zones_path));
    } catch (fault) {
      return this.turnedAway(fault);
    }
    this.ended = false;
    this.stage = 'ready';
    if (desk.isAgency) {
      // Its feeds are asked for; the live picture is the duty room's.
      if (view.path !== '/feeds') view.go('/feeds');
      return;
    }
    picture.onCity = () => void this.readCity();
    connection.onDoubt = () => void this.doubt();
    connection.start();
    alarm.start();
  }

  /** The registry has changed while the seat was taken. */
  private async readCity(): Promise<void> {
    try {
      const city = await platform.city();
      picture.setCity(city, await platform.geojson(city.zones_path));
    } catch (fault) {
      this.failure = spoken(fault);
    }
  }

  private turnedAway(fault: unknown): void {
    if (fault instanceof Refused && fault.status === 401) {
      this.stage = 'signin';
      return;
    }
    this.failure = spoken(fault);
    this.stage = 'failed';
  }

  /** The socket was turned down: a browser cannot see why, so the session is asked about. */
  private async doubt(): Promise<void> {
    if (performance.now() - this.doubtAt < DOUBT_PAUSE_MS) return;
    this.doubtAt = performance.now();
    try {
      desk.who = await platform.session();
    } catch (fault) {
      if (fault instanceof Refused && fault.status === 401) this.leave(true);
    }
  }

  private leave(ended: boolean): void {
    connection.stop();
    alarm.stop();
    desk.who = null;
    this.ended = ended;
    this.stage = 'signin';
  }

  async signOut(): Promise<void> {
    try {
      await platform.signOut();
    } catch {
      // The seat is left in any case; the session also ends by itself.
    }
    this.leave(false);
  }
}

export const seat = new Seat();
