import { AwsError } from "../wire/error.ts";

interface PagedItem {
  readonly name: string;
}

function startAfter(token: string): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (Array.isArray(value) && value.length === 1 && typeof value[0] === "string") return value[0];
  } catch {
    // Falls through to the refusal.
  }
  throw new AwsError("InvalidNextToken", "The specified token isn't valid.");
}

/** One page of items sorted by name, and the token of the next. */
export function pageOf<T extends PagedItem>(
  items: readonly T[],
  size: number,
  token: string | undefined,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const after = token === undefined ? undefined : startAfter(token);
  const rest = after === undefined ? items : items.filter((item) => item.name > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const next =
    last !== undefined && rest.length > page.length
      ? Buffer.from(JSON.stringify([last.name])).toString("base64url")
      : undefined;
  return { items: page, next };
}
