/** How many calls to one provider run at once by default: providers throttle. */
const defaultLimit = 8;

/**
 * Runs work for each item, at most `limit` at a time, and gives the results in the order of the items. After a
 * failure nothing more is begun; what runs is waited for, and the first failure is thrown.
 */
export async function mapLimit<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  limit = defaultLimit,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const entries = items.entries();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) {
      try {
        results.set(index, await work(item, index));
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
