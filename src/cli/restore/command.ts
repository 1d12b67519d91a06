import type { Command } from "commander";
import type { ShownKeys } from "../../backup/index.ts";
import type { Config } from "../../config/index.ts";
import type { EarlierRoles } from "../../operator/bindings/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { RestorePlan, RestoreStep } from "../../publisher/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import { defined, isoTime } from "../../core/base/index.ts";
import { confirm, rich, yellow } from "../../core/terminal/index.ts";
import type { IdentityOptions } from "../backup/open.ts";
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

/** A backup as it is shown before anything is asked. */
interface ShownBackup {
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly hasRotation: boolean;
  /** Who vouches for it, in a sentence. */
  readonly signature: string;
}

/** What of the backup is not taken, since nothing but the backup says it. */
function printLeft({ output }: CommandContext, { left, withheld, signedSince }: RestorePlan): void {
  for (const kid of withheld)
    output.line(
      `${kid} is distrusted in the backup, and published on: no key that is shown now would be left. If it is to go, list it in publisher.distrusted.`,
    );
  if (left.length === 0) return;
  const why =
    signedSince === undefined
      ? "anyone who knows a recipient can write a backup"
      : `the signature counts for keys that were seen since ${isoTime(signedSince)} alone`;
  output.line(
    rich`${yellow("Not taken")}, since neither the cluster nor the issuer shows these keys now, and ${why}:`,
  );
  for (const { kid, id } of left) output.line(kid === id ? `  ${kid}` : `  ${kid}, whose ID is ${id}`);
  output.line(
    "AWS trusts what is published. Take a key only if you know its ID from elsewhere: the same command with --key ID for each.",
  );
}

function printPlan(context: CommandContext, plan: RestorePlan, backup: ShownBackup): void {
  const { output } = context;
  const { madeAt, hasRotation, signature } = backup;
  output.line(`The backup is of ${isoTime(madeAt)}. ${signature}`);
  for (const { what, of, does, why } of plan.steps)
    output.line(`  ${what} (${of}): ${words[does]}${why === undefined ? "" : `: ${why}`}`);
  if (hasRotation) output.line("  rotation: is not used: the servers remember it themselves");
  output.line("Published until the cluster has answered:");
  for (const kid of plan.published) output.line(`  ${kid}`);
  for (const kid of plan.distrusted) output.line(`  ${kid}, distrusted: it stays out`);
  printLeft(context, plan);
  output.line(
    "What was distrusted after it was made is known by publisher.distrusted and publisher.distrustSecret alone.",
  );
}

/** The cluster of a config: what opens it reaches all of a stack, which help goes without. */
async function clusterOfConfig(context: CommandContext, config: Config): Promise<KubernetesApi> {
  const { clusterOf } = await import("../options/cluster.ts");
  return clusterOf(context, config);
}

/** The keys that the config's cluster and its issuer show now. */
async function shownNow(context: CommandContext, config: Config, options: RouteOptions): Promise<ShownKeys> {
  const { shownKeys } = await import("../../backup/index.ts");
  const { publisherOf } = await import("../../config/index.ts");
  const { openKubernetes } = await import("../../providers/kubernetes/index.ts");
  const { consentOf } = await import("../options/consent.ts");
  const { env, clock, signal } = context;
  const route = await routeOf(context, options);
  const cluster = async (inTime: AbortSignal): Promise<Uint8Array> => {
    const api =
      config.cluster === undefined
        ? await openKubernetes(publisherOf(config).source, { env, clock, consent: consentOf(context) })
        : await clusterOfConfig(context, config);
    return (await api.oidcDocuments({ signal: inTime })).jwks;
  };
  return shownKeys({ issuer: config.issuer, route, cluster, signal });
}

/** Roles that bindings of a lost cluster left in a config's accounts; undefined if it names none. Read-only. */
async function rolesLeft(context: CommandContext, config: Config): Promise<EarlierRoles | undefined> {
  if (config.aws.length === 0) return undefined;
  const { earlierRoles } = await import("../../operator/bindings/index.ts");
  const { clock, env, signal, progress } = context;
  const notice = (text: string): void => progress.line(`note: ${text}`, 6);
  const cluster = config.cluster === undefined ? undefined : () => clusterOfConfig(context, config);
  return earlierRoles({ config, clock, env, notice }, cluster, signal);
}

/** Names each of them, and says what happens to it. */
function printRolesLeft({ output }: CommandContext, { roles, unseen }: EarlierRoles): void {
  for (const sentence of unseen) output.line(sentence);
  if (roles.length === 0) return;
  output.line("IAM has roles of bindings that are not in the cluster:");
  for (const { arn, binding } of roles) output.line(`  ${arn}, of ${binding.namespace}/${binding.name}`);
  output.line(
    "Put the AWSTrust and the bindings into the cluster: each takes its own role. The others stay until you consent to their deletion.",
  );
}

/** `podtrust restore FILE`. */
async function runRestore(context: CommandContext, name: string, options: RestoreOptions): Promise<void> {
  const { checkOwn, hasRotation, restorePublisher, shownOf, signatureOf } =
    await import("../../backup/index.ts");
  const { signatureText } = await import("../backup/signer.ts");
  const { openFile } = await import("../backup/open.ts");
  const { withKept } = await import("../backup/publisher-state.ts");
  const { configOf } = await import("../options/config.ts");
  const { output } = context;
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  const contents = await openFile(context, name, options);
  const { madeAt } = contents;
  checkOwn(config, contents);
  if (contents.kind === "signing") {
    const { writeSigningFiles } = await import("./signing.ts");
    return writeSigningFiles(context, contents, options.to);
  }
  const left = await rolesLeft(context, config);
  const shown = await shownNow(context, config, options);
  for (const sentence of shown.unseen) output.line(sentence);
  const signature = signatureOf(contents, config.publisher?.backupSigners ?? []);
  const backup: ShownBackup = {
    madeAt,
    hasRotation: hasRotation(contents),
    signature: signatureText(signature),
  };
  const { done, isOnMachine } = await withKept(context, config, async (here) => ({
    ...here,
    done: await restorePublisher({
      config,
      deps: here.deps,
      contents,
      replace: options.replace ?? false,
      vouchers: { shown: shown.keys, ids: options.key ?? [] },
      async agree(plan) {
        printPlan(context, plan, backup);
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
  output.line(
    isOnMachine
      ? "Done. Where there is no publisher on the machine yet, podtrust up makes it."
      : "Done. Start the publisher: podtrust serve.",
  );
  if ((config.publisher?.formerIssuers ?? []).length > 0)
    output.line(
      "If its cluster is a new one, which still names an issuer of publisher.formerIssuers, its keys are held back: start it once with --accept-keys.",
    );
  output.result({ madeAt, signature, ...shownOf(done), ...defined({ earlierRoles: left }) });
}
