import { type Clock, PodtrustError } from "../../core/base/index.ts";
import {
  freshAtSigner,
  leftAtSigner,
  type SignedServer,
  type SignerSights,
  signerStepsText,
  taintedAtSigner,
  type TheftProgress,
} from "../../rules/rotation/index.ts";
import { signingKid } from "../rotation/index.ts";
import type { ApiServer, ControlPlaneServer } from "../servers/index.ts";
import type { EndTheftDeps } from "./end-theft.ts";

/** What an API server that has a signer sign shows now; undefined for one that signs by key files. Throws `server-*`, `ssh-*`, `cluster-*`. */
export async function lookAtSigner(
  { api, files }: Pick<ControlPlaneServer, "api" | "files">,
  signal: AbortSignal,
): Promise<SignedServer | undefined> {
  // Not what runs: that it cannot be told while no signer answers stops nothing here.
  const { starts } = await files.whatRuns(signal);
  if (starts.signingEndpoint === undefined) return undefined;
  const keys = await api.keys(signal);
  return { name: api.name, verifies: keys.map(({ kid }) => kid), signs: await orNone(api, signal) };
}

/** What a server signs with; undefined where its signer makes no token. */
async function orNone(api: Pick<ApiServer, "mint">, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await signingKid(api, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    return undefined;
  }
}

export interface SignerTheftDeps extends Pick<EndTheftDeps, "close" | "onWithdrawn" | "keep" | "onStep"> {
  readonly sights: SignerSights;
  /** Servers of the same cluster that sign by key files. */
  readonly byFiles: readonly string[];
  /** Servers that could not be looked at. */
  readonly unseen: readonly string[];
  /** The config's file, as a shell reads it. */
  readonly file: string;
  readonly clock: Clock;
}

/** Where an answer begins. Throws `rotation-key-unknown` for a key that nothing shows. */
export function beginAtSigner(sights: SignerSights, stolen: string): TheftProgress {
  const tainted = taintedAtSigner(sights, stolen);
  if (tainted.length > 0) return { stolen, way: "at-once", tainted, servers: {} };
  throw new PodtrustError(
    "rotation-key-unknown",
    `no API server takes tokens of ${stolen} or signs with it, and it is not published`,
    { detail: { kid: stolen } },
  );
}

/**
 * The answer to a theft where a signer has the keys: relying parties are closed, and what a person does on the nodes is said and looked
 * for. Nothing here reaches a signer's keys. Throws `theft-unproven` with what is left, `rotation-refused` where other servers sign by files.
 */
export async function endAtSigner(deps: SignerTheftDeps, from: TheftProgress): Promise<TheftProgress> {
  const { sights, byFiles, unseen, file, onStep } = deps;
  const { tainted } = await deps.keep(from);
  await deps.close();
  if (byFiles.length > 0) {
    const signed = sights.servers.map(({ name }) => name).join(", ");
    throw new PodtrustError(
      "rotation-refused",
      `${signed}: a signer has the keys, and ${byFiles.join(", ")}: key files`,
      {
        next: "Have every API server ask the signer, or none, and run the same command again. What it closed stays closed.",
        detail: { reason: "signer-unknown" },
      },
    );
  }
  const left = [...leftAtSigner(sights, tainted), ...unseen.map((name) => `${name} could not be looked at`)];
  if (left.length > 0) {
    const steps = signerStepsText(sights, tainted, file);
    for (const line of steps) onStep(line);
    throw new PodtrustError("theft-unproven", `podtrust's signer has the keys: ${left.join("; ")}`, {
      next: "Do what is said above, in that order. Then run the same command again: it looks whether it is so. What it closed stays closed.",
      detail: { left, steps },
    });
  }
  await deps.onWithdrawn();
  const now = deps.clock.now();
  const [fresh = ""] = freshAtSigner(sights, tainted);
  const servers = Object.fromEntries(sights.servers.map(({ name }) => [name, "files" as const]));
  const publishedAt = from.publishedAt ?? now;
  return deps.keep({ ...from, tainted, fresh, servers, publishedAt, endedAt: now });
}
