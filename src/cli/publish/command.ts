import type { Command } from "commander";
import type { Config } from "../../config/index.ts";
import { PodtrustError, silentLogger } from "../../core/base/index.ts";
import { green, red, rich, yellow } from "../../core/terminal/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { UploadedOnce } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import type { PublishS3Options } from "./run.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "publish keys": {
    examples: [
      "podtrust publish keys",
      "podtrust publish keys -f staging.yaml --json",
      "podtrust publish keys --without KID",
    ],
    guide: "gcp",
  },
  "publish s3": {
    examples: ["podtrust publish s3", "podtrust publish s3 -f staging.yaml", "podtrust publish s3 --json"],
    guide: "publish-s3",
  },
};

/** `podtrust publish s3` and `publish keys`: upload the documents to a bucket, and the keys to relying parties, once. */
export function define(publish: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  publish
    .command("s3")
    .description("read the cluster once, and upload what differs to the bucket of the config")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates to verify the issuer with, in place of the public roots")
    .option("--no-verify", "do not check afterwards that the issuer can be read from outside")
    .addHelpText(
      "after",
      "\nKeys that the cluster no longer has stay for keyRetention, also those of other publishers.\n" +
        "podtrust serve does the same as a loop. Exits 3 when published, but not readable from outside.\n",
    )
    .action(async (options: PublishS3Options) => {
      const { runPublishS3 } = await import("./run.ts");
      await runPublishS3(context, options);
    });
  publish
    .command("keys")
    .description("read the cluster's JWKS once, and upload it where the config has keys: upload")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--without <kid>", "take this key out, or leave it out; repeatable", collect)
    .option(
      "--namespace <namespace>",
      "with --without: namespace of the operator that keeps the keys",
      "podtrust",
    )
    .addHelpText(
      "after",
      "\nIt takes the credentials of the environment. So it helps where a publisher or an operator cannot upload:\n" +
        "a key signs that the cloud does not have, and their own credentials are tokens of that key.\n" +
        "Other keys there stay, except those of --without.\n",
    )
    .action((options: PublishKeysOptions) => runPublishKeys(context, options));
}

/** What was typed of `publish keys`. */
interface PublishKeysOptions {
  readonly file: string;
  readonly without?: readonly string[];
  /** Where the operator runs. */
  readonly namespace: string;
}

function printOne({ output }: CommandContext, { place, outcome }: UploadedOnce): void {
  if (outcome instanceof PodtrustError) {
    output.line(rich`${red("not uploaded")} to ${place}: ${outcome.message}`);
    return;
  }
  const { written, kids, warnings } = outcome;
  if (written.length > 0) output.line(rich`${green("uploaded")} to ${place}`);
  else output.line(`${place} has the keys as it should`);
  for (const kid of kids) output.line(`  ${kid}`);
  for (const warning of warnings) output.line(rich`${yellow("warning")}: ${warning}`);
}

/** Makes an operator that uploads the keys leave these out too: it would restore what the cluster shows. */
async function distrusted(
  { clock, output }: CommandContext,
  config: Config,
  { without = [], namespace }: PublishKeysOptions,
  cluster: KubernetesApi,
): Promise<void> {
  // For a publisher there is podtrust rotate distrust.
  if (config.publisher !== undefined) return;
  const { checkedNamespace, operatorKeysSecret } = await import("../../providers/kubernetes/index.ts");
  const { distrustInKeeper } = await import("../../publisher/index.ts");
  const kept = { config, secret: { namespace: checkedNamespace(namespace), name: operatorKeysSecret.name } };
  for (const kid of without) {
    const place = await distrustInKeeper(kept, kid, { cluster, clock, logger: silentLogger }).catch(
      (error: unknown) => {
        // The operator does not restore a key that it has never seen in the cluster.
        if (error instanceof PodtrustError && error.code === "publisher-key-unknown") return undefined;
        throw error;
      },
    );
    if (place !== undefined) output.line(`${kid} is distrusted in ${place}, which the operator follows`);
  }
}

/** `podtrust publish keys`: once, to every relying party. Throws the first failure after all were tried. */
async function runPublishKeys(context: CommandContext, options: PublishKeysOptions): Promise<void> {
  const { uploadOnce } = await import("../../publisher/index.ts");
  const { clusterOf } = await import("../options/cluster.ts");
  const { configOf } = await import("../options/config.ts");
  const { env, clock, signal, output } = context;
  const { file, without = [] } = options;
  const config = await configOf(context, file);
  const cluster = await clusterOf(context, config);
  await distrusted(context, config, options, cluster);
  const uploaded = await uploadOnce({ config, cluster, without, env, clock, logger: silentLogger, signal });
  if (uploaded.length === 0)
    throw new PodtrustError("usage", `${config.file} has no relying party that keys are uploaded to`, {
      next: "Add the section gcp to it: its keys are uploaded unless it says keys: fetch. AWS, Azure and OpenBao fetch the issuer's.",
    });
  for (const one of uploaded) printOne(context, one);
  const done = uploaded.flatMap(({ place, outcome }) => {
    if (outcome instanceof PodtrustError) throw outcome;
    return [{ place, ...outcome }];
  });
  output.result({ uploaded: done });
}
