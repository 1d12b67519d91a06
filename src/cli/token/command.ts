import type { Command } from "commander";
import { isoSeconds, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { bold, dim, relativeTime, rich, yellow } from "../../core/terminal/index.ts";
import { secondsOf } from "../options/seconds.ts";
import type { CommandContext } from "../context.ts";
import type { KubernetesApi, MintedToken } from "../../providers/kubernetes/index.ts";
import type { ServiceAccountName } from "../../rules/oidc/index.ts";
import type { ClusterOptions } from "../options/cluster.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface TokenCommandOptions extends ClusterOptions {
  readonly audience?: readonly string[];
  /** A relying party of the config. */
  readonly for?: string;
  /** Seconds, or a duration such as 1h. */
  readonly expiration: string;
  readonly raw?: boolean;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  token: {
    examples: [
      "podtrust token shop/web",
      "podtrust token shop/web --audience sts.amazonaws.com --expiration 15m --raw > token.jwt",
      "podtrust token shop/web --for gcp -f podtrust.yaml --raw > token.jwt",
    ],
    guide: "explain",
  },
};

/** `podtrust token NAMESPACE/NAME`: mints a ServiceAccount's token and shows what is in it. */
export function define(command: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .argument("<namespace/name>", "the ServiceAccount")
    .option(
      "--audience <audience>",
      "audience of the token; repeatable (default: sts.amazonaws.com)",
      collect,
    )
    .option("--for <relying party>", "use the audience of aws, gcp, azure or openbao in the config")
    .option("--expiration <time>", "lifetime, in seconds or as 1h30m; at least 10 minutes", "3600")
    .option("--raw", "print only the token itself, which is a usable credential")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: $KUBECONFIG, else ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig (default: the current one)")
    .option("-f, --file <file>", "use the cluster of this config file")
    .action((account: string, options: TokenCommandOptions) => runToken(context, account, options));
}

function accountOf(text: string): readonly [namespace: string, name: string] {
  const [namespace = "", name = "", ...rest] = text.split("/");
  if (namespace !== "" && name !== "" && rest.length === 0) return [namespace, name];
  throw new PodtrustError("usage", `"${text}" is not of the form NAMESPACE/NAME`, {
    next: "For example: podtrust token aws-test/demo-service-account",
  });
}

// The last moment that a Date can hold (ECMA-262 §21.4.1.1), milliseconds since the epoch.
const maxTime = 8.64e15;

const timeClaims = new Set(["iat", "nbf", "exp"]);

function claimText(name: string, value: unknown, now: number): string {
  if (timeClaims.has(name) && typeof value === "number") {
    const at = value * 1000;
    if (Math.abs(at) > maxTime) return String(value);
    return `${value}  ${isoSeconds(at)}, ${relativeTime(at, now)}`;
  }
  // The token's issuer chose the text: control characters are shown escaped, not sent to the terminal.
  return typeof value === "string" && !/\p{Cc}/u.test(value) ? value : JSON.stringify(value);
}

function fieldLines(context: CommandContext, title: string, fields: JsonRecord): void {
  const { output, clock } = context;
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  output.line(bold(title));
  for (const [name, value] of Object.entries(fields)) {
    output.line(rich`  ${dim(name.padEnd(width))}  ${claimText(name, value, clock.now())}`);
  }
}

function times(claims: JsonRecord, now: number): JsonRecord {
  const known = [...timeClaims].flatMap((name) => {
    const value = claims[name];
    return typeof value === "number" ? [[name, relativeTime(value * 1000, now)] as const] : [];
  });
  return Object.fromEntries(known);
}

async function show(context: CommandContext, minted: MintedToken, asked: number): Promise<void> {
  const { parseJws } = await import("../../rules/oidc/index.ts");
  const { header, claims } = parseJws(minted.token);
  const { output } = context;
  fieldLines(context, "header", header);
  fieldLines(context, "claims", claims);
  const given = Number(claims["exp"]) - Number(claims["iat"]);
  if (given < asked) {
    output.line(yellow(`The cluster gave ${given} s where ${asked} s were asked for: its longest.`));
  }
  output.line(dim("The signature is left out; --raw prints the token itself."));
  const { expirationTimestamp } = minted;
  output.result({ header, claims, times: times(claims, context.clock.now()), expirationTimestamp });
}

/** Whose audience the token has, and the cluster that makes it. */
async function chosen(
  context: CommandContext,
  account: ServiceAccountName,
  options: TokenCommandOptions,
): Promise<{ readonly audiences: readonly string[]; readonly api: KubernetesApi }> {
  const { for: party, audience = ["sts.amazonaws.com"] } = options;
  if (party !== undefined) {
    const { tokenFor } = await import("./relying-party.ts");
    return tokenFor(context, { ...options, for: party }, account);
  }
  const { chosenCluster } = await import("../options/cluster.ts");
  return { audiences: audience, api: await chosenCluster(context, options) };
}

/**
 * Mints a token by TokenRequest and prints it decoded, never with its signature; with `raw` the token alone, in
 * `--json` as `{"token", "expirationTimestamp"}`.
 */
async function runToken(
  context: CommandContext,
  account: string,
  options: TokenCommandOptions,
): Promise<void> {
  const [namespace, name] = accountOf(account);
  const expirationSeconds = secondsOf("--expiration", options.expiration);
  const { signal, output } = context;
  const { audiences, api } = await chosen(context, { namespace, name }, options);
  const minted = await api.requestToken(namespace, name, { audiences, expirationSeconds }, { signal });
  if (options.raw !== true) {
    await show(context, minted, expirationSeconds);
  } else if (context.json) {
    output.result(minted);
  } else {
    // A file or a pipe gets the token alone, as the kubelet writes it and as SDKs read it.
    output.raw(context.screen.out.isTerminal ? `${minted.token}\n` : minted.token);
  }
}
