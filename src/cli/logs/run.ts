import { nearest, PodtrustError } from "../../core/base/index.ts";
import { openMachine } from "../../stack/index.ts";
import { runForLines, shownLines } from "../child.ts";
import type { CommandContext } from "../context.ts";
import { programExit } from "../../core/terminal/index.ts";
import { configOf } from "../options/config.ts";

export interface LogsOptions {
  readonly file: string;
  readonly follow?: boolean;
  readonly lines: string;
}

const journal = (unit: string) => (lines: string, follow: boolean) => [
  "journalctl",
  "--no-pager",
  "-o",
  "short-iso",
  "-n",
  lines,
  ...(follow ? ["-f"] : []),
  "-u",
  unit,
];

/** The program that shows each log. */
const logs: Readonly<Record<string, (lines: string, follow: boolean) => readonly string[]>> = {
  publisher: journal("podtrust-publisher"),
  k3s: journal("k3s"),
  bootstrap: (lines, follow) => [
    "tail",
    "-n",
    lines,
    ...(follow ? ["-F"] : []),
    "/var/log/cloud-init-output.log",
  ],
};

/** `podtrust logs [publisher|k3s|bootstrap] [-F]`. */
export async function runLogs(context: CommandContext, which: string, options: LogsOptions): Promise<void> {
  const { file, follow = false, lines } = options;
  const program = logs[which];
  if (program === undefined) {
    const near = nearest(which, Object.keys(logs));
    throw new PodtrustError("usage", `there is no log called ${which}`, {
      next: near === undefined ? "Name publisher, k3s or bootstrap." : `Did you mean ${near}?`,
    });
  }
  if (!/^\d{1,6}$/u.test(lines)) throw new PodtrustError("usage", `--lines ${lines} is no count`);
  const config = await configOf(context, file);
  const machine = await openMachine({ ...context, config });
  try {
    const words = [...(await machine.sshArguments()), ...machine.asRoot, ...program(lines, follow)];
    context.exitCode = programExit(await runForLines(context, "ssh", words, shownLines(context)));
  } finally {
    await machine.close();
  }
}
