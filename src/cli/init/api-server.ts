import {
  distributions,
  type Instruction,
  isManaged,
  issuerInstructions,
  kubernetesMinor,
  standardIssuer,
  talosMinor,
} from "../../rules/distribution/index.ts";
import { issuerProblems, parseIssuer } from "../../rules/oidc/index.ts";
import type { Answers } from "./answers.ts";
import { type DetectedCluster, isPublic } from "./detect/cluster.ts";

/** What `init` says about the cluster's API server after the config is written. */
export interface ApiServerSteps {
  /** What it signs as now, and what has to become of it. */
  readonly sentence: string;
  /** In this order, or as alternatives where it says so. Each pass goes over all API servers. */
  readonly instructions: readonly Instruction[];
}

function managedSteps(title: string, issuer: string, present: string | undefined): ApiServerSteps {
  const enable =
    title === distributions.aks.title && (present === undefined || !isPublic(present))
      ? " Its public issuer is switched on by: az aks update --enable-oidc-issuer"
      : "";
  const sentence =
    present === issuer
      ? `${title} signs as ${issuer} and serves it: its API server needs nothing.`
      : `${title} signs as ${present ?? "an issuer that could not be read"}, which only ${title} can change: the config has to name it.${enable}`;
  return { sentence, instructions: [] };
}

/**
 * The issuer that a cluster has and gives up: the publisher serves the new one's documents meanwhile.
 * Undefined if nothing is given up or published, or if it is unknown.
 */
export function formerIssuerOf(
  { foundation, name, publishing }: Answers,
  cluster: DetectedCluster | undefined,
): string | undefined {
  if (foundation.kind !== "cluster" || publishing.kind === "none" || !("issuer" in name)) return undefined;
  const { issuer: present = "", distribution } = cluster ?? {};
  const isOthers = distribution !== undefined && isManaged(distribution);
  const isKept = present === name.issuer || isOthers || issuerProblems(present).length > 0;
  return isKept ? undefined : present;
}

function presentSentence(present: string | undefined, title: string, isFormer: boolean): string {
  if (present === undefined) return `Before all that, give the API server${title} its issuer:`;
  return isFormer
    ? `The cluster signs as ${present} now, which publisher.formerIssuers lists: publish and run podtrust up first. Then podtrust adopt changes its API servers, or you do${title}:`
    : `The cluster signs as ${present} now. Before all that, configure its API server${title}:`;
}

/** Lines for an API server with another or an unknown issuer. */
function instructedSteps(
  issuer: string,
  cluster: DetectedCluster | undefined,
  isFormer: boolean,
): ApiServerSteps {
  const { distribution, issuer: present } = cluster ?? {};
  const old = present ?? standardIssuer(distribution);
  const spec = {
    // The first signs; tokens in use name the old one.
    issuers: [issuer, ...(old === undefined ? [] : [old])],
    jwksUri: parseIssuer(issuer).defaultJwksUri,
  };
  const versions =
    cluster === undefined
      ? {}
      : { kubernetes: kubernetesMinor(cluster.facts), talos: talosMinor(cluster.facts) };
  const title = distribution === undefined ? "" : ` (${distributions[distribution].title})`;
  return {
    sentence: presentSentence(present, title, isFormer),
    instructions: issuerInstructions(distribution, spec, versions),
  };
}

/**
 * How to give the API server of an existing cluster its issuer; undefined for a machine of ours, which gets
 * it from `up`.
 */
export function apiServerSteps(
  answers: Answers,
  cluster: DetectedCluster | undefined,
): ApiServerSteps | undefined {
  const { foundation, name } = answers;
  if (foundation.kind !== "cluster" || !("issuer" in name)) return undefined;
  const { issuer } = name;
  const { distribution, issuer: present } = cluster ?? {};
  if (distribution !== undefined && isManaged(distribution))
    return managedSteps(distributions[distribution].title, issuer, present);
  return present === issuer
    ? { sentence: `The cluster signs as ${issuer} already.`, instructions: [] }
    : instructedSteps(issuer, cluster, formerIssuerOf(answers, cluster) !== undefined);
}
