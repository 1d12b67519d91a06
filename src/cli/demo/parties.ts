import { PodtrustError, setting } from "../../core/base/index.ts";
import { runPartiesDemo } from "../../demo/index.ts";
import type { CommandContext } from "../context.ts";
import type { DemoCommandOptions } from "./options.ts";
import { printPartiesEvent } from "./parties-printing.ts";

/** Options that do not go with --for, as they are typed. */
const others = {
  kubeconfig: "--kubeconfig",
  context: "--context",
  keep: "--keep",
  fromNothing: "--from-nothing",
  cluster: "--cluster",
  watchRotation: "--watch-rotation",
  yes: "--yes",
} as const satisfies Partial<Record<keyof DemoCommandOptions, string>>;

/** `podtrust demo --for`. Throws `usage` beside what `runPartiesDemo` throws. */
export async function demoOfParties(context: CommandContext, options: DemoCommandOptions): Promise<void> {
  const names = Object.keys(others) as (keyof typeof others)[];
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined)
    throw new PodtrustError("usage", `--for does not go with ${others[given]}`, {
      next: "Leave one of them out: --for shows stand-ins, and ends by itself.",
    });
  const { output, signal, clock, program, env } = context;
  await runPartiesDemo({
    list: options.for ?? "",
    path: setting(env, "PATH") ?? "",
    program,
    clock,
    signal,
    logger: context.logger("error"),
    onEvent(event) {
      printPartiesEvent(output, event);
      if (event.kind === "parties-shown") output.result(event.report);
    },
  });
}
