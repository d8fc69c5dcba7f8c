// How long to wait before the next attempt: full jitter between nothing and a bound that doubles
// from 0.5 s to 10 s, for ever, so that thirty seats do not knock at the same instant.
const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** Milliseconds before attempt number `attempt` (0 is the first after a loss); `random` in [0, 1). */
export function waitBefore(attempt: number, random: number): number {
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(bound * random);
}
