import { PodtrustError } from "../../../core/base/index.ts";
import { checkRoom } from "../room.ts";
import { type RunOptions, type ScriptResult, type SshSession, stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { untilOnMachine } from "../until.ts";
import { chartUrl, ciliumManifest } from "./cilium.ts";
import { overridingFiles } from "./config-file.ts";
import {
  ciliumCliUrl,
  ciliumCompletionScript,
  ciliumPath,
  ciliumRecord,
  kubectlScript,
  noCiliumCliScript,
  profileFile,
} from "./commands.ts";
import {
  architectureOf,
  filesOf,
  isCiliumAsSpecified,
  isCliAsSpecified,
  refusalOf,
  roomNeeds,
  textOf,
  binaryAsSpecified,
  cliAsSpecified,
} from "./difference.ts";
import { installPinned, type K3sSite } from "./install.ts";
import {
  beginScript,
  binaryPath,
  chartFile,
  chartScript,
  copyDatastoreScript,
  inspectScript,
  noCiliumScript,
  nodeScript,
  readyScript,
  restartScript,
  tailScript,
} from "./scripts.ts";
import { isIssuing, type LookAtRunning, runningFlags } from "./running-flags.ts";
import { type K3sState, parseState } from "./state.ts";
import type { GoArchitecture, HostFile, K3sSpec } from "./spec.ts";
import { unitPath } from "./unit.ts";

const minute = 60_000;

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

/** Looks at k3s on a host, and at what runs where its unit would start something. */
export async function inspectK3s(
  session: SshSession,
  runs: LookAtRunning,
  signal: AbortSignal,
): Promise<K3sState> {
  const result = await session.run(inspectScript, { timeoutMs: minute, signal });
  if (result.code !== 0) throw stepFailure(session.target, "looking at k3s", result);
  const state = parseState(result.stdout);
  return unitPath in state.files ? { ...state, running: await runningFlags(session, runs, signal) } : state;
}

function releaseUrl(version: string, architecture: GoArchitecture): string {
  const name = architecture === "amd64" ? "k3s" : `k3s-${architecture}`;
  return `https://github.com/k3s-io/k3s/releases/download/${encodeURIComponent(version)}/${name}`;
}

async function installBinary(site: K3sSite, state: K3sState): Promise<boolean> {
  const { spec } = site;
  const sha256 = binaryAsSpecified(state, spec);
  if (state.binary === sha256) return false;
  if (state.version !== undefined && state.version !== spec.version) {
    const { version } = state;
    await step(site, "copying the datastore", copyDatastoreScript(version), { timeoutMs: 10 * minute });
  }
  const url = releaseUrl(spec.version, architectureOf(state));
  const what = `k3s ${spec.version}`;
  await installPinned(site, { what, path: binaryPath, sha256, url, archive: spec.archive });
  return true;
}

const isWritten = (state: K3sState, { path, text }: HostFile): boolean => textOf(state, path) === text;

async function writeFiles(
  { session, work }: K3sSite,
  state: K3sState,
  files: readonly HostFile[],
): Promise<void> {
  for (const file of files) {
    const { path, text, mode } = file;
    if (!isWritten(state, file)) await session.put(path, text, { mode, signal: work.signal });
  }
}

async function writeCilium(site: K3sSite, state: K3sState): Promise<void> {
  const { spec } = site;
  const { cilium } = spec;
  if (isCiliumAsSpecified(state, spec)) return;
  if (cilium === undefined) {
    await step(site, "taking Cilium's manifest away", noCiliumScript);
    return;
  }
  const { version, sha256, archive } = cilium;
  const what = `Cilium's chart ${version}`;
  await installPinned(site, { what, path: chartFile, sha256, url: chartUrl(version), archive });
  await step(site, "writing Cilium's manifest", chartScript(ciliumManifest(spec.stack)));
}

async function writeCommands(site: K3sSite, state: K3sState, isNew: boolean): Promise<void> {
  const { spec } = site;
  await writeFiles(site, state, [profileFile(spec)]);
  if (isNew || !state.isKubectlReady) await step(site, "linking kubectl", kubectlScript);
  if (isCliAsSpecified(state, spec)) return;
  const cli = spec.cilium?.cli;
  const sha256 = cliAsSpecified(state, spec);
  if (cli === undefined || sha256 === undefined) {
    await step(site, "taking the cilium command away", noCiliumCliScript);
    return;
  }
  const { version, archive } = cli;
  await installPinned(site, {
    what: `cilium command ${version}`,
    path: ciliumPath,
    sha256,
    url: ciliumCliUrl(version, architectureOf(state)),
    archive,
    unpack: { member: "cilium", record: ciliumRecord },
  });
  await step(site, "writing cilium's completion", ciliumCompletionScript);
}

const belowMark = (text: string | undefined): string | undefined => text?.replace(/^#.*\n/u, "");

/** Whether what it reads at its start differs from what it is to read: the mark above it is a comment. */
export function isStale(state: K3sState, spec: K3sSpec): boolean {
  const isRead = ({ path, text }: HostFile): boolean => belowMark(textOf(state, path)) === belowMark(text);
  return state.binary !== binaryAsSpecified(state, spec) || !filesOf(spec).every(isRead);
}

function isRunningAsSpecified({ running, active }: K3sState, spec: K3sSpec): boolean {
  return active === "active" && isIssuing(running, spec);
}

const lastLine = ({ stdout, stderr }: ScriptResult): string =>
  `${stdout}\n${stderr}`.trim().split("\n").at(-1)?.slice(0, 300) ?? "";

function untilDone(site: K3sSite, what: string, script: string, timeoutMs: number): Promise<void> {
  const { session, clock, work } = site;
  const options = { timeoutMs: minute, signal: work.signal };
  return untilOnMachine({
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

/** Compares the running API server with the spec. Throws `k3s-overridden` with the file that overrides ours. */
function checkRunning({ session, spec }: K3sSite, state: K3sState): void {
  if (isRunningAsSpecified(state, spec)) return;
  const where = targetText(session.target);
  const { running } = state;
  if (running?.kind !== "seen") {
    const why = running?.why ?? `${unitPath} is not there`;
    throw new PodtrustError(
      "k3s-overridden",
      `${where}: what its API server runs with was not looked at: ${why}`,
      { next: "Cure what is named, look at podtrust logs k3s, and run podtrust up again." },
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
    `${where}: the API server runs with the issuers ${found} in place of ${spec.issuers.join(", ")}: ${why}`,
    { detail: { running, specified: spec.issuers, culprits } },
  );
}

/** Makes k3s on a host the specified one, and skips what is done already. Throws `host-*`, `k3s-*`, `ssh-*`. */
export async function applyK3s(site: K3sSite): Promise<void> {
  const { session, spec, work } = site;
  const state = await inspectK3s(session, site.runs, work.signal);
  const refusal = refusalOf(state, spec);
  if (refusal !== undefined) throw refusal;
  checkRoom(session.target, state.rooms, roomNeeds(state, spec));
  // The mark of ownership comes first, so that an interrupted run finds its own.
  const stale = isStale(state, spec);
  if (stale) await step(site, "beginning", beginScript);
  await writeFiles(site, state, filesOf(spec));
  const installed = await installBinary(site, state);
  await writeCilium(site, state);
  await writeCommands(site, state, installed);
  if (stale || state.isChanging || !isRunningAsSpecified(state, spec)) {
    await step(site, "starting k3s", restartScript);
  }
  await untilDone(site, "the Kubernetes API", readyScript, 6 * minute);
  checkRunning(site, await inspectK3s(session, site.runs, work.signal));
  await untilDone(site, "the node", nodeScript, 15 * minute);
}
