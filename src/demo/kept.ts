import { cast } from "./cast.ts";
import type { Stage } from "./stage.ts";

/** A word of a command line as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function command(...words: readonly string[]): string {
  return `  ${words.map(quoted).join(" ")}`;
}

/** How to point `aws`, `kubectl`, `curl` and a browser at a stage that is left running. */
export function keptLines(stage: Stage): readonly string[] {
  const rule = stage.connectTo.find((one) => one.port === 443);
  const via = `${rule?.host}:443:${rule?.address}:${rule?.toPort}`;
  const context = stage.context === undefined ? [] : ["--context", stage.context];
  const cluster = ["kubectl", "--kubeconfig", stage.kubeconfig, ...context, "-n", cast.namespace];
  return [
    "",
    "Everything goes on running until Ctrl-C. In another shell:",
    "",
    command(
      "export",
      `AWS_ENDPOINT_URL=${stage.sandbox.url}`,
      `AWS_REGION=${cast.region}`,
      `AWS_SHARED_CREDENTIALS_FILE=${stage.adminCredentials}`,
    ),
    command("aws", "iam", "list-roles"),
    "",
    command(...cluster, "create", "token", cast.serviceAccount, "--audience", cast.audience),
    "",
    command("curl", "--connect-to", via, "--cacert", stage.rootFile, stage.issuer.discoveryUrl),
    "",
    `  a browser at ${stage.sandbox.url}/ shows what STS and IAM decided, and why`,
  ];
}
