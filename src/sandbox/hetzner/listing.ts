import { invalidInput } from "./api-error.ts";
import { selectorTest } from "./labels.ts";
import type { Labels } from "./types.ts";

/** Parameters of a list. */
export interface ListForm<T> {
  /** The key of the list in the answer: `servers`. */
  readonly key: string;
  /** The fields that `sort` accepts. */
  readonly sortable: readonly (keyof T & string)[];
  /** Filters by query parameter; a repeated one means any of its values. */
  readonly filters: Readonly<Record<string, (item: T, value: string) => boolean>>;
}

const maxPage = 50;
const defaultPage = 25;

function whole(query: URLSearchParams, name: string, defaultValue: number): number {
  const text = query.get(name);
  if (text === null) return defaultValue;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw invalidInput([{ name, messages: [`${name} is a whole number from 1`] }]);
  }
  return value;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : Number(left > right);
}

function sorted<T>(items: readonly T[], form: ListForm<T>, orders: readonly string[]): readonly T[] {
  const keys = orders.map((order) => {
    const [field = "", direction = "asc"] = order.split(":");
    if (!form.sortable.some((name) => name === field) || !["asc", "desc"].includes(direction)) {
      throw invalidInput([{ name: "sort", messages: [`sort by '${order}' is not possible`] }]);
    }
    return { field: field as keyof T, sign: direction === "desc" ? -1 : 1 };
  });
  return [...items].sort((a, b) => {
    for (const { field, sign } of keys) {
      const order = compare(a[field], b[field]) * sign;
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Items that pass every filter of a query; unknown parameters are ignored, as by the API. */
function filtered<T>(items: readonly T[], form: ListForm<T>, query: URLSearchParams): readonly T[] {
  let left = items;
  for (const [name, test] of Object.entries(form.filters)) {
    const values = query.getAll(name).filter((value) => value !== "");
    if (values.length > 0) left = left.filter((item) => values.some((value) => test(item, value)));
  }
  return left;
}

/** The filter that lists of labelled resources share. */
export const byLabels = ({ labels }: { readonly labels: Labels }, selector: string): boolean =>
  selectorTest(selector)(labels);

/** One page of a list, with its `meta`. */
export function listAnswer<T>(
  items: readonly T[],
  form: ListForm<T>,
  query: URLSearchParams,
  show: (item: T) => object,
): object {
  const perPage = Math.min(whole(query, "per_page", defaultPage), maxPage);
  const page = whole(query, "page", 1);
  const found = sorted(filtered(items, form, query), form, query.getAll("sort"));
  const last = Math.max(1, Math.ceil(found.length / perPage));
  return {
    [form.key]: found.slice((page - 1) * perPage, page * perPage).map(show),
    meta: {
      pagination: {
        page,
        per_page: perPage,
        previous_page: page > 1 ? page - 1 : null,
        next_page: page < last ? page + 1 : null,
        last_page: last,
        total_entries: found.length,
      },
    },
  };
}
