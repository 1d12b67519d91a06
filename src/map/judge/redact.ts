import type { TrustMap } from "./graph.ts";

const arn = /arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(?:\d{12}|aws)?:([^\s"',;()]+)/gu;
const account = /\d{12,}/gu;

/** Puts names in the place of account IDs and ARNs, the same name for the same account. */
class Redaction {
  readonly #names = new Map<string, string>();

  #nameOf(id: string): string {
    const known = this.#names.get(id) ?? `account-${this.#names.size + 1}`;
    this.#names.set(id, known);
    return known;
  }

  text(text: string): string {
    return text
      .replaceAll(arn, (whole, resource: string) => {
        const id = /:(\d{12}):/u.exec(whole)?.[1];
        return id === undefined ? resource : `${this.#nameOf(id)}:${resource}`;
      })
      .replaceAll(account, (digits) => this.#nameOf(digits));
  }

  value<T>(value: T): T {
    if (typeof value === "string") return this.text(value) as T;
    if (Array.isArray(value)) return value.map((one: unknown) => this.value(one)) as T;
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, this.value(one as unknown)]),
    ) as T;
  }
}

/** The map without account IDs and ARNs; names of roles, policies, namespaces and ServiceAccounts stay, and so does the issuer. */
export function redactedMap(map: TrustMap): TrustMap {
  return { ...new Redaction().value(map), redacted: true };
}
