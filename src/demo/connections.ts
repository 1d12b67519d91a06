import { shellWord } from "../base/index.ts";
import { clientExports } from "../sandbox/index.ts";
import { example } from "./example.ts";
import type { Environment } from "./environment.ts";

function command(...words: readonly string[]): string {
  return `  ${words.map(shellWord).join(" ")}`;
}

/** How to point `aws`, `kubectl`, `curl` and a browser at a environment that is left running. */
export function connectionLines(environment: Environment): readonly string[] {
  const rule = environment.connectTo.find((one) => one.port === 443);
  const via = `${rule?.host}:443:${rule?.address}:${rule?.toPort}`;
  const context = environment.context === undefined ? [] : ["--context", environment.context];
  const cluster = ["kubectl", "--kubeconfig", environment.kubeconfig, ...context, "-n", example.namespace];
  const client = {
    url: environment.sandbox.url,
    region: example.region,
    credentials: environment.adminCredentials,
  };
  return [
    "",
    "Everything goes on running until Ctrl-C. In another shell:",
    "",
    ...clientExports(client).map((line) => `  ${line}`),
    command("aws", "iam", "list-roles"),
    "",
    command(...cluster, "create", "token", example.serviceAccount, "--audience", example.audience),
    "",
    command("curl", "--connect-to", via, "--cacert", environment.rootFile, environment.issuer.discoveryUrl),
    "",
    `  a browser at ${environment.sandbox.url}/ shows what STS and IAM decided, and why`,
  ];
}
