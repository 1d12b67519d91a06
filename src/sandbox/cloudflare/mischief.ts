import type { MischiefKinds, TransportMischief } from "../mischief/index.ts";

/** How a valid request can fail. */
export type CloudflareMischief =
  | TransportMischief
  /** 429 with `Retry-After`. Nothing was done. */
  | "rate-limit"
  /** 500 in the API's form. Nothing was done. */
  | "server-error";

/** What happens by chance. */
export const cloudflareMischief = {
  read: ["rate-limit", "bad-gateway", "server-error", "reset"],
  write: ["rate-limit", "bad-gateway", "server-error", "lost-answer"],
} as const satisfies MischiefKinds<CloudflareMischief>;
