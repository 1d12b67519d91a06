import type { MischiefKinds, TransportMischief } from "../mischief/index.ts";
import { HetznerApiError } from "./api-error.ts";

/** How a valid request can fail. */
export type HetznerMischief =
  | TransportMischief
  /** 409 `conflict`: something else is being done to the resource. Nothing was done. */
  | "conflict"
  /** 429 `rate_limit_exceeded`. Nothing was done. */
  | "rate-limit"
  /** 504 `timeout`. Nothing was done. */
  | "timeout"
  /** The same, after the work was done. */
  | "late-timeout"
  /** 503 `unavailable`. Nothing was done. */
  | "unavailable"
  /** 412 `resource_unavailable` for a server's creation, whatever the list of types said. */
  | "sold-out";

/** What happens by chance. */
export const hetznerMischief = {
  read: ["rate-limit", "bad-gateway", "timeout", "unavailable", "reset"],
  write: ["conflict", "rate-limit", "bad-gateway", "timeout", "late-timeout", "lost-answer"],
} as const satisfies MischiefKinds<HetznerMischief>;

const refusals: Partial<Record<HetznerMischief, ConstructorParameters<typeof HetznerApiError>>> = {
  conflict: [409, "conflict", "the resource has changed or is being changed"],
  "rate-limit": [429, "rate_limit_exceeded", "limit of requests per hour reached"],
  timeout: [504, "timeout", "gateway timeout"],
  unavailable: [503, "unavailable", "the service is not available"],
  "sold-out": [412, "resource_unavailable", "the server type is not available in this location"],
};

/** A refusal in place of the work; undefined if the work is done anyway, or there is no answer. */
export function refusalOf(kind: HetznerMischief): HetznerApiError | undefined {
  const refusal = refusals[kind];
  return refusal === undefined ? undefined : new HetznerApiError(...refusal);
}
