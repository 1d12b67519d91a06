import { credentialVariable } from "../../core/credentials/index.ts";
import { PodtrustError, partitionOf } from "../../core/base/index.ts";
import { isManaged } from "../../rules/distribution/index.ts";
import type { KubeconfigContexts } from "../../providers/kubernetes/index.ts";
import type { CommandContext } from "../context.ts";
import { dim, rich } from "../../core/terminal/index.ts";
import { type Answers, type Foundation, type Publishing, newIdentity, stackNameOf } from "./answers.ts";
import { type DetectedCluster, isPublic, detectContexts, detectServer } from "./detect/cluster.ts";
import { detectRegion } from "./detect/aws.ts";
import { detectSurroundings, type DetectedSurroundings } from "./detect/surroundings.ts";
import { demand, Interview, unanswered, wrong } from "./interview.ts";

/** What was typed; each answers a question, which is then not asked. */
export interface InitOptions {
  readonly stack?: string;
  /** `hetzner`, `hetzner/TYPE`, `hetzner/TYPE/LOCATION`, or USER@ADDRESS. */
  readonly machine?: string;
  /** A context of the kubeconfig; true for its current one. */
  readonly cluster?: string | true;
  readonly zone?: string;
  readonly dns?: string;
  readonly issuer?: string;
  readonly publisher?: string;
  readonly bucket?: string;
  readonly email?: string;
  readonly account?: string;
  readonly region?: string;
  readonly serviceAccount?: string;
  readonly policy?: string;
  /** Take what was found in place of asking. */
  readonly yes?: boolean;
  /** False if only the person is asked. */
  readonly detect: boolean;
}

const machineAccepted = "hetzner, hetzner/TYPE/LOCATION such as hetzner/cax11/nbg1, or USER@ADDRESS";

function readMachine(typed: string): Foundation | PodtrustError {
  const [maker, type = "cax11", location = "nbg1", ...rest] = typed.split("/");
  if (maker === "hetzner" && rest.length === 0) return { kind: "hetzner", type, location };
  const at = typed.lastIndexOf("@");
  const [user, address] = [typed.slice(0, at), typed.slice(at + 1)];
  if (at > 0 && address !== "") return { kind: "ssh", user, address };
  return wrong("machine", `${JSON.stringify(typed)} is not ${machineAccepted}`);
}

const clusterOf = ({ env }: Pick<CommandContext, "env">, context: string | undefined): Foundation => {
  const named = credentialVariable(env, "kubeconfig")?.value ?? "";
  return { kind: "cluster", kubeconfig: named === "" ? "~/.kube/config" : named, context, server: undefined };
};

/** With the address of the cluster's API server, which stands in the kubeconfig. */
async function withServer(
  context: CommandContext,
  foundation: Foundation | undefined,
): Promise<Foundation | undefined> {
  if (foundation?.kind !== "cluster") return foundation;
  return { ...foundation, server: await detectServer(context, foundation.context) };
}

/** Reads the answer when a kubeconfig has contexts: one of their names means that cluster. */
function foundationReader(
  context: CommandContext,
  { current, names }: KubeconfigContexts,
): (typed: string) => Foundation | PodtrustError {
  return (typed) => {
    if (typed === "1") return readMachine("hetzner");
    if (typed === "3" || typed === "cluster") return clusterOf(context, current);
    if (names.includes(typed)) return clusterOf(context, typed);
    if (typed.includes("@") || typed.startsWith("hetzner")) return readMachine(typed);
    return wrong("machine", `${JSON.stringify(typed)} is not 1, USER@ADDRESS of your machine, or 3`);
  };
}

const maxContexts = 8;

function printChoices({ screen: { err } }: CommandContext, { current, names }: KubeconfigContexts): void {
  const others = names.filter((name) => name !== current);
  const more = others.length > maxContexts ? ", …" : "";
  err.line("What exists already?");
  err.line(rich`  1           ${dim("nothing: make a machine at Hetzner, with Kubernetes (k3s) on it")}`, 14);
  err.line(rich`  USER@HOST   ${dim("a machine that I reach by SSH: put Kubernetes on it")}`, 14);
  err.line(
    rich`  3           ${dim(`a Kubernetes cluster, ${current === undefined ? "which my kubeconfig knows" : `the kubeconfig's ${current}`}`)}`,
    14,
  );
  if (others.length > 0)
    err.line(
      rich`  CONTEXT     ${dim(`another of its: ${others.slice(0, maxContexts).join(", ")}${more}`)}`,
      14,
    );
}

async function foundationOf(
  interview: Interview,
  context: CommandContext,
  { machine, cluster }: InitOptions,
): Promise<Foundation | undefined> {
  if (cluster !== undefined && machine !== undefined)
    throw new PodtrustError("usage", "--machine and --cluster are two answers to one question");
  if (cluster !== undefined) return clusterOf(context, cluster === true ? undefined : cluster);
  const contexts = machine === undefined ? await detectContexts(context) : { current: undefined, names: [] };
  if (machine === undefined && interview.asks) printChoices(context, contexts);
  return interview.ask(
    {
      flag: machine === undefined ? "machine or --cluster" : "machine",
      given: machine,
      text: contexts.names.length > 1 ? "1, USER@HOST, 3 or CONTEXT" : "1, USER@HOST or 3",
      read: machine === undefined ? foundationReader(context, contexts) : readMachine,
      answers: (foundation) => ({ foundation }),
    },
    contexts.current === undefined ? undefined : "3",
  );
}

const hostForm = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$/u;

function checkNaming(foundation: Foundation | undefined, { zone, issuer }: InitOptions): void {
  if (zone === undefined) return;
  if (issuer !== undefined)
    throw new PodtrustError("usage", "--zone and --issuer are two answers to one question");
  if (foundation?.kind !== "cluster") return;
  throw new PodtrustError("usage", "--zone makes a name for a machine of ours, and --cluster has none", {
    next: "Give the name under which the cluster's issuer is public with --issuer.",
  });
}

/** A name that was found: the cluster's public issuer, or a zone. */
function foundName(
  foundation: Foundation | undefined,
  { cluster, zones }: DetectedSurroundings,
): { readonly value?: string; readonly choices: readonly string[] } {
  if (foundation?.kind === "cluster") {
    const issuer = cluster?.issuer;
    return issuer !== undefined && isPublic(issuer) ? { value: issuer, choices: [] } : { choices: [] };
  }
  const [first] = zones;
  const choices = zones.map(({ zone }) => zone);
  return first === undefined || zones.length > 1 ? { choices } : { value: first.zone, choices };
}

const shownChoices = (choices: readonly string[]): string =>
  choices.length > 1 ? ` (${choices.slice(0, maxContexts).join(", ")})` : "";

async function nameOf(
  interview: Interview,
  foundation: Foundation | undefined,
  options: InitOptions,
  surroundings: DetectedSurroundings,
): Promise<Answers["name"] | undefined> {
  const { zone, issuer, dns } = options;
  // A cluster that exists has its issuer; a machine of ours gets a name below a zone unless a URL is given.
  const isHost = issuer !== undefined || foundation?.kind === "cluster";
  const servedBy = (name: string): string =>
    dns ?? surroundings.zones.find((one) => one.zone === name)?.dns ?? "cloudflare";
  const read = (typed: string): Answers["name"] | PodtrustError => {
    if (typed.startsWith("https://")) return { issuer: typed };
    if (isHost) return { issuer: `https://${typed}` };
    return hostForm.test(typed)
      ? { zone: typed, dns: servedBy(typed) }
      : wrong("zone", `${JSON.stringify(typed)} is not the name of a zone such as example.com`);
  };
  const { value, choices } = foundName(foundation, surroundings);
  return interview.ask(
    {
      flag: isHost ? "issuer" : "zone",
      given: zone ?? issuer,
      text: isHost
        ? "Under which name is the issuer public, such as oidc.example.com"
        : `Your zone, such as example.com, or the issuer's whole URL${shownChoices(choices)}`,
      read,
      answers: (name) => ({ name }),
    },
    value,
  );
}

function publishingOf({ publisher, bucket, email }: InitOptions, cluster?: DetectedCluster): Publishing {
  if (bucket !== undefined) return { kind: "s3", bucket };
  const isServed = cluster?.distribution !== undefined && isManaged(cluster.distribution);
  if (publisher === "none" || (publisher === undefined && isServed)) return { kind: "none" };
  return { kind: "https", email };
}

/** A managed policy's ARN, or that of AWS's own policy of a name. */
function policyArn(typed: string, region: string): string {
  return typed.startsWith("arn:") ? typed : `arn:${partitionOf(region)}:iam::aws:policy/${typed}`;
}

const same = (typed: string): string => typed;

/** Detects the surroundings if a question is left that they could answer. */
async function surroundingsOf(
  context: CommandContext,
  foundation: Foundation | undefined,
  options: InitOptions,
  region: string,
): Promise<DetectedSurroundings> {
  if (!options.detect) return { zones: [] };
  return detectSurroundings(context, {
    foundation,
    region,
    hasAccount: options.account !== undefined,
    hasName: options.zone !== undefined || options.issuer !== undefined,
    dns: options.dns,
  });
}

/** All that was answered, and what was found on the way. */
export interface Interviewed {
  readonly answers: Answers;
  readonly cluster: DetectedCluster | undefined;
}

async function workloadOf(
  interview: Interview,
  options: InitOptions,
  region: string,
): Promise<Pick<Answers, "serviceAccount" | "policy">> {
  const serviceAccount = await interview.askOr(unanswered.serviceAccount, {
    flag: "service-account",
    given: options.serviceAccount,
    text: "The ServiceAccount that gets a role (NAMESPACE/NAME)",
    read: same,
    answers: (value) => ({ serviceAccount: value }),
  });
  const policy = await interview.askOr("AmazonSSMReadOnlyAccess", {
    flag: "policy",
    given: options.policy,
    text: "What may it do? A managed policy's name or ARN",
    read: (typed) => policyArn(typed, region),
    answers: (value) => ({ policy: value }),
  });
  return { serviceAccount, policy };
}

/**
 * Asks what was not given, with what was found as the answer to agree to. Throws `usage` with every missing
 * flag, if no person can be asked.
 */
export async function answersOf(context: CommandContext, options: InitOptions): Promise<Interviewed> {
  const interview = new Interview(context, options.yes === true);
  const region =
    options.region ?? (options.detect ? await detectRegion(context) : undefined) ?? unanswered.region;
  // What has a default and is seldom anything else is no question.
  if (options.stack !== undefined) await demand("stack", { stack: options.stack });
  await demand("region", { region });
  await demand(options.bucket === undefined ? "email" : "bucket", { publishing: publishingOf(options) });
  const foundation = await withServer(context, await foundationOf(interview, context, options));
  checkNaming(foundation, options);
  const surroundings = await surroundingsOf(context, foundation, options, region);
  const name = await nameOf(interview, foundation, options, surroundings);
  const account = await interview.ask(
    {
      flag: "account",
      given: options.account,
      text: "The AWS account that trusts it (12 digits)",
      read: (typed) => typed.replaceAll("-", ""),
      answers: (value) => ({ account: value }),
    },
    surroundings.aws?.account,
  );
  const { serviceAccount, policy } = await workloadOf(interview, options, region);
  if (foundation === undefined || name === undefined || account === undefined) {
    throw new PodtrustError("usage", "init has questions left, and there is no terminal to ask on", {
      next: `Answer them with ${interview.missing.join(", ")}${options.yes === true ? "" : ", or take what is found with --yes"}.`,
    });
  }
  const { cluster } = surroundings;
  const stack = options.stack ?? stackNameOf(name);
  const publishing = publishingOf(options, cluster);
  return {
    answers: {
      stack,
      identity: newIdentity(),
      foundation,
      name,
      publishing,
      account,
      region,
      serviceAccount,
      policy,
    },
    cluster,
  };
}
