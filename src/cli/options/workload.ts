import type { Command } from "commander";

/** The options that choose a workload's role and shape its token. */
export function withRole(command: Command): Command {
  return command
    .option("--role <name>", "role, if several trust the ServiceAccount")
    .option("--account <id>", "AWS account, if several have such a role")
    .option("--audience <audience>", "audience of the token (default: the account's first)")
    .option("--expiration <time>", "lifetime of the token, in seconds or as 1h; at least 10 minutes", "1h");
}

/** The options that shape the demo's Job. */
export function withDemo(command: Command): Command {
  return command
    .option(
      "--service-account <namespace/name>",
      "ServiceAccount of the Job (default: the config's demo-service-account)",
    )
    .option("--image <image>", "podtrust's own image (default: the AWS CLI's)")
    .option("--path <path>", "list the parameters under this path", "/")
    .option("--host-network", "use the node's network, for nodes without a pod network")
    .option("--aws-endpoint <url>", "URL of a sandbox in place of AWS, as the pod reaches it");
}
