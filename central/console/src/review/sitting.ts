// How long somebody has been looking without a rest. Rules (EU 2015/1998, 5.1.7: at most 20 minutes of
// continuous screening, then at least 10 minutes of other work):
// 1. Time runs from the first item opened; opening and deciding keep it running.
// 2. Ten minutes without either are a rest: the next item starts anew.

export const LONGEST_S = 20 * 60;
export const REST_S = 10 * 60;

export interface Sitting {
  /** ms since the epoch. */
  since: number;
  last: number;
}

/** The sitting after something was done at `now` (ms). */
export function continued(before: Sitting | null, now: number): Sitting {
  const rested = before === null || now - before.last >= REST_S * 1000;
  return { since: rested ? now : before.since, last: now };
}

/** Seconds of looking so far; null after a rest, or before the first item. */
export function looking(sitting: Sitting | null, now: number): number | null {
  if (!sitting || now - sitting.last >= REST_S * 1000) return null;
  return Math.max(0, (now - sitting.since) / 1000);
}
