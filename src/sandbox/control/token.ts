import { randomBytes } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";

const form = /^[\w-]{32,200}$/u;

/** The token of a control API: the configured one, else a random one. Throws `usage` for one that could be guessed. */
export function controlTokenOf(given: string | undefined): string {
  if (given === undefined) return randomBytes(32).toString("base64url");
  if (form.test(given)) return given;
  // Without the token itself: errors are logged.
  throw new PodtrustError(
    "usage",
    `the control token of ${given.length} characters is not one: it takes 32 to 200 letters, digits, hyphens and underscores`,
    {
      next: "Set PODTRUST_CONTROL_TOKEN, or the library's controlToken, to one that openssl rand -hex 32 gives.",
    },
  );
}
