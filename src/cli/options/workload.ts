import type { Command } from "commander";

/** The options that choose a workload's role and shape its token. */
export function withRole(command: Command): Command {
  return command
    .option("--role <name>", "the role, where several trust the ServiceAccount")
    .option("--account <id>", "the account, where several have such a role")
    .option("--audience <audience>", "the token's audience (default: the account's first)")
    .option("--expiration <time>", "the token's life, in seconds or as 1h; 10 minutes at least", "1h");
}

/** The options that shape the demo's Job. */
export function withDemo(command: Command): Command {
  return command
    .option(
      "--service-account <namespace/name>",
      "the demo's ServiceAccount (default: the config's demo-service-account)",
    )
    .option("--image <image>", "an image of podtrust, which runs podtrust job (default: the guide's AWS CLI)")
    .option("--path <path>", "list the parameters under this path", "/")
    .option("--host-network", "the node's network in place of the pod's, where there is none for pods")
    .option("--aws-endpoint <url>", "where a sandbox is, seen from the pod, in place of AWS");
}
