import { type ErrorCode, PodtrustError } from "../../core/base/index.ts";

/** One of the numbered errors of an answer. */
export interface ApiFault {
  readonly code: number;
  readonly message: string;
}

/** A refusal in the API's own form: whatever was asked for was not done. */
export class CloudflareRefusal extends Error {
  readonly status: number;
  readonly faults: readonly ApiFault[];
  /** CF-Ray, by which Cloudflare finds the request. */
  readonly ray: string | undefined;

  constructor(status: number, faults: readonly ApiFault[], ray: string | undefined) {
    super(faults.map(({ message }) => message).join("; "));
    this.status = status;
    this.faults = faults;
    this.ray = ray;
  }

  has(...codes: readonly number[]): boolean {
    return this.faults.some(({ code }) => codes.includes(code));
  }
}

/** No answer from the API: the request may have been carried out or not. */
export class Unanswered extends Error {
  readonly ray: string | undefined;

  constructor(text: string, options: { readonly ray?: string | undefined; readonly cause?: unknown } = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.ray = options.ray;
  }
}

// Cloudflare API, "Errors", and what clients saw: the token is checked before its rights.
const tokenFaults = [1000, 1001, 6003, 6103, 6111, 10_001];
const rightsFaults = [9103, 9106, 9109, 10_000];

/**
 * Whether zones were not listed because the token may not list all of them: some tokens get this in place of an empty
 * list for a zone that is not theirs.
 */
export function isZoneListRefusal(thrown: unknown): boolean {
  return (
    thrown instanceof CloudflareRefusal &&
    thrown.has(0, 9109) &&
    thrown.faults.some(({ message }) => message.includes("zone.list"))
  );
}

/** Whether the token itself is refused. */
export function isAboutToken(refusal: CloudflareRefusal): boolean {
  return refusal.has(...tokenFaults) || refusal.status === 401;
}

/** Whether it lacks a right, or is invalid: the API does not always distinguish. */
export function isAboutRights(refusal: CloudflareRefusal): boolean {
  return !isAboutToken(refusal) && (refusal.has(...rightsFaults) || refusal.status === 403);
}

function codeOf(refusal: CloudflareRefusal): ErrorCode {
  if (refusal.status === 429) return "cloudflare-throttled";
  if (isAboutToken(refusal)) return "cloudflare-token-refused";
  if (isAboutRights(refusal)) return "cloudflare-denied";
  return "cloudflare-refused";
}

const rayText = (ray: string | undefined): string => (ray === undefined ? "" : ` (CF-Ray ${ray})`);

/** A failure of a call as a person meets it. `what`: `creating the A record of oidc.example.com`. */
export function cloudflareError(thrown: unknown, what: string): unknown {
  if (thrown instanceof Unanswered) {
    const code = thrown.cause === undefined ? "cloudflare-unavailable" : "cloudflare-unreachable";
    return new PodtrustError(code, `${what}: ${thrown.message}${rayText(thrown.ray)}`, {
      cause: thrown.cause,
    });
  }
  if (!(thrown instanceof CloudflareRefusal)) return thrown;
  const said = thrown.faults.map(({ code, message }) => `${message} [${code}]`).join("; ");
  const text = said === "" ? `status ${thrown.status}` : said;
  return new PodtrustError(codeOf(thrown), `Cloudflare refused ${what}: ${text}${rayText(thrown.ray)}`, {
    detail: { status: thrown.status, codes: thrown.faults.map(({ code }) => code), ray: thrown.ray },
  });
}
