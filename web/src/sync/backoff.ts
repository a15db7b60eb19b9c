/** Pause before the next attempt: 1 s, doubling to a minute, with jitter so that tablets do not march in step. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const base = Math.min(60_000, 1000 * 2 ** Math.max(0, failures - 1));
  return Math.round(base * (0.5 + random() / 2));
}
