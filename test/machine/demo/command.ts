import { join } from "node:path";
import type { Command } from "commander";
import { defined, mapped } from "../../../src/core/base/index.ts";
import {
  type ActionContext,
  type CommandTree,
  packageVersion,
  releaseFolder,
} from "../../../src/core/command-line/index.ts";
import { printEvent } from "../../../src/cli/demo/printing.ts";
import type { BootFiles } from "./kit.ts";
import { runBooted } from "./booted-demo.ts";

interface TypedOptions {
  readonly image?: string;
  readonly k3s?: string;
  readonly release?: string;
}

/** What was named for the machine. */
function filesOf(context: ActionContext, { image, k3s, release }: TypedOptions): BootFiles {
  return {
    ...defined({
      image: mapped(image, (path) => context.path(path)),
      k3s: mapped(k3s, (path) => context.path(path)),
    }),
    release: {
      version: packageVersion(),
      folder: release === undefined ? releaseFolder() : context.path(release),
    },
  };
}

/** What runs the workload's `podtrust job`: podtrust, and not this demo, which has no other command. */
export const workloadProgram: readonly string[] = [
  process.execPath,
  join(import.meta.dirname, "..", "..", "..", "src", "cli", "main.ts"),
];

async function runMachineDemo(context: ActionContext, options: TypedOptions): Promise<void> {
  const { env, output, signal, clock } = context;
  await runBooted({
    program: workloadProgram,
    clock,
    logger: context.logger("error"),
    signal,
    env,
    files: filesOf(context, options),
    onEvent(event) {
      printEvent(output, event, {});
      if (event.kind === "finished") output.result(event.report);
    },
  });
}

/** `npm run demo:machine`: the story of `podtrust demo --from-nothing` on a machine that boots, for who works on podtrust. */
export const machineDemo: CommandTree = {
  name: "demo:machine",
  description:
    "Tell the guide's seven steps on a machine that boots, in QEMU: k3s and the publisher are set up on it over SSH.",
  groups: [],
  root(program: Command, context: ActionContext) {
    program
      .option(
        "--image <file>",
        "disk image that it boots: Debian or Ubuntu for amd64 with cloud-init, raw or qcow2",
      )
      .option("--k3s <file>", "binary of k3s for amd64 that runs on it")
      .option(
        "--release <folder>",
        "folder with the publisher that npm run release built (default: dist-release)",
      )
      .action((options: TypedOptions) => runMachineDemo(context, options));
  },
};
