import type { Command } from "commander";
import { PodtrustError } from "../../base/index.ts";
import type { CommandContext } from "../context.ts";

interface Flags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly keep?: true;
}

async function untilEnded(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function tellDemo(context: CommandContext, { kubeconfig, context: name, keep }: Flags): Promise<void> {
  if (kubeconfig === undefined && name !== undefined) {
    throw new PodtrustError("usage", `--context ${name} goes with --kubeconfig`, {
      next: "Name the kubeconfig too, or leave both out for the stand-in cluster.",
    });
  }
  const { keptLines, runDemo, tellEvent } = await import("../../demo/index.ts");
  const { json, output, progress, signal } = context;
  const width = Math.min(context.stdout.columns ?? 100, 120);
  await runDemo({
    program: context.program,
    clock: context.clock,
    logger: await context.logger("error"),
    signal,
    tell: (event) => {
      for (const line of tellEvent(event, output.style, width)) output.line(line);
      if (event.kind === "closing") output.result(event.story);
    },
    ...(kubeconfig === undefined ? {} : { kubeconfig: context.path(kubeconfig) }),
    ...(name === undefined ? {} : { context: name }),
    ...(keep === undefined
      ? {}
      : {
          keep: async (stage) => {
            // With --json standard output is the story's object alone.
            for (const line of keptLines(stage)) (json ? progress : output).line(line);
            await untilEnded(signal);
          },
        }),
  });
}

/** `podtrust demo`: the whole story on this machine. */
export function defineDemo(program: Command, context: CommandContext): void {
  program
    .command("demo")
    .description(
      "tell the whole story on this machine: a cluster that AWS trusts, one let in, the others refused",
    )
    .option("--kubeconfig <file>", "a real cluster in place of the stand-in, under its own issuer")
    .option("--context <name>", "the context of that kubeconfig")
    .option("--keep", "leave everything running and say how to point aws, kubectl and a browser at it")
    .action((flags: Flags) => tellDemo(context, flags));
}
