import { defined, PodtrustError } from "../../../core/base/index.ts";
import type { RunningLook } from "../../../rules/distribution/index.ts";
import type { SshSession } from "../session.ts";

/** What runs of the machine's API server, by the one function for that (`control-plane/servers`). Throws `server-*`, `host-*`, `ssh-*`. */
export type LookAtRunning = (session: SshSession, signal: AbortSignal) => Promise<RunningLook>;

/** The issuer's flags with which k3s' API server runs, or why nothing says them, as a sentence's end. */
export type RunningFlags =
  | {
      readonly kind: "seen";
      /** In their order: the first signs. */
      readonly issuers: readonly string[];
      readonly jwksUri?: string;
    }
  | { readonly kind: "not-looked-at"; readonly why: string };

/** Looks at them. What cannot be looked at ends no reading of the machine, but a lost connection does. */
export async function runningFlags(
  session: SshSession,
  runs: LookAtRunning,
  signal: AbortSignal,
): Promise<RunningFlags> {
  try {
    const look = await runs(session, signal);
    if (look.kind === "not-looked-at") return { kind: look.kind, why: look.why };
    const { issuers, jwksUri } = look.flags;
    return { kind: "seen", issuers, ...defined({ jwksUri }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError) || error.code.startsWith("ssh-")) throw error;
    return { kind: "not-looked-at", why: error.message };
  }
}

/** Whether the running server signs and accepts as specified. */
export function isIssuing(
  running: RunningFlags | undefined,
  spec: { readonly issuers: readonly string[]; readonly jwksUri: string },
): boolean {
  return (
    running?.kind === "seen" &&
    running.jwksUri === spec.jwksUri &&
    running.issuers.join("\n") === spec.issuers.join("\n")
  );
}
