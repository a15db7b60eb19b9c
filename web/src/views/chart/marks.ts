/** The expected span of a baseline, when it has one: both ends or none. */
export function bandOf(
  baseline: { low: number | null; high: number | null } | null | undefined,
): { low: number; high: number } | undefined {
  return baseline?.low != null && baseline.high != null
    ? { low: baseline.low, high: baseline.high }
    : undefined;
}
