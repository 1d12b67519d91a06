import type { Command } from "commander";
import { PodtrustError, nearest } from "../../core/base/index.ts";
import { programExit } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface LogsOptions {
  readonly file: string;
  readonly follow?: boolean;
  readonly lines: string;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  logs: {
    examples: ["podtrust logs", "podtrust logs k3s", "podtrust logs publisher --follow"],
    guide: "machine",
  },
};

/** `podtrust logs`: what the publisher, k3s, or the first boot said on the stack's machine. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[which]", "publisher, k3s or bootstrap (the machine's first boot)", "publisher")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("-F, --follow", "follow the log")
    .option("-n, --lines <count>", "how many earlier lines", "200")
    .action((which: string, options: LogsOptions) => runLogs(context, which, options));
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
async function runLogs(context: CommandContext, which: string, options: LogsOptions): Promise<void> {
  const { openMachine } = await import("../../stack/index.ts");
  const { runForLines, shownLines } = await import("../child.ts");
  const { configOf } = await import("../options/config.ts");
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
