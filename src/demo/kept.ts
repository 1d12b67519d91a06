import { shellWord } from "../base/index.ts";
import { clientExports } from "../sandbox/index.ts";
import { cast } from "./cast.ts";
import type { Stage } from "./stage.ts";

function command(...words: readonly string[]): string {
  return `  ${words.map(shellWord).join(" ")}`;
}

/** How to point `aws`, `kubectl`, `curl` and a browser at a stage that is left running. */
export function keptLines(stage: Stage): readonly string[] {
  const rule = stage.connectTo.find((one) => one.port === 443);
  const via = `${rule?.host}:443:${rule?.address}:${rule?.toPort}`;
  const context = stage.context === undefined ? [] : ["--context", stage.context];
  const cluster = ["kubectl", "--kubeconfig", stage.kubeconfig, ...context, "-n", cast.namespace];
  const client = { url: stage.sandbox.url, region: cast.region, credentials: stage.adminCredentials };
  return [
    "",
    "Everything goes on running until Ctrl-C. In another shell:",
    "",
    ...clientExports(client).map((line) => `  ${line}`),
    command("aws", "iam", "list-roles"),
    "",
    command(...cluster, "create", "token", cast.serviceAccount, "--audience", cast.audience),
    "",
    command("curl", "--connect-to", via, "--cacert", stage.rootFile, stage.issuer.discoveryUrl),
    "",
    `  a browser at ${stage.sandbox.url}/ shows what STS and IAM decided, and why`,
  ];
}
