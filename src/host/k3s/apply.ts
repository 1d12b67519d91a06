import { type Clock, PodtrustError } from "../../base/index.ts";
import type { Work } from "../../plan/index.ts";
import { type RunOptions, type ScriptResult, type SshSession, stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { until } from "../until.ts";
import { chartUrl, ciliumManifest } from "./cilium.ts";
import { overridingFiles } from "./config-file.ts";
import { filesOf, isCiliumAsWished, textOf, wishedBinary } from "./difference.ts";
import {
  binaryPath,
  chartScript,
  incomingFile,
  inspectScript,
  installScript,
  linksScript,
  noCiliumScript,
  nodeScript,
  readyScript,
  restartScript,
  tailScript,
} from "./scripts.ts";
import { isIssuing } from "./running-flags.ts";
import { type K3sState, parseState } from "./state.ts";
import type { Architecture, K3sWish } from "./wish.ts";

const minute = 60_000;

/** A machine on which k3s is worked at. */
export interface K3sSite {
  readonly session: SshSession;
  readonly clock: Clock;
  readonly wish: K3sWish;
  readonly work: Pick<Work, "signal" | "waiting">;
}

type Step = Pick<RunOptions, "stdin"> & { readonly timeoutMs?: number };

async function step(
  { session, work }: K3sSite,
  what: string,
  script: string,
  options: Step = {},
): Promise<ScriptResult> {
  const result = await session.run(script, { timeoutMs: minute, ...options, signal: work.signal });
  if (result.code !== 0) throw stepFailure(session.target, what, result);
  return result;
}

/** Looks at k3s on a host. */
export async function inspectK3s(session: SshSession, signal: AbortSignal): Promise<K3sState> {
  const result = await session.run(inspectScript, { timeoutMs: minute, signal });
  if (result.code !== 0) throw stepFailure(session.target, "looking at k3s", result);
  return parseState(result.stdout);
}

interface Pinned {
  readonly what: string;
  readonly path: string;
  readonly sha256: string;
  readonly url: string;
  readonly archive?: string | undefined;
}

/** Puts a pinned file in place: sent from here, or downloaded there. Throws `host-download`, `k3s-checksum`. */
async function install(site: K3sSite, { what, path, sha256, url, archive }: Pinned): Promise<void> {
  const { session, clock, work } = site;
  const timeoutMs = 20 * minute;
  const from = archive === undefined ? `the host downloads ${url}` : `${archive} is sent`;
  work.waiting(`${what}: ${from}`, clock.now() + timeoutMs);
  if (archive !== undefined) {
    await session.put(incomingFile, { file: archive }, { mode: 0o600, signal: work.signal });
  }
  const script = installScript({ path, sha256, ...(archive === undefined ? { url } : {}) });
  const result = await session.run(script, { timeoutMs, signal: work.signal });
  if (result.code === 0) return;
  const where = targetText(session.target);
  const words = result.stderr.trim().split("\n").at(-1) ?? "";
  if (result.code === 65) {
    const code = archive === undefined ? "host-download" : "k3s-checksum";
    const source = archive ?? url;
    throw new PodtrustError(
      code,
      `${where}: ${source} is not the ${what} that is pinned: ${words}, and ${sha256} is pinned`,
      {
        next: "Check version and checksum in the config. If both are right, somebody on the way changed the file.",
      },
    );
  }
  if (result.code === 66)
    throw new PodtrustError("host-download", `${where} could not download ${url}: ${words}`);
  throw stepFailure(session.target, `installing ${what}`, result);
}

function releaseUrl(version: string, architecture: Architecture): string {
  const name = architecture === "amd64" ? "k3s" : `k3s-${architecture}`;
  return `https://github.com/k3s-io/k3s/releases/download/${encodeURIComponent(version)}/${name}`;
}

async function installBinary(site: K3sSite, state: K3sState): Promise<boolean> {
  const { wish } = site;
  const sha256 = wishedBinary(state, wish);
  if (state.binary === sha256) return false;
  const url = releaseUrl(wish.version, state.architecture ?? "amd64");
  await install(site, { what: `k3s ${wish.version}`, path: binaryPath, sha256, url, archive: wish.archive });
  return true;
}

async function writeFiles({ session, wish, work }: K3sSite, state: K3sState): Promise<boolean> {
  let changed = false;
  for (const { path, text, mode } of filesOf(wish)) {
    if (textOf(state, path) === text) continue;
    await session.put(path, text, { mode, signal: work.signal });
    changed = true;
  }
  return changed;
}

async function writeCilium(site: K3sSite, state: K3sState): Promise<void> {
  const { wish } = site;
  const { cilium } = wish;
  if (isCiliumAsWished(state, wish)) return;
  if (cilium === undefined) {
    await step(site, "taking Cilium's manifest away", noCiliumScript);
    return;
  }
  const { version, sha256, archive } = cilium;
  const path = "/var/lib/podtrust/cilium.tgz";
  await install(site, { what: `Cilium's chart ${version}`, path, sha256, url: chartUrl(version), archive });
  await step(site, "writing Cilium's manifest", chartScript, { stdin: ciliumManifest(wish.stack) });
}

function isRunningAsWished({ running, active }: K3sState, wish: K3sWish): boolean {
  return active === "active" && isIssuing(running, wish);
}

const lastLine = ({ stdout, stderr }: ScriptResult): string =>
  `${stdout}\n${stderr}`.trim().split("\n").at(-1)?.slice(0, 300) ?? "";

function untilDone(site: K3sSite, what: string, script: string, timeoutMs: number): Promise<void> {
  const { session, clock, work } = site;
  const options = { timeoutMs: minute, signal: work.signal };
  return until({
    what,
    clock,
    timeoutMs,
    everyMs: 2000,
    work,
    async look() {
      const result = await session.run(script, options);
      if (result.code === 0) return undefined;
      const said = lastLine(result);
      return said === "" ? "it does not answer yet" : said;
    },
    tail: async () => (await session.run(tailScript, options)).stdout,
  });
}

/** Compares the API server that runs with what was wished. Throws `k3s-overridden` with the file that wins. */
function checkRunning({ session, wish }: K3sSite, state: K3sState): void {
  if (isRunningAsWished(state, wish)) return;
  const where = targetText(session.target);
  const { running } = state;
  if (running === undefined) {
    throw new PodtrustError(
      "k3s-overridden",
      `${where}: neither k3s's log nor a process says which flags the API server runs with`,
      {
        next: "Look at podtrust logs k3s: its log has a line that begins with Running kube-apiserver.",
      },
    );
  }
  const culprits = overridingFiles(state.configs);
  const why =
    culprits.length === 0
      ? "no file of k3s's config says why: look at systemctl cat k3s"
      : culprits.join("; ");
  const found = running.issuers.length === 0 ? "k3s's own issuer" : running.issuers.join(", ");
  throw new PodtrustError(
    "k3s-overridden",
    `${where}: the API server runs with the issuers ${found} in place of ${wish.issuers.join(", ")}: ${why}`,
    { detail: { running, wished: wish.issuers, culprits } },
  );
}

/** Makes k3s on a host the wished one; finds out by itself what is done already. Throws `host-*`, `k3s-*`, `ssh-*`. */
export async function applyK3s(site: K3sSite): Promise<void> {
  const { session, wish, work } = site;
  const state = await inspectK3s(session, work.signal);
  // What tells whose it is comes first, so that an interrupted run finds its own.
  const written = await writeFiles(site, state);
  const installed = await installBinary(site, state);
  await writeCilium(site, state);
  if (installed) await step(site, "linking kubectl", linksScript);
  if (written || installed || !isRunningAsWished(state, wish)) {
    await step(site, "starting k3s", restartScript);
  }
  await untilDone(site, "the Kubernetes API", readyScript, 6 * minute);
  checkRunning(site, await inspectK3s(session, work.signal));
  await untilDone(site, "the node", nodeScript, 15 * minute);
}
