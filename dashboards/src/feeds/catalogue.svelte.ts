// The catalogue as this seat knows it: who shares what, and the files exchanged with other platforms.
// Asked for while it is open.
import * as platform from '../api/platform';
import type { CatalogueView, ExchangeView } from '../contract/types';
import { desk } from '../ui/desk.svelte';
import { spoken } from '../ui/spoken';

const AGAIN_MS = 5_000;
const HARD: Record<string, number> = { dead: 0, late: 1, never: 2, live: 3 };

class Catalogue {
  agencies = $state.raw<CatalogueView[]>([]);
  exchange = $state.raw<ExchangeView | null>(null);
  known = $state(false);
  failure = $state<string | null>(null);

  async look(): Promise<void> {
    try {
      const all = await platform.catalogue();
      this.agencies = all.sort((a, b) => (HARD[a.data] ?? 4) - (HARD[b.data] ?? 4));
      // An agency's people have no part in it.
      if (!desk.isAgency) this.exchange = await platform.exchange();
      this.known = true;
      this.failure = null;
    } catch (fault) {
      this.failure = spoken(fault);
    }
  }

  open(): () => void {
    void this.look();
    const timer = setInterval(() => void this.look(), AGAIN_MS);
    return () => clearInterval(timer);
  }
}

export const catalogue = new Catalogue();
