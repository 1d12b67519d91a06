import { PodtrustError, shellWord } from "../../core/base/index.ts";
import {
  type Behaviour,
  type MachineRuns,
  parseFlags,
  provedRuns,
  type RunningLook,
  type ServerStart,
  startLinePattern,
  startLineWords,
  type WhatRuns,
} from "../../rules/distribution/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import type { RancherReading } from "./rancher-start.ts";
import { changedAt } from "./running.ts";

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/** All that decides how k3s starts: files, and their folders, since a file that was deleted leaves only the time of its folder. */
function sourcesOf({ loaded, main, files }: RancherReading): readonly string[] {
  const paths = [...loaded.files, ...loaded.environmentFiles, main, ...files.map(({ path }) => path)];
  return [...new Set([...paths, ...paths.map(folderOf), `${main}.d`])];
}

/**
 * The words of the line by which k3s said at the present start of its unit with what it starts its API server: the first of its form,
 * since others write into that log later. They are compared, and name no file. Undefined where the journal has lost it.
 */
async function startLine(
  machine: ServerMachine,
  service: string,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const unit = shellWord(service.replace(/\.service$/u, ""));
  const script = `start=$(systemctl show -p InvocationID --value ${unit} 2>/dev/null || true)
[ -n "$start" ] || exit 0
line=$(journalctl -o cat _SYSTEMD_INVOCATION_ID="$start" 2>/dev/null | grep -E -m 1 ${shellWord(startLinePattern)}) || true
if [ -n "$line" ]; then printf 'line %s\\n' "$(printf %s "$line" | base64 -w0)"; fi
`;
  const [line = ""] = fieldsOf(await machine.run("looking at its API server", script, signal), "line");
  return startLineWords(line);
}

/** What a machine says of its API server, proved by how that behaves where nothing else can. `behave` gets k3s' program. */
export async function proved(
  { runs, ...machine }: MachineRuns,
  behave: (program: string) => Promise<Behaviour>,
): Promise<WhatRuns> {
  if (runs.kind !== "computed") return { ...machine, runs };
  const { startsSince, program } = runs;
  return { ...machine, runs: provedRuns({ starts: machine.starts, startsSince }, await behave(program)) };
}

/**
 * What k3s' API server will be started with, and what runs inside k3s' own process, which overwrites its command line. The computed
 * flags are those that run where the process is younger than all that it was started from, and behaves so (`provedRuns`).
 * Else the line that k3s logged at this start is compared. Throws `server-process` where its unit does not run, `ssh-*`, `host-*`.
 */
export async function k3sRuns(
  machine: ServerMachine,
  { reading, start }: { readonly reading: RancherReading; readonly start: ServerStart },
  signal: AbortSignal,
): Promise<MachineRuns> {
  const { mainPid, startedAt, name } = reading.loaded;
  if (mainPid === 0) {
    throw new PodtrustError("server-process", `${machine.text}: ${name} does not run`, {
      detail: { machine: machine.text },
    });
  }
  const starts = start.flags;
  const startsSince = await changedAt(machine, sourcesOf(reading), signal);
  const [program = "k3s"] = reading.unit.command;
  if (startedAt > startsSince) return { starts, runs: { kind: "computed", startsSince, program } };
  const words = await startLine(machine, reading.service, signal);
  const runs: RunningLook =
    words === undefined
      ? {
          kind: "not-looked-at",
          why: "k3s' log has lost the line by which it said with what it starts its API server",
          startsSince,
        }
      : { kind: "seen", flags: parseFlags(words) };
  return { starts, runs };
}
