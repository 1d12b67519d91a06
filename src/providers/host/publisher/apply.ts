import { gzipSync, zstdDecompressSync } from "node:zlib";
import { basename } from "node:path";
import { type Clock, errorText, PodtrustError } from "../../../core/base/index.ts";
import { ownershipComment, type Work } from "../../../rules/plan/index.ts";
import { aptTimeoutMs } from "../apt.ts";
import { type ScriptResult, type SshSession, stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { untilOnMachine } from "../until.ts";
import {
  changedFiles,
  idleUnits,
  isOtherProgram,
  releaseFor,
  surplusFiles,
  surplusUnits,
  versionName,
} from "./difference.ts";
import { type HostLayout, unitNames } from "./layout.ts";
import { readRelease, type Release } from "./release.ts";
import {
  backScript,
  beginScript,
  dropUnitsScript,
  inspectScript,
  keepConfigScript,
  logScript,
  prepareScript,
  restartScript,
  statusScript,
  switchScript,
  tidyScript,
  tokenScript,
  unitsScript,
  unpackScript,
} from "./scripts.ts";
import { type Health, parsePublisher, type PublisherState } from "./state.ts";
import type { HostPublisherSpec } from "./spec.ts";

const second = 1000;
const minute = 60 * second;
const maxProgram = 512 * 1024 * 1024;

/** A machine on which the publisher is worked at. */
export interface PublisherSite {
  readonly session: SshSession;
  readonly clock: Clock;
  readonly layout: HostLayout;
  readonly work: Pick<Work, "signal" | "waiting">;
}

async function step(
  { session, work }: PublisherSite,
  what: string,
  script: string,
  options: { readonly stdin?: Uint8Array; readonly timeoutMs?: number } = {},
): Promise<ScriptResult> {
  const result = await session.run(script, { timeoutMs: minute, ...options, signal: work.signal });
  if (result.code !== 0) throw stepFailure(session.target, what, result);
  return result;
}

/** Looks at the publisher on a machine: at these files and all units. */
export async function inspectPublisher(
  session: SshSession,
  layout: HostLayout,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<PublisherState> {
  const result = await session.run(inspectScript(layout, paths), { timeoutMs: minute, signal });
  if (result.code !== 0) throw stepFailure(session.target, "looking at the publisher", result);
  return parsePublisher(result.stdout);
}

async function sendProgram(site: PublisherSite, release: Release, by: "zstd" | "gzip"): Promise<void> {
  const { layout, clock, work } = site;
  const bytes = await readRelease(release);
  // The form that every machine can unpack is a third larger.
  const stdin =
    by === "zstd"
      ? bytes
      : gzipSync(zstdDecompressSync(bytes, { maxOutputLength: maxProgram }), { level: 6 });
  const timeoutMs = 15 * minute;
  const size = `${Math.round(stdin.length / 1e6)} MB`;
  work.waiting(`the publisher ${release.version} is sent, ${size}`, clock.elapsed() + timeoutMs);
  const script = unpackScript(layout, { name: versionName(release), sum: release.program, by });
  await step(site, `installing the publisher ${release.version}`, script, { stdin, timeoutMs });
}

/** Its own present status; undefined where it does not answer. */
async function healthNow({ session, layout, work }: PublisherSite): Promise<Health | undefined> {
  const options = { timeoutMs: 30 * second, signal: work.signal };
  const { stdout } = await session.run(statusScript(layout), options);
  return parsePublisher(stdout).health;
}

/** What is expected of a publisher once it runs. */
interface Expected {
  /** Also certificates, which it had before. */
  readonly ready: boolean;
  readonly timeoutMs: number;
}

function lacking(health: Health | undefined, { ready }: Expected): string | undefined {
  if (health === undefined) return "it does not answer";
  const { documents, unready } = health;
  if (!documents || (ready && !health.ready)) return unready.join(" ") || "it has not read the cluster yet";
  return undefined;
}

async function tail({ session, work }: PublisherSite, unit: string): Promise<string> {
  const options = { timeoutMs: 30 * second, signal: work.signal };
  return (await session.run(logScript(unit), options)).stdout;
}

async function untilHealthy(site: PublisherSite, expected: Expected): Promise<void> {
  const { clock, work } = site;
  await untilOnMachine({
    what: "the publisher",
    clock,
    timeoutMs: expected.timeoutMs,
    everyMs: 2 * second,
    work,
    look: async () => lacking(await healthNow(site), expected),
    tail: () => tail(site, unitNames.publisher),
  });
}

/** Restarts it behind its sockets, and waits until it is as expected. */
async function restart(site: PublisherSite, expected: Expected): Promise<void> {
  const { session, work } = site;
  const result = await session.run(restartScript, { timeoutMs: 2 * minute, signal: work.signal });
  if (result.code !== 0) {
    const stderr = `${result.stderr}\n${await tail(site, unitNames.publisher)}`;
    throw stepFailure(session.target, "starting the publisher", { ...result, stderr });
  }
  await untilHealthy(site, expected);
}

async function makeToken(site: PublisherSite): Promise<void> {
  const { session, clock, work } = site;
  await untilOnMachine({
    what: "the publisher's token",
    clock,
    timeoutMs: 3 * minute,
    everyMs: 3 * second,
    work,
    async look() {
      const result = await session.run(tokenScript, { timeoutMs: 90 * second, signal: work.signal });
      return result.code === 0 ? undefined : "the cluster's API did not give one";
    },
    tail: () => tail(site, unitNames.token),
  });
}

/** Puts back what ran before; returns how that ended, in a sentence. */
async function goBack(site: PublisherSite, before: PublisherState, name: string): Promise<string> {
  try {
    await step(site, "going back", backScript(site.layout, name, before.previous));
    await restart(site, { ready: before.health?.ready === true, timeoutMs: minute });
    return `${name} runs again`;
  } catch (error) {
    site.work.signal.throwIfAborted();
    return `${name} was put back and does not run either: ${errorText(error)}`;
  }
}

/** Says nothing about the publisher: the next run continues with it. */
const isConnection = (error: unknown): boolean =>
  error instanceof PodtrustError && error.code.startsWith("ssh-");

/** Restarts what was changed; where it does not become ready, what ran before comes back. Throws `publisher-upgrade`. */
async function restartOrGoBack(
  site: PublisherSite,
  spec: HostPublisherSpec,
  before: PublisherState,
): Promise<void> {
  const wasReady = before.health?.ready === true;
  const timeoutMs = wasReady ? 90 * second : 3 * minute;
  try {
    await restart(site, { ready: wasReady, timeoutMs });
  } catch (cause) {
    site.work.signal.throwIfAborted();
    if (isConnection(cause)) throw cause;
    const { current } = before;
    // What did not run before is no better.
    if (current === undefined || before.health === undefined) throw cause;
    const ended = await goBack(site, before, current);
    throw new PodtrustError(
      "publisher-upgrade",
      `${targetText(site.session.target)}: the publisher did not become ready after it was changed; ${ended}. ${errorText(cause)}`,
      { cause, detail: { specified: spec.version, before: current } },
    );
  }
}

async function writeFiles(
  { session, work }: PublisherSite,
  spec: HostPublisherSpec,
  state: PublisherState,
): Promise<readonly string[]> {
  const changed = changedFiles(spec, state);
  for (const { path, text, mode, owner } of changed)
    await session.put(path, text, { mode, owner, signal: work.signal });
  return changed.map(({ path }) => path);
}

/** Makes systemd reload its units; sockets that changed are opened anew. */
async function settleUnits(
  site: PublisherSite,
  spec: HostPublisherSpec,
  before: PublisherState,
  written: readonly string[],
): Promise<void> {
  const units = written
    .filter((path) => path.startsWith(`${site.layout.units}/`))
    .map((path) => basename(path));
  if (units.length + idleUnits(spec, before).length === 0) return;
  const open = units.filter((unit) => unit.endsWith(".socket") && before.units[unit]?.active === "active");
  await step(site, "enabling units", unitsScript(spec.enabled, open));
}

/** Puts program, config and units in place, and switches to them; gives whether anything of them is new. */
async function place(site: PublisherSite, spec: HostPublisherSpec, before: PublisherState): Promise<boolean> {
  const { layout } = site;
  const release = isOtherProgram(spec, before) ? releaseFor(spec, before) : undefined;
  if (release !== undefined) await sendProgram(site, release, before.unpacks);
  await step(site, "keeping the config", beginScript(layout));
  const surplus = surplusUnits(spec, before);
  if (surplus.length > 0) await step(site, "dropping units", dropUnitsScript(layout, surplus));
  const written = await writeFiles(site, spec, before);
  if (release !== undefined) await step(site, "switching", switchScript(layout, versionName(release)));
  await settleUnits(site, spec, before, written);
  return release !== undefined || written.length + surplus.length > 0;
}

/**
 * Makes the publisher on a machine the specified one, and skips what is done already. A change that keeps it from
 * becoming ready is undone. Throws `publisher-release`, `publisher-upgrade`, `host-*`, `ssh-*`.
 */
export async function applyPublisher(site: PublisherSite, spec: HostPublisherSpec): Promise<void> {
  const { session, layout, work } = site;
  const paths = spec.files.map(({ path }) => path);
  const before = await inspectPublisher(session, layout, paths, work.signal);
  const owner = ownershipComment.of(spec);
  await step(site, "preparing", prepareScript(layout, owner), { timeoutMs: aptTimeoutMs });
  const isNew = await place(site, spec, before);
  await makeToken(site);
  if (isNew || before.isChanging || before.health === undefined) await restartOrGoBack(site, spec, before);
  else await untilHealthy(site, { ready: false, timeoutMs: 3 * minute });
  await step(site, "tidying up", tidyScript(layout, surplusFiles(spec, before)));
}

/**
 * Makes the previous version run again, and returns its name. Where that does not become ready, what ran comes back.
 * Throws `publisher-rollback` where there is none, `publisher-upgrade`, `host-*`, `ssh-*`.
 */
export async function rollBack(site: PublisherSite): Promise<{ readonly from: string; readonly to: string }> {
  const { session, layout, work } = site;
  const before = await inspectPublisher(session, layout, [], work.signal);
  const { current, previous } = before;
  if (current === undefined || previous === undefined || previous === current) {
    throw new PodtrustError(
      "publisher-rollback",
      `${targetText(session.target)}: there is no version before ${current ?? "the first"}`,
    );
  }
  await step(site, "keeping the config", keepConfigScript(layout));
  await step(site, "switching", switchScript(layout, previous));
  try {
    await restart(site, { ready: before.health?.ready === true, timeoutMs: 90 * second });
  } catch (cause) {
    work.signal.throwIfAborted();
    if (isConnection(cause)) throw cause;
    const ended = await goBack(site, before, current);
    throw new PodtrustError(
      "publisher-upgrade",
      `${targetText(session.target)}: ${previous} did not become ready; ${ended}. ${errorText(cause)}`,
      { cause, detail: { specified: previous, before: current } },
    );
  }
  return { from: current, to: previous };
}
