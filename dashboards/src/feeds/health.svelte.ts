// The health of feeds as this seat knows it: asked for while the screen is open, and the clock with
// it for a seat that has no live connection.
import * as platform from '../api/platform';
import type { AgencyHealthView, FeedHealthView, StartView } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { clock } from '../time/clock.svelte';
import { desk } from '../ui/desk.svelte';
import { spoken } from '../ui/spoken';

const AGAIN_MS = 4_000;

/** A row of the table: an agency by one channel, or an agency that was never heard. */
export interface FeedRow {
  key: string;
  agency: AgencyHealthView;
  feed: FeedHealthView | null;
}

const HARD: Record<string, number> = { dead: 0, late: 1, never: 2, heard: 3, live: 3 };

/** The state of a row: its feed's, or never. */
export const stateOf = (row: FeedRow): string => row.feed?.data ?? (row.agency.silent ? 'dead' : 'never');

/** Worst first, then by agency; agencies that were never heard and owe nothing come last. */
export function rowsOf(agencies: readonly AgencyHealthView[]): FeedRow[] {
  const rows = agencies.flatMap((agency): FeedRow[] =>
    agency.feeds.length === 0
      ? [{ key: agency.agency, agency, feed: null }]
      : agency.feeds.map((feed) => ({ key: feed.id, agency, feed })));
  const owes = (row: FeedRow): number => (row.feed === null && row.agency.stations === 0 ? 1 : 0);
  return rows.sort((a, b) =>
    owes(a) - owes(b) || (HARD[stateOf(a)] ?? 4) - (HARD[stateOf(b)] ?? 4) || (a.key < b.key ? -1 : 1));
}

class Health {
  agencies = $state.raw<AgencyHealthView[]>([]);
  known = $state(false);
  failure = $state<string | null>(null);
  /** What the chosen agency begins with. */
  begin = $state.raw<StartView | null>(null);
  /** Secrets that were issued on this page, by agency, and by `unit:` and the unit. They are kept nowhere else. */
  secrets = $state<Record<string, string>>({});

  async look(): Promise<void> {
    try {
      if (desk.isAgency) {
        const now = await platform.platformClock();
        clock.speed = now.speed;
        clock.replay = now.clock === 'replay';
        clock.beat(now.now_ms);
      }
      this.agencies = await platform.feedHealth();
      this.known = true;
      this.failure = null;
    } catch (fault) {
      this.failure = spoken(fault);
    }
  }

  /** Learns what an agency begins with. */
  async learn(agency: string): Promise<void> {
    if (this.begin?.agency !== agency) this.begin = null;
    const found = await platform.start(agency);
    if (found.agency === agency) this.begin = found;
  }

  open(): () => void {
    void this.look();
    const timer = setInterval(() => void this.look(), AGAIN_MS);
    return () => clearInterval(timer);
  }

  of(agency: string | null): AgencyHealthView | undefined {
    return this.agencies.find((a) => a.agency === agency);
  }

  /** The stations of an agency, as the city has them. */
  stations(agency: string) {
    return (picture.city?.stations ?? []).filter((s) => s.agency === agency);
  }
}

export const health = new Health();
