import { type Command, Option } from "commander";
import type { CommandContext } from "../context.ts";
import type { InitCommandOptions } from "./run.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  init: {
    examples: [
      "podtrust init",
      "podtrust init --machine hetzner --zone example.com --account 111122223333",
      "podtrust init --cluster --issuer oidc.example.com --account 111122223333",
    ],
    guide: "from-nothing",
  },
};

/** `podtrust init`: a config file from five answers, most of which it finds by itself. */
export function define(command: Command, context: CommandContext): void {
  command
    .option("-f, --file <file>", "file to write", "podtrust.yaml")
    .option("--stack <name>", "the name of everything the file owns (default: of the issuer's)")
    .option(
      "--machine <machine>",
      "hetzner, hetzner/TYPE/LOCATION, or USER@ADDRESS of a machine reached by SSH",
    )
    .option("--cluster [context]", "an existing cluster: a context of the kubeconfig, or its current one")
    .option("--zone <zone>", "make a random name under this DNS zone")
    .addOption(
      new Option(
        "--dns <provider>",
        "DNS provider of the zone (default: the one that was found, else cloudflare)",
      ).choices(["cloudflare", "route53", "hetzner"]),
    )
    .option("--issuer <url>", "the issuer's own URL or host name, if it has one")
    .addOption(
      new Option(
        "--publisher <kind>",
        "who publishes the keys: podtrust over HTTPS, or something else (default: https, none for EKS, GKE and AKS)",
      ).choices(["https", "none"]),
    )
    .option("--bucket <bucket>", "publish the keys to this S3 bucket instead")
    .option("--email <address>", "where the certificate authority may write to")
    .option("--account <id>", "the AWS account that trusts the issuer")
    .option("--region <region>", "its region (default: that of the AWS CLI, else eu-central-1)")
    .option("--service-account <namespace/name>", "the ServiceAccount that gets a role")
    .option("--policy <policy>", "what the role may do: a managed policy's name or ARN")
    .option("-y, --yes", "use what was found instead of asking")
    .option("--no-detect", "do not query the cluster, AWS or DNS providers")
    .action(async (options: InitCommandOptions) => {
      const { runInit } = await import("./run.ts");
      await runInit(context, options);
    });
}
