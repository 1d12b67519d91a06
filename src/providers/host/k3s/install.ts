import { type Clock, PodtrustError } from "../../../core/base/index.ts";
import type { Work } from "../../../rules/plan/index.ts";
import { type SshSession, stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { incomingFile, installScript, type PinnedFile } from "./scripts.ts";
import type { LookAtRunning } from "./running-flags.ts";
import type { K3sSpec } from "./spec.ts";

const minute = 60_000;

/** A machine on which k3s is worked at. */
export interface K3sSite {
  readonly session: SshSession;
  readonly clock: Clock;
  readonly spec: K3sSpec;
  readonly runs: LookAtRunning;
  readonly work: Pick<Work, "signal" | "waiting">;
}

interface Pinned extends PinnedFile {
  readonly what: string;
  readonly url: string;
  /** On this machine; absent: the host downloads it. */
  readonly archive?: string | undefined;
}

/** Installs a pinned file: sent from here, or downloaded there. Throws `host-download`, `host-checksum`. */
export async function installPinned(site: K3sSite, { what, archive, url, ...file }: Pinned): Promise<void> {
  const { session, clock, work } = site;
  const timeoutMs = 20 * minute;
  const from = archive === undefined ? `the host downloads ${url}` : `${archive} is sent`;
  work.waiting(`${what}: ${from}`, clock.elapsed() + timeoutMs);
  if (archive !== undefined) {
    await session.put(incomingFile, { file: archive }, { mode: 0o600, signal: work.signal });
  }
  const script = installScript({ ...file, ...(archive === undefined ? { url } : {}) });
  const result = await session.run(script, { timeoutMs, signal: work.signal });
  if (result.code === 0) return;
  const where = targetText(session.target);
  const words = result.stderr.trim().split("\n").at(-1) ?? "";
  if (result.code === 65) {
    const code = archive === undefined ? "host-download" : "host-checksum";
    const source = archive ?? url;
    throw new PodtrustError(
      code,
      `${where}: ${source} is not the ${what} that is pinned: ${words}, and ${file.sha256} is pinned`,
      {
        next: "Check version and checksum in the config. If both are right, the file was changed on the way.",
      },
    );
  }
  if (result.code === 66)
    throw new PodtrustError("host-download", `${where} could not download ${url}: ${words}`);
  throw stepFailure(session.target, `installing ${what}`, result);
}
