// IAM answers at most this many pages for the quotas that exist (1,000 roles, 20 policies); a server that never
// ends its list is cut off.
const maxPages = 500;

/** Collects a paginated IAM list (Marker, IsTruncated). */
export async function allPages<T>(
  page: (marker: string | undefined) => Promise<{
    readonly items: readonly T[] | undefined;
    readonly marker: string | undefined;
  }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  for (let count = 0; count < maxPages; count += 1) {
    const { items, marker: next } = await page(marker);
    all.push(...(items ?? []));
    if (next === undefined || next === "") return all;
    marker = next;
  }
  throw new TypeError(`a list of AWS did not end after ${maxPages} pages`);
}
