// The list under the officer's hand. Rows keep their places while the pointer rests on them, while
// the list is scrolled, and for two seconds after; what is new waits behind a chip. Pure.

/** How long the pointer must be away before rows may move, milliseconds. */
export const REST_MS = 2_000;

export interface Touch {
  inside: boolean;
  leftAt: number;
  scrolledTo: number;
  focusInside: boolean;
}

export const mayMove = (t: Touch, now: number): boolean =>
  !t.inside && !t.focusInside && t.scrolledTo <= 4 && now - t.leftAt >= REST_MS;

export interface Shown {
  /** Ids in the order shown. */
  order: string[];
  /** Ids that wait behind the chip. */
  waiting: string[];
}

/**
 * The order to show: `wanted` when rows may move, else what was shown, less the rows that no longer
 * exist, and the new ones waiting. The selected row stays in the list as long as it exists.
 */
export function settle(
  shown: readonly string[], wanted: readonly string[], exists: (id: string) => boolean,
  move: boolean, selected: string | null,
): Shown {
  const want = new Set(wanted);
  if (move) {
    if (selected === null || want.has(selected) || !shown.includes(selected) || !exists(selected)) {
      return { order: [...wanted], waiting: [] };
    }
    const order = [...wanted];
    order.splice(Math.min(shown.indexOf(selected), order.length), 0, selected);
    return { order, waiting: [] };
  }
  const order = shown.filter(exists);
  const have = new Set(order);
  return { order, waiting: wanted.filter((id) => !have.has(id)) };
}
