import { dirname } from "node:path/posix";
import { PodtrustError, shellWord } from "../../../core/base/index.ts";
import type { Difference, Resource } from "../../../rules/plan/index.ts";
import type { HostConnection } from "../connection.ts";
import { type SshSession, stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { type HostLayout, unitNames } from "./layout.ts";

const minute = 60_000;

/**
 * systemd's range for users of services that have their own (`DynamicUser`): an earlier service that wrote backups had
 * such a user.
 */
const serviceUsers = { from: 61_184, to: 65_519 } as const;

/** A folder or link as it was found on the machine. */
interface PathFacts {
  readonly path: string;
  readonly uid: number;
  readonly mode: number;
  readonly device: string;
  /** As stat calls it: `directory`, `symbolic link`. */
  readonly type: string;
}

/** What is known of the path to the folder for backups. */
interface PathReading {
  /** The file system of the publisher's state. */
  readonly stateDevice: string;
  /** Whether root can write beside the folder: a file system may be mounted read-only. */
  readonly isWritable: boolean;
  /** Everything that exists of the path, from the folder itself up to the root directory. */
  readonly found: readonly PathFacts[];
}

/** Prints `state DEVICE`, `writable yes`, and `path UID MODE DEVICE PATH TYPE` of each name on the path. */
function pathScript({ state }: HostLayout, folder: string): string {
  return `set -u
here=${shellWord(state)}
while [ ! -d "$here" ]; do here=$(dirname "$here"); done
echo "state $(stat -L -c %d "$here")"
here=${shellWord(folder)}
[ ! -w ${shellWord(dirname(folder))} ] || echo "writable yes"
while :; do
  stat -c 'path %u %a %d %n %F' "$here" 2>/dev/null
  [ "$here" != / ] || break
  here=$(dirname "$here")
done
exit 0
`;
}

function parsePath(output: string): PathReading {
  const found: PathFacts[] = [];
  const said = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [key = "", uid = "", mode = "", device = "", path = "", ...type] = line.split(" ");
    if (key === "path")
      found.push({ path, uid: Number(uid), mode: Number.parseInt(mode, 8), device, type: type.join(" ") });
    else said.set(key, uid);
  }
  return { stateDevice: said.get("state") ?? "", isWritable: said.has("writable"), found };
}

interface Problem {
  readonly message: string;
  readonly next?: string;
}

const isOpen = ({ mode }: PathFacts): boolean => (mode & 0o022) !== 0;
const isSticky = ({ mode }: PathFacts): boolean => (mode & 0o1000) !== 0;

/** What is wrong with the folder itself, where it exists. */
function folderProblem(facts: PathFacts | undefined): Problem | undefined {
  if (facts === undefined) return undefined;
  const { path, uid, type } = facts;
  if (type !== "directory") return { message: `${path} is a ${type}`, next: "Name a folder of its own." };
  const isServices = uid >= serviceUsers.from && uid <= serviceUsers.to;
  if ((uid === 0 || isServices) && !isOpen(facts)) return undefined;
  return {
    message: `${path} belongs to user ${uid} and has mode ${facts.mode.toString(8)}: other users can write into it`,
    next: `Name a folder that is not there yet. Or give this one to root alone: chown root ${path} && chmod go-w ${path}.`,
  };
}

/** What is wrong with the folders above, which decide where the folder is. */
function aboveProblem({ found, stateDevice, isWritable }: PathReading, folder: string): Problem | undefined {
  const above = dirname(folder);
  const link = found.find(({ type }) => type === "symbolic link");
  if (link !== undefined)
    return {
      message: `${link.path} is a symbolic link`,
      next: "Name the folder by the path that it leads to.",
    };
  const place = found.find(({ path }) => path === above);
  if (place === undefined) return { message: `${above} is not there, so that nothing is mounted on it` };
  if (place.device === stateDevice)
    return { message: `${above} lies on the file system of the publisher's state, and is lost with it` };
  if (!isWritable)
    return {
      message: `${above} is mounted to be read alone`,
      next: "Mount it for writing, then run the same command again.",
    };
  const foreign = found.find(
    (one) => one.path !== folder && (one.uid !== 0 || (isOpen(one) && !isSticky(one))),
  );
  if (foreign === undefined) return undefined;
  return {
    message: `${foreign.path} belongs to user ${foreign.uid} and has mode ${foreign.mode.toString(8)}: others than root decide what is in it`,
    next: `Give it to root alone (chown root ${foreign.path} && chmod go-w ${foreign.path}), or name a folder elsewhere.`,
  };
}

/** Why backups cannot be put into a folder of the machine; undefined where they can. */
function problemOf(reading: PathReading, folder: string): Problem | undefined {
  return aboveProblem(reading, folder) ?? folderProblem(reading.found.find(({ path }) => path === folder));
}

const mountIt = (folder: string): string =>
  `Mount a disk or share on the machine (with nofail in /etc/fstab), and have publisher.backup.folder name a folder below its mount point: ${folder} for one that is mounted at ${dirname(folder)} or above. Then run the same command again.`;

/**
 * Makes the folder, of root's at first, unless the file system above it is now the state's. A service that runs already
 * sees it from its next start on.
 */
function makeScript({ state, units }: HostLayout, folder: string): string {
  const [path, unit] = [shellWord(folder), shellWord(`${units}/${unitNames.publisher}`)];
  return `set -eu
here=${shellWord(state)}
while [ ! -d "$here" ]; do here=$(dirname "$here"); done
if [ "$(stat -L -c %d "$here")" = "$(stat -c %d ${shellWord(dirname(folder))})" ]; then
  echo "its file system has gone away" >&2
  exit 1
fi
mkdir -m 0700 ${path}
if ! chown ${serviceUsers.from}:${serviceUsers.from} ${path} || ! chown 0:0 ${path}; then
  rmdir ${path}
  echo "its file system keeps no owners of files, or lets root set none" >&2
  exit 1
fi
if grep -qsxF ${shellWord(`ReadWritePaths=-${folder}`)} ${unit}; then systemctl try-restart ${unitNames.publisher}; fi
`;
}

/** A folder for backups as it was found: what is wrong with it, where something is. */
export interface BackupFolderState {
  readonly problem?: Problem;
}

export interface BackupFolderOptions {
  readonly connection: HostConnection;
  readonly spec: { readonly stack: string; readonly layout: HostLayout; readonly folder: string };
  readonly dependsOn: readonly string[];
}

/** The names of the folder for backups on a stack's machine, known without reading it. */
export function backupFolderNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return {
    id: `host/${stack}/backup-folder`,
    kind: "backup-folder",
    names: [`host/${stack}`, "host", "publisher"],
    link: "discovery",
  };
}

/**
 * The folder on a machine into which its publisher puts backups. It lies below a mounted file system other than the
 * state's; any other folder is refused, with `backup-folder`, before anything is changed. It is made and never deleted.
 */
export function backupFolderResource({
  connection,
  spec,
  dependsOn,
}: BackupFolderOptions): Resource<BackupFolderState> {
  const { layout, stack, folder } = spec;
  const look = async (session: SshSession, signal: AbortSignal): Promise<PathReading> => {
    const result = await session.run(pathScript(layout, folder), { timeoutMs: minute, signal });
    if (result.code !== 0) throw stepFailure(session.target, "looking at the folder for backups", result);
    return parsePath(result.stdout);
  };
  const refusal = ({ message, next = mountIt(folder) }: Problem): PodtrustError =>
    new PodtrustError("backup-folder", `publisher.backup.folder on the machine: ${message}`, {
      next,
      detail: { folder },
    });
  return {
    ...backupFolderNames(stack),
    dependsOn,
    needs: connection.locator.needs,
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const reading = await look(session, signal);
      const problem = problemOf(reading, folder);
      if (problem !== undefined) return { exists: true, state: { problem }, owner: { kind: "ours" } };
      if (!reading.found.some(({ path }) => path === folder)) return { exists: false };
      return { exists: true, state: {}, owner: { kind: "ours" } };
    },
    fingerprint: (state) => state,
    diff(observed): Difference {
      const fields = [{ field: "folder", before: undefined, after: folder }];
      if (!observed.exists) return { kind: "create", fields };
      const { problem } = observed.state;
      if (problem === undefined) return { kind: "none", fields: [] };
      return { kind: "update", fields, refusal: refusal(problem) };
    },
    async apply(_change, work) {
      const session = await connection.required(work.inputs, work.signal);
      const problem = problemOf(await look(session, work.signal), folder);
      if (problem !== undefined) throw refusal(problem);
      const result = await session.run(makeScript(layout, folder), {
        timeoutMs: minute,
        signal: work.signal,
      });
      if (result.code !== 0) {
        const why = result.stderr.trim().split("\n").at(-1) ?? "";
        throw refusal({ message: `${targetText(session.target)} cannot make ${folder}: ${why}` });
      }
    },
    // Backups outlive what they back up.
    delete: () => Promise.resolve(),
  };
}
