import type { Command } from "commander";
import type { RestorePlan, RestoreStep } from "../../publisher/index.ts";
import type { ShownKeys } from "../../backup/index.ts";
import type { Config } from "../../config/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import { defined, isoTime } from "../../core/base/index.ts";
import { confirm, rich, yellow } from "../../core/terminal/index.ts";
import type { IdentityOptions } from "../backup/open.ts";
import type { RotationRestore } from "../backup/rotation.ts";
import type { CommandContext } from "../context.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { collect, withRoute } from "../options/stack.ts";

/** What was typed. */
interface RestoreOptions extends IdentityOptions, RouteOptions {
  readonly file?: string;
  readonly replace?: boolean;
  readonly to?: string;
  readonly key?: readonly string[];
  readonly yes?: boolean;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  restore: {
    examples: [
      "podtrust restore prod.age --identity backup-identity.txt",
      "podtrust restore prod.age -f prod.yaml --identity backup-identity.txt --yes",
      "podtrust restore prod.age --identity backup-identity.txt --key bZLRWIDFVGjLpGkLhY2yB1m4pCLlMSEr9xwMBE0u0Ys --yes",
    ],
    guide: "backup-and-restore",
  },
};

/** `podtrust restore FILE`: restores a publisher's backup, before the publisher is started. */
export function define(command: Command, context: CommandContext): void {
  withRoute(command)
    .argument("<file>", "the backup")
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("-i, --identity <file>", "file with the age identity that opens it")
    .option("--replace", "set aside an ACME account that differs from the backup's, and use the backup's")
    .option(
      "--key <id>",
      "take this key too, though neither the cluster nor the issuer shows it now; repeatable",
      collect,
    )
    .option("--to <dir>", "folder to write a backup of signing keys into; says where each file belongs")
    .option("-y, --yes", "do not ask")
    .action((file: string, options: RestoreOptions) => runRestore(context, file, options));
}

const words: Readonly<Record<RestoreStep["does"], string>> = {
  make: "is restored",
  merge: "is merged with the existing one",
  replace: "replaces the existing one, which is set aside",
  keep: "is not used",
  same: "exists already",
  leave: "is not used",
};

async function planned(context: CommandContext, config: Config, text: string): Promise<RotationRestore> {
  const { planRotation } = await import("../backup/rotation.ts");
  return planRotation(context, config, text);
}

/** What of the backup is not taken, since nothing but the backup says it. */
function printLeft({ output }: CommandContext, { left, withheld }: RestorePlan): void {
  for (const kid of withheld)
    output.line(
      `${kid} is distrusted in the backup, and published on: no key that is shown now would be left. If it is to go, list it in publisher.distrusted.`,
    );
  if (left.length === 0) return;
  output.line(
    rich`${yellow("Not taken")}, since neither the cluster nor the issuer shows these keys now, and anyone who knows a recipient can write a backup:`,
  );
  for (const { kid, id } of left) output.line(kid === id ? `  ${kid}` : `  ${kid}, whose ID is ${id}`);
  output.line(
    "AWS trusts what is published. Take a key only if you know its ID from elsewhere: the same command with --key ID for each.",
  );
}

function printPlan(
  context: CommandContext,
  plan: RestorePlan,
  madeAt: number,
  rotation: string | undefined,
): void {
  const { output } = context;
  output.line(`The backup is of ${isoTime(madeAt)}.`);
  for (const { what, of, does, why } of plan.steps)
    output.line(`  ${what} (${of}): ${words[does]}${why === undefined ? "" : `: ${why}`}`);
  if (rotation !== undefined) output.line(`  ${rotation}`);
  output.line("Published until the cluster has answered:");
  for (const kid of plan.published) output.line(`  ${kid}`);
  for (const kid of plan.distrusted) output.line(`  ${kid}, distrusted: it stays out`);
  printLeft(context, plan);
  output.line(
    "What was distrusted after it was made is known by publisher.distrusted and publisher.distrustSecret alone.",
  );
}

/** The keys that the config's cluster and its issuer show now. */
async function shownNow(context: CommandContext, config: Config, options: RouteOptions): Promise<ShownKeys> {
  const { shownKeys } = await import("../../backup/index.ts");
  const { publisherOf } = await import("../../config/index.ts");
  const { openKubernetes } = await import("../../providers/kubernetes/index.ts");
  const { clusterOf } = await import("../options/cluster.ts");
  const { consentOf } = await import("../options/consent.ts");
  const { env, clock, signal } = context;
  const route = await routeOf(context, options);
  const cluster = async (inTime: AbortSignal): Promise<Uint8Array> => {
    const api =
      config.cluster === undefined
        ? await openKubernetes(publisherOf(config).source, { env, clock, consent: consentOf(context) })
        : await clusterOf(context, config);
    return (await api.oidcDocuments({ signal: inTime })).jwks;
  };
  return shownKeys({ issuer: config.issuer, route, cluster, signal });
}

/** `podtrust restore FILE`. */
async function runRestore(context: CommandContext, name: string, options: RestoreOptions): Promise<void> {
  const { checkOwn, restorePublisher, rotationIn, shownOf } = await import("../../backup/index.ts");
  const { openFile } = await import("../backup/open.ts");
  const { withKept } = await import("../backup/publisher-state.ts");
  const { configOf } = await import("../options/config.ts");
  const { printRolesLeft, rolesLeft } = await import("./earlier-roles.ts");
  const { output } = context;
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  const contents = await openFile(context, name, options);
  const { madeAt } = contents;
  checkOwn(config, contents);
  if (contents.kind === "signing") {
    const { writeSigningFiles } = await import("./signing.ts");
    return writeSigningFiles(context, contents, options.to);
  }
  const kept = rotationIn(contents);
  const rotation = kept === undefined ? undefined : await planned(context, config, kept);
  const left = await rolesLeft(context, config);
  const shown = await shownNow(context, config, options);
  for (const sentence of shown.unseen) output.line(sentence);
  const { done, isOnMachine } = await withKept(context, config, async (here) => ({
    ...here,
    done: await restorePublisher({
      config,
      deps: here.deps,
      contents,
      replace: options.replace ?? false,
      vouchers: { shown: shown.keys, ids: options.key ?? [] },
      async agree(plan) {
        printPlan(context, plan, madeAt, rotation?.says);
        if (left !== undefined) printRolesLeft(context, left);
        if (here.isOnMachine) output.line("The publisher on the machine is stopped for it, if there is one.");
        return options.yes === true || confirm(context, "restore", "Put it back?");
      },
    }),
  }));
  if (done === undefined) {
    context.exitCode = 1;
    output.line("Nothing was done.");
    return;
  }
  await rotation?.apply();
  output.line(
    isOnMachine
      ? "Done. Where there is no publisher on the machine yet, podtrust up makes it."
      : "Done. Start the publisher: podtrust serve.",
  );
  if ((config.publisher?.formerIssuers ?? []).length > 0)
    output.line(
      "If its cluster is a new one, which still names an issuer of publisher.formerIssuers, its keys are held back: start it once with --accept-keys.",
    );
  output.result({ madeAt, ...shownOf(done), ...defined({ earlierRoles: left }) });
}
