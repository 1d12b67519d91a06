import { defined } from "../../../core/base/index.ts";
import {
  type DistributionHints,
  type DistributionName,
  distributionOf,
  distributions,
  isManaged,
} from "../../../rules/distribution/index.ts";
import {
  defaultKubeconfig,
  type KubeconfigContexts,
  kubeconfigContexts,
  kubeconfigServer,
  openKubernetes,
  readCluster,
} from "../../../providers/kubernetes/index.ts";
import { parseIssuer } from "../../../rules/oidc/index.ts";
import type { CommandContext } from "../../context.ts";
import { type Detected, detect } from "./detect.ts";

/** A cluster as it was found. */
export interface DetectedCluster {
  readonly facts: DistributionHints;
  readonly distribution: DistributionName | undefined;
  /** In the tokens that it signs now. */
  readonly issuer: string | undefined;
}

/** The contexts of kubectl's kubeconfig; none without such a file. */
export async function detectContexts({ env }: CommandContext): Promise<KubeconfigContexts> {
  try {
    return await kubeconfigContexts(defaultKubeconfig(env));
  } catch {
    return { current: undefined, names: [] };
  }
}

/** Where the kubeconfig has a context's API server; undefined where that is not all a publisher would need. */
export async function detectServer(
  { env }: CommandContext,
  name: string | undefined,
): Promise<string | undefined> {
  try {
    return await kubeconfigServer(defaultKubeconfig(env), name);
  } catch {
    return undefined;
  }
}

/** Asks a cluster of the kubeconfig what it is. */
export function detectKubernetes(
  context: CommandContext,
  name: string | undefined,
): Promise<Detected<DetectedCluster>> {
  const { env, clock } = context;
  const source = { kubeconfig: defaultKubeconfig(env), ...defined({ context: name }) };
  return detect(context, async (signal) => {
    const { facts, issuer } = await readCluster(await openKubernetes(source, { env, clock }), { signal });
    return { facts, distribution: distributionOf(facts), issuer };
  });
}

const inside = /(?:^|\.)(?:svc|local|localhost|internal|test)$|^[\d.]+$|^\[/u;

/** Whether an issuer could be reached from outside the cluster, judged by its URL. */
export function isPublic(issuer: string): boolean {
  try {
    parseIssuer(issuer);
  } catch {
    return false;
  }
  const { hostname } = new URL(issuer);
  return hostname.includes(".") && !inside.test(hostname);
}

/** What was found, in one line. */
export function clusterText({ facts, distribution, issuer }: DetectedCluster): string {
  const title = distribution === undefined ? "Kubernetes" : distributions[distribution].title;
  const version = facts.gitVersion === "" ? "" : ` ${facts.gitVersion}`;
  const whose = distribution !== undefined && isManaged(distribution) ? ", served by its provider" : "";
  return `${title}${version}, ${issuer === undefined ? "its issuer cannot be read" : `issuer ${issuer}${whose}`}`;
}
