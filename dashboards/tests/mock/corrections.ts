// Corrections of datastreams on the mock: kept, listed newest first, ended or taken back when asked.
import type { Command, CorrectionView } from '../../src/contract/types';

type Correct = Extract<Command, { do: 'correct' }>;

export class MockCorrections {
  private readonly all: CorrectionView[] = [];

  list(now: number): CorrectionView[] {
    return this.all.map((c) => ({ ...c, holds: c.withdrawn_ms === undefined && c.from_ms <= now && now < c.until_ms })).reverse();
  }

  add(asked: Correct, by: string, now: number): CorrectionView {
    const { act } = asked;
    const said = typeof act === 'string' ? { act } : 'offset' in act ? { act: 'offset', amount: act.offset } : { act: 'value', amount: act.value };
    const row = {
      id: this.all.length + 1, station: asked.station, property: asked.property, ...said, reason: asked.reason,
      by, at_ms: now, from_ms: asked.from, until_ms: asked.until ?? asked.from + 1, holds: true,
    };
    this.all.push(row);
    return row;
  }

  /** Whether there was one to end. */
  end(id: number, now: number): CorrectionView | null {
    const row = this.all.find((c) => c.id === id);
    if (row === undefined || row.until_ms <= now) return null;
    row.until_ms = now;
    return row;
  }

  /** Whether there was one to take back. */
  withdraw(id: number, now: number): CorrectionView | null {
    const row = this.all.find((c) => c.id === id);
    if (row === undefined || row.withdrawn_ms !== undefined) return null;
    row.withdrawn_ms = now;
    return row;
  }
}
