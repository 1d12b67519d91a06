/** One statement of a trust policy, as a summary. */
import { recordOf } from "../../../core/base/index.ts";

export interface TrustLine {
  readonly effect: "Allow" | "Deny";
  /** The principals; OIDC providers without the rest of their ARNs. */
  readonly who: readonly string[];
  /** `sub StringEquals system:serviceaccount:a:b`, one per condition. */
  readonly conditions: readonly string[];
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function principals(principal: unknown): readonly string[] {
  if (typeof principal === "string") return [principal];
  return Object.values(recordOf(principal)).flatMap((names) =>
    list(names).map((name) => String(name).replace(/^arn:aws:iam::\d{12}:oidc-provider\//u, "")),
  );
}

function conditions(block: unknown): readonly string[] {
  return Object.entries(recordOf(block)).flatMap(([operator, keys]) =>
    Object.entries(recordOf(keys)).map(([key, values]) => {
      // An issuer's own keys end in :sub, :aud and the like; the issuer itself is named beside them.
      const short = /^[^./]*[./].*:(\w+)$/u.exec(key)?.[1] ?? key;
      return `${short} ${operator} ${list(values).map(String).join(" or ")}`;
    }),
  );
}

/** Summarizes a trust policy. Text that is no policy gives no lines: the page shows the text as well. */
export function trustSummary(text: string): readonly TrustLine[] {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return [];
  }
  return list(recordOf(policy)["Statement"]).map((statement) => {
    const { Effect, Principal, Condition } = recordOf(statement);
    return {
      effect: Effect === "Deny" ? "Deny" : "Allow",
      who: principals(Principal),
      conditions: conditions(Condition),
    };
  });
}

/** A JSON text with line breaks and indentation; other texts unchanged. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
