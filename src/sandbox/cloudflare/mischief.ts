import type { MischiefKinds } from "../mischief/index.ts";

/** What can go wrong with a request in spite of its being right. */
export type CloudflareMischief =
  /** 429 with `Retry-After`. Nothing was done. */
  | "rate-limit"
  /** 502 in a proxy's own words. Nothing was done. */
  | "bad-gateway"
  /** 500 in the API's form. Nothing was done. */
  | "server-error"
  /** The connection ends without an answer, after the work was done. */
  | "lost-answer"
  /** The connection ends at once. Nothing was done. */
  | "reset";

/** What happens by chance. */
export const cloudflareMischief = {
  read: ["rate-limit", "bad-gateway", "server-error", "reset"],
  write: ["rate-limit", "bad-gateway", "server-error", "lost-answer"],
} as const satisfies MischiefKinds<CloudflareMischief>;
