import { CloudflareApiError } from "./api-error.ts";
import type { DnsRecord } from "./types.ts";

type Test = (record: DnsRecord) => boolean;
type Compare = (has: string, wanted: string) => boolean;

const operators: Readonly<Record<string, Compare>> = {
  exact: (has, wanted) => has === wanted,
  contains: (has, wanted) => has.includes(wanted),
  startswith: (has, wanted) => has.startsWith(wanted),
  endswith: (has, wanted) => has.endsWith(wanted),
};

const fields: Readonly<Record<string, (record: DnsRecord) => string>> = {
  name: ({ name }) => name,
  content: ({ content }) => content,
  comment: ({ comment }) => comment ?? "",
};

/** One filter by its parameter: `name`, `name.contains`, `comment.absent`, …; undefined for an unknown one. */
function testOf(parameter: string, value: string): Test | undefined {
  if (parameter === "type") return ({ type }) => type === value.toUpperCase();
  if (parameter === "proxied") return ({ proxied }) => String(proxied) === value;
  if (parameter === "comment.absent") return ({ comment }) => comment === null;
  if (parameter === "comment.present") return ({ comment }) => comment !== null;
  const [field = "", operator = "exact"] = parameter.split(".");
  const read = fields[field];
  const compare = operators[operator];
  if (read === undefined || compare === undefined) return undefined;
  // Case is preserved and not compared.
  return (record) => compare(read(record).toLowerCase(), value.toLowerCase());
}

function whole(query: URLSearchParams, name: string, defaultValue: number, max: number): number {
  const text = query.get(name);
  if (text === null) return defaultValue;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return Math.min(value, max);
  throw new CloudflareApiError(400, 9207, `${name} is invalid.`);
}

/** The records that match a query, `match=all` unless it says `any`, in its order. */
export function matching(records: Iterable<DnsRecord>, query: URLSearchParams): readonly DnsRecord[] {
  const tests = [...query].map(([name, value]) => testOf(name, value)).filter((test) => test !== undefined);
  const any = query.get("match") === "any" && tests.length > 0;
  const fits = (record: DnsRecord): boolean =>
    any ? tests.some((test) => test(record)) : tests.every((test) => test(record));
  const order = query.get("order") ?? "type";
  const key = fields[order] ?? (({ type, name }: DnsRecord): string => `${type} ${name}`);
  const sign = query.get("direction") === "desc" ? -1 : 1;
  return [...records].filter(fits).sort((a, b) => (key(a) < key(b) ? -sign : Number(key(a) > key(b)) * sign));
}

/** One page; pages beyond the last are empty, which is how one client finds the end. */
export function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  defaultValue: number,
  max: number,
): { readonly items: readonly T[]; readonly info: object } {
  const perPage = whole(query, "per_page", defaultValue, max);
  const page = whole(query, "page", 1, Number.MAX_SAFE_INTEGER);
  const shown = items.slice((page - 1) * perPage, page * perPage);
  return {
    items: shown,
    info: {
      page,
      per_page: perPage,
      count: shown.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / perPage),
    },
  };
}
