import { shellWord } from "../core/base/index.ts";
import { clientEnvironment, clientExports } from "../sandbox/index.ts";
import { example } from "./example.ts";
import type { DemoEnvironment } from "./environment.ts";

/** How programs reach the environment: what `connectionLines` says, as data. */
export interface DemoConnections {
  /** Environment variables for every AWS client. */
  readonly aws: Readonly<Record<string, string>>;
  readonly page: string;
  readonly issuer: string;
  /** Takes the place of public DNS: a value of `--connect-to`, here and of curl. */
  readonly connectTo: string;
  /** PEM file that takes the place of the public roots. */
  readonly ca: string;
  readonly kubeconfig: string;
  /** podtrust.yaml of what the demo made. */
  readonly config: string;
}

function clientOf(environment: DemoEnvironment): Parameters<typeof clientExports>[0] {
  return {
    url: environment.sandbox.url,
    region: example.region,
    credentials: environment.adminCredentials,
  };
}

/** How to reach an environment that is left running; `config` is the file of `writeDemoConfig`. */
export function connectionsOf(environment: DemoEnvironment, config: string): DemoConnections {
  const rule = environment.connectTo.find((one) => one.port === 443);
  return {
    aws: clientEnvironment(clientOf(environment)),
    page: `${environment.sandbox.url}/`,
    issuer: environment.issuer.url,
    connectTo: `${rule?.host}:443:${rule?.address}:${rule?.toPort}`,
    ca: environment.rootFile,
    kubeconfig: environment.kubeconfig,
    config,
  };
}

function typed(...words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

function command(...words: readonly string[]): string {
  return `  ${typed(...words)}`;
}

/**
 * How to use podtrust itself, `aws`, `kubectl`, `curl` and a browser with an environment that is left
 * running; `definition` is a line that defines `podtrust` in the other shell, if needed.
 */
export function connectionLines(
  environment: DemoEnvironment,
  config: string,
  definition?: string,
): readonly string[] {
  const { connectTo, ca, page } = connectionsOf(environment, config);
  const context = environment.context === undefined ? [] : ["--context", environment.context];
  const cluster = ["kubectl", "--kubeconfig", environment.kubeconfig, ...context, "-n", example.namespace];
  const net = ["--connect-to", connectTo, "--ca", ca];
  const route = ["-f", config, ...net];
  const role = `arn:aws:iam::${environment.sandbox.account}:role/${example.role}`;
  const account = `${example.namespace}/${example.serviceAccount}`;
  return [
    "",
    "Everything goes on running until Ctrl-C. In another shell:",
    "",
    ...clientExports(clientOf(environment)).map((line) => `  ${line}`),
    ...(definition === undefined ? [] : [`  ${definition}`]),
    command("aws", "iam", "list-roles"),
    "",
    command("podtrust", "status", ...route),
    command("podtrust", "test", ...route),
    command("podtrust", "plan", ...route),
    command("podtrust", "rotate", "status", "-f", config),
    command("podtrust", "token", account, "-f", config),
    `${command("podtrust", "token", account, "-f", config, "--raw")} | ${typed("podtrust", "explain", "--token", "-", "--role", role, ...net)}`,
    "",
    command(...cluster, "create", "token", example.serviceAccount, "--audience", example.audience),
    "",
    command("curl", "--connect-to", connectTo, "--cacert", ca, environment.issuer.discoveryUrl),
    "",
    `  a browser at ${page} shows what STS and IAM decided, and why`,
  ];
}
