import type { Command } from "commander";
import type { Stage } from "../../demo/index.ts";
import type { CommandContext } from "../context.ts";

interface Flags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly keep?: true;
}

function keptLines(stage: Stage): string[] {
  const rule = stage.connectTo.find((one) => one.port === 443);
  const via = `--connect-to ${rule?.host}:443:${rule?.address}:${rule?.toPort}`;
  return [
    "",
    "Everything goes on running until Ctrl-C. In another shell:",
    "",
    `  export AWS_ENDPOINT_URL=${stage.sandbox.url} AWS_REGION=eu-central-1 AWS_SHARED_CREDENTIALS_FILE=${stage.adminCredentials}`,
    "  aws iam list-roles",
    "",
    `  kubectl --kubeconfig ${stage.kubeconfig} create token demo-service-account --audience sts.amazonaws.com`,
    "",
    `  curl ${via} --cacert ${stage.rootFile} ${stage.issuer.discoveryUrl}`,
    "",
    `  a browser at ${stage.sandbox.url}/ shows what STS and IAM decided, and why`,
  ];
}

async function untilEnded(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
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
    .action(async ({ kubeconfig, context: name, keep }: Flags) => {
      const { runDemo, tellEvent } = await import("../../demo/index.ts");
      const { output, signal } = context;
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
                for (const line of keptLines(stage)) output.line(line);
                await untilEnded(signal);
              },
            }),
      });
    });
}
