import { isRecord, type JsonRecord, recordOf } from "../../core/base/index.ts";

/** What systemd would start a server of k3s or RKE2 with, and what of it runs now. */
export interface ServerUnit {
  /** `k3s.service` */
  readonly name: string;
  /** The words of ExecStart, the program first. */
  readonly command: readonly string[];
  /** `NAME=value`, from Environment. */
  readonly environment: readonly string[];
  /** Paths of EnvironmentFile. */
  readonly environmentFiles: readonly string[];
  /** Its own file and those of its drop-ins. */
  readonly files: readonly string[];
  /** A file of it was changed since systemd read it. */
  readonly needsReload: boolean;
  /** Of the process that runs; 0 where none does. */
  readonly mainPid: number;
  /** When that process began, milliseconds since the epoch; 0 where none has. */
  readonly startedAt: number;
}

/** The properties of a unit that are read, by their interface of systemd's D-Bus API, in the order in which they are asked for. */
export const unitProperties = {
  Unit: ["Id", "FragmentPath", "DropInPaths", "NeedDaemonReload"],
  Service: ["ExecStart", "Environment", "EnvironmentFiles", "MainPID", "ExecMainStartTimestamp"],
} as const;

type UnitProperty = (typeof unitProperties)[keyof typeof unitProperties][number];

const names: readonly UnitProperty[] = Object.values(unitProperties).flat();

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;

/** A line that `busctl --json=short` prints: `{"type":"u","data":40}`. */
function propertyOf(line: string): unknown {
  try {
    const read: unknown = JSON.parse(line);
    return isRecord(read) ? read["data"] : undefined;
  } catch {
    return undefined;
  }
}

/** A unit with one ExecStart is a server's; the first member of each is its path, the second its words. */
function commandOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length !== 1) return undefined;
  const [only] = value as readonly unknown[];
  return Array.isArray(only) ? textsOf(only[1]) : undefined;
}

function pathsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return textsOf(value.map((one: unknown) => (Array.isArray(one) ? (one[0] as unknown) : undefined)));
}

/**
 * Reads a unit from the properties that `busctl --json=short get-property` printed, one a line, in the order of `unitProperties`.
 * Undefined where one of them is of another form, or the unit starts no single program. Source: org.freedesktop.systemd1(5), as
 * systemd 252 answers.
 */
export function readUnit(lines: readonly string[]): ServerUnit | undefined {
  const said: JsonRecord = recordOf(
    Object.fromEntries(names.map((name, index) => [name, propertyOf(lines[index] ?? "")])),
  );
  const one = (name: UnitProperty): unknown => said[name];
  const [command, environment, dropIns] = [
    commandOf(one("ExecStart")),
    textsOf(one("Environment")),
    textsOf(one("DropInPaths")),
  ];
  const environmentFiles = pathsOf(one("EnvironmentFiles"));
  const [id, fragment, mainPid, started] = [
    one("Id"),
    one("FragmentPath"),
    one("MainPID"),
    one("ExecMainStartTimestamp"),
  ];
  if (command === undefined || environment === undefined || dropIns === undefined) return undefined;
  if (environmentFiles === undefined || typeof id !== "string" || typeof fragment !== "string")
    return undefined;
  if (typeof mainPid !== "number" || typeof started !== "number") return undefined;
  return {
    name: id,
    command,
    environment,
    environmentFiles,
    files: [fragment, ...dropIns],
    needsReload: one("NeedDaemonReload") !== false,
    mainPid,
    startedAt: Math.round(started / 1000),
  };
}

/** Whether a unit runs a server, and not an agent, which the same program is. */
export const runsServer = ({ command }: ServerUnit): boolean => command[1] === "server";
