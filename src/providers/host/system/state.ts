import { defined, mapped, PodtrustError } from "../../../core/base/index.ts";
import {
  type Difference,
  type FieldChange,
  type Owner,
  ownershipComment,
  type StackOwner,
} from "../../../rules/plan/index.ts";
import { parseRooms, type Room } from "../room.ts";
import type { SystemSpec } from "./spec.ts";

/** The operating system of a machine as it was found. */
export interface SystemState {
  /** `debian`, `ubuntu` */
  readonly os: string;
  readonly release: string;
  readonly hasApt: boolean;
  /** The packages that are needed and not installed. */
  readonly lacks: readonly string[];
  /** The present boot's id. */
  readonly boot: string;
  /** Seconds since the epoch, as the machine counts. */
  readonly clock: number;
  /** The mark of its owner; undefined where there is none. */
  readonly mark?: string;
  /** cloud-init's state; undefined where there is none. */
  readonly firstBoot?: string;
  /** sshd's own terms for what is in effect. */
  readonly rootLogin: string;
  readonly passwordLogin: string;
  readonly keyboardLogin: string;
  /** Security upgrades are installed by themselves. */
  readonly upgradesItself: boolean;
  readonly isUpgraded: boolean;
  readonly needsReboot: boolean;
  /** The fingerprint of the host key that took the first one's place. */
  readonly hostKey?: string;
  readonly rooms: readonly Room[];
}

/** Reads what `systemScript` printed. */
export function parseSystem(output: string): SystemState {
  const said = new Map(
    output.split("\n").map((line): [string, string] => {
      const [key = "", ...rest] = line.split(" ");
      return [key, rest.join(" ").trim()];
    }),
  );
  const text = (key: string): string => said.get(key) ?? "";
  const lacks = text("lacks").split(" ").filter(Boolean);
  const [mark, firstBoot, hostKey] = ["mark", "first-boot", "host-key"].map((key) => said.get(key));
  return {
    os: text("os"),
    release: text("release"),
    hasApt: said.has("apt"),
    lacks,
    boot: text("boot"),
    clock: Number(text("clock")),
    ...defined({ mark: mapped(mark, (base64) => Buffer.from(base64, "base64").toString("utf8")), firstBoot }),
    rootLogin: text("permitrootlogin"),
    passwordLogin: text("passwordauthentication"),
    keyboardLogin: text("kbdinteractiveauthentication"),
    upgradesItself: !lacks.includes("unattended-upgrades") && !["", "0"].includes(text("unattended")),
    isUpgraded: said.has("upgraded"),
    needsReboot: said.has("reboot"),
    ...defined({ hostKey }),
    rooms: parseRooms(output),
  };
}

/** The file that marks a machine as a stack's. */
export function systemMark(stack: StackOwner): string {
  return `# ${ownershipComment.of(stack)}\n`;
}

/** The owner of the machine, by the first line of our mark. */
export function systemOwner({ mark = "" }: SystemState, stack: StackOwner): Owner {
  return ownershipComment.ownerOf((mark.split("\n")[0] ?? "").replace(/^# ?/u, ""), stack);
}

const rootOff = (state: SystemState, { isRootUsed }: SystemSpec): boolean =>
  state.rootLogin === "no" ||
  (isRootUsed && ["prohibit-password", "without-password"].includes(state.rootLogin));

/** Whether password logins are off, and root logins too (or, where podtrust logs in as root, by key alone). */
export function isLoginShut(state: SystemState, spec: SystemSpec): boolean {
  return rootOff(state, spec) && state.passwordLogin === "no" && state.keyboardLogin === "no";
}

/** Whether packages are to be installed, or those that upgrade the others to be switched on. */
export function needsPackages({ upgradesItself, lacks }: SystemState): boolean {
  return !upgradesItself || lacks.length > 0;
}

/** Refuses what podtrust cannot set up. Throws `host-unsupported`. */
export function checkSupported({ os, release, hasApt }: SystemState): void {
  if (hasApt) return;
  throw new PodtrustError(
    "host-unsupported",
    `the machine runs ${os || "an unknown system"} ${release}, which has no apt`,
  );
}

/** The steps of a new machine that are still to be done. */
function firstDay(found: SystemState | undefined, { isFresh }: SystemSpec): readonly FieldChange[] {
  const fields: FieldChange[] = [];
  if (!isFresh) return fields;
  if (found?.hostKey === undefined)
    fields.push({ field: "host key", before: "of the first boot", after: "a new one" });
  if (found?.isUpgraded !== true)
    fields.push({ field: "packages", before: "of the image", after: "upgraded" });
  return fields;
}

/** The packages that a machine of ours lacks, beyond the one that upgrades the others. */
function packageChange(found: SystemState | undefined): readonly FieldChange[] {
  const lacks = found?.lacks.filter((name) => name !== "unattended-upgrades") ?? [];
  if (lacks.length === 0) return [];
  return [{ field: "needed packages", before: `without ${lacks.join(", ")}`, after: "installed" }];
}

function loginChange(found: SystemState | undefined, spec: SystemSpec): readonly FieldChange[] {
  if (found !== undefined && isLoginShut(found, spec)) return [];
  const before = found && `root ${found.rootLogin}, passwords ${found.passwordLogin}`;
  const after = spec.isRootUsed ? "by key alone" : "by key alone, and not as root";
  return [{ field: "login", before, after }];
}

/** What would make the system as it was found the specified one. Without a state it is not known yet. */
export function systemDifference(state: SystemState | undefined, spec: SystemSpec): Difference {
  const found = state?.mark === undefined ? undefined : state;
  const mark = { field: "mark", before: found?.mark?.trim(), after: systemMark(spec).trim() };
  const upgrades = { field: "security upgrades", before: found && "by hand", after: "by themselves" };
  const fields = [
    ...(found === undefined || mark.before === mark.after ? [] : [mark]),
    ...loginChange(found, spec),
    ...(found?.upgradesItself === true ? [] : [upgrades]),
    ...packageChange(found),
    ...firstDay(found, spec),
  ];
  if (fields.length === 0) return { kind: "none", fields };
  return { kind: found === undefined ? "create" : "update", fields };
}
