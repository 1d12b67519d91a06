import { type Clock, PodtrustError } from "../../../core/base/index.ts";
import type { Work } from "../../../rules/plan/index.ts";
import { aptTimeoutMs } from "../apt.ts";
import type { HostConnection } from "../connection.ts";
import { type RunOptions, type ScriptResult, type SshSession, stepFailure } from "../session.ts";
import { checkRoom, type RoomNeed } from "../room.ts";
import { targetText } from "../target.ts";
import { untilOnMachine } from "../until.ts";
import * as scripts from "./scripts.ts";
import {
  checkSupported,
  isLoginShut,
  needsPackages,
  parseSystem,
  systemMark,
  type SystemState,
} from "./state.ts";
import type { SystemSpec } from "./spec.ts";

const minute = 60_000;

/** A machine whose system is worked at. */
export interface SystemSite {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly spec: SystemSpec;
  readonly work: Work;
}

type Step = Pick<RunOptions, "timeoutMs">;

async function step(
  session: SshSession,
  what: string,
  script: string,
  options: Step & Pick<Work, "signal">,
): Promise<ScriptResult> {
  const result = await session.run(script, options);
  if (result.code !== 0) throw stepFailure(session.target, what, result);
  return result;
}

/** Looks at a machine's system. */
export async function inspectSystem(session: SshSession, signal: AbortSignal): Promise<SystemState> {
  const result = await step(session, "looking at the system", scripts.systemScript, {
    timeoutMs: minute,
    signal,
  });
  return parseSystem(result.stdout);
}

/** Waits until cloud-init has ended: its changes to users, keys and packages would interfere. */
async function firstBoot(session: SshSession, { clock, work }: SystemSite): Promise<void> {
  const options = { timeoutMs: minute, signal: work.signal };
  const tail = async (): Promise<string> => (await session.run(scripts.firstBootTail, options)).stdout;
  await untilOnMachine({
    what: "the first boot",
    clock,
    timeoutMs: 10 * minute,
    everyMs: 2000,
    work,
    async look() {
      const said = (await step(session, "asking cloud-init", scripts.firstBootScript, options)).stdout.trim();
      if (["done", "disabled", "absent"].includes(said)) return undefined;
      if (said === "error") {
        const log = (await tail()).trim().replaceAll("\n", "\n  ");
        throw new PodtrustError(
          "host-command-failed",
          `${targetText(session.target)}: cloud-init failed:\n  ${log}`,
        );
      }
      return `cloud-init is ${said}`;
    },
    tail,
  });
}

/**
 * Gives the machine a host key that was in no user data. Both keys are pinned and remembered while one takes the
 * other's place, so that a run that ends anywhere in between finds the machine again.
 */
async function rotateHostKey(
  session: SshSession,
  { connection, work }: SystemSite,
  { hostKey }: SystemState,
): Promise<void> {
  const options = { timeoutMs: minute, signal: work.signal };
  if (hostKey !== undefined) {
    // All but the last step was done.
    const shown = await step(session, "reading the host key", scripts.shownKeyScript, options);
    await connection.pinOnly(shown.stdout.trim(), work);
    return;
  }
  const made = await step(session, "making a host key", scripts.nextKeyScript, options);
  const next = made.stdout.trim();
  const fingerprint = await connection.pinBeside(next, work);
  await step(session, "replacing the host key", scripts.rotateScript(fingerprint), options);
  await connection.pinOnly(next, work);
}

async function shutLogin(session: SshSession, { spec, work }: SystemSite): Promise<void> {
  const { signal } = work;
  const text = [
    systemMark(spec).trimEnd(),
    `PermitRootLogin ${spec.isRootUsed ? "prohibit-password" : "no"}`,
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "",
  ].join("\n");
  await session.put(scripts.sshdPath, text, { mode: 0o644, signal });
  await step(session, "reloading sshd", scripts.reloadScript, { timeoutMs: minute, signal });
  const state = await inspectSystem(session, signal);
  if (isLoginShut(state, spec)) return;
  const sentence = `${targetText(session.target)}: sshd still has PermitRootLogin ${state.rootLogin}, PasswordAuthentication ${state.passwordLogin}, KbdInteractiveAuthentication ${state.keyboardLogin}: another file of /etc/ssh/sshd_config.d, or sshd_config before its Include, says so first`;
  throw new PodtrustError("host-command-failed", sentence, {
    next: "Take those lines out there; sshd -T shows what is in effect. Then run the same command again.",
  });
}

// AWS refuses a token from more than five minutes in the future.
const clockTolerance = 60;

async function setClock(session: SshSession, { clock, work }: SystemSite): Promise<void> {
  const off = async (): Promise<number> =>
    Math.abs((await inspectSystem(session, work.signal)).clock - clock.now() / 1000);
  if ((await off()) <= clockTolerance) return;
  await session.run(scripts.clockScript, { timeoutMs: minute, signal: work.signal });
  await untilOnMachine({
    what: "the machine's clock",
    clock,
    timeoutMs: 3 * minute,
    everyMs: 3000,
    work,
    async look() {
      const seconds = await off();
      return seconds <= clockTolerance ? undefined : `it is ${Math.round(seconds)} s off`;
    },
    next: "Let the machine reach a time server (UDP port 123), or set its clock by hand; AWS refuses tokens of another time. Then run the same command again.",
  });
}

async function packages(session: SshSession, { clock, work }: SystemSite, state: SystemState): Promise<void> {
  const { lacks, upgradesItself } = state;
  if (!needsPackages(state)) return;
  const what = lacks.length === 0 ? "security upgrades are switched on" : `${lacks.join(", ")}: installed`;
  work.waiting(what, clock.elapsed() + aptTimeoutMs);
  const text = `// podtrust\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n`;
  if (!upgradesItself) await session.put(scripts.aptPath, text, { mode: 0o644, signal: work.signal });
  await step(session, "installing packages", scripts.packagesScript(lacks), {
    timeoutMs: aptTimeoutMs,
    signal: work.signal,
  });
}

/** Asks the machine to go down. It may be down, with the connection, before it has answered. */
async function askForReboot(session: SshSession, signal: AbortSignal): Promise<void> {
  try {
    await session.run(scripts.rebootScript, { timeoutMs: minute, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError) || error.code !== "ssh-lost") throw error;
  }
}

/** Starts the machine anew and waits until it is back with another boot. */
async function reboot(
  session: SshSession,
  { connection, clock, work }: SystemSite,
  boot: string,
): Promise<void> {
  await askForReboot(session, work.signal);
  await untilOnMachine({
    what: "the reboot after the upgrade",
    clock,
    timeoutMs: 10 * minute,
    everyMs: 3000,
    work,
    async look() {
      try {
        await connection.close();
        const again = await connection.required(work.inputs, work.signal);
        return (await inspectSystem(again, work.signal)).boot === boot ? "it is going down" : undefined;
      } catch (error) {
        work.signal.throwIfAborted();
        // A machine that is going down refuses logins, and kills what runs on it.
        if (!(error instanceof PodtrustError) || error.code === "ssh-host-key") throw error;
        return "it does not answer yet";
      }
    },
  });
}

async function upgrade(session: SshSession, site: SystemSite): Promise<void> {
  const { clock, work } = site;
  const timeoutMs = 30 * minute;
  work.waiting("every package of the image is upgraded", clock.elapsed() + timeoutMs);
  await step(session, "upgrading packages", scripts.upgradeScript, { timeoutMs, signal: work.signal });
  const { needsReboot, boot } = await inspectSystem(session, work.signal);
  if (needsReboot) await reboot(session, site, boot);
  const now = await site.connection.required(work.inputs, work.signal);
  await step(now, "remembering the upgrade", scripts.upgradedScript, {
    timeoutMs: minute,
    signal: work.signal,
  });
}

/** What packages take, generously: a disk that is full in the middle of an upgrade is a machine to be repaired by hand. */
function roomNeeds(state: SystemState, { isFresh }: SystemSpec): readonly RoomNeed[] {
  const { isUpgraded } = state;
  const what = isFresh && !isUpgraded ? "the image's upgrade" : "packages";
  const mib = isFresh && !isUpgraded ? 512 : 128;
  return [
    { path: "/etc", mib: 1, what: "its files" },
    ...(!needsPackages(state) && (!isFresh || isUpgraded)
      ? []
      : ["/usr", "/var"].map((path) => ({ path, mib, what }))),
  ];
}

/** Makes a machine's system the specified one, and skips what is done already. Throws `host-*`, `ssh-*`. */
export async function applySystem(site: SystemSite): Promise<void> {
  const { connection, spec, work } = site;
  const session = await connection.awaited(work);
  await firstBoot(session, site);
  const state = await inspectSystem(session, work.signal);
  checkSupported(state);
  checkRoom(session.target, state.rooms, roomNeeds(state, spec));
  // The mark of ownership comes first, so that an interrupted run finds its own.
  const mark = systemMark(spec);
  if (state.mark !== mark) {
    await session.put(scripts.markPath, mark, { mode: 0o644, signal: work.signal });
  }
  if (spec.isFresh && (state.hostKey === undefined || connection.isHostKeyOpen(work.inputs))) {
    await rotateHostKey(session, site, state);
  }
  const now = await connection.required(work.inputs, work.signal);
  if (!isLoginShut(state, spec)) await shutLogin(now, site);
  await setClock(now, site);
  await packages(now, site, state);
  if (spec.isFresh && !state.isUpgraded) await upgrade(now, site);
}
