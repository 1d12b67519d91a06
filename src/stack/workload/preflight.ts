import { type Clock, errorText, PodtrustError } from "../../core/base/index.ts";
import { type IssuerRoute, seeIssuer } from "../../issuer/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { issuerDifference, parseDiscovery, parseJws } from "../../rules/oidc/index.ts";
import { parseJwkSet } from "../../rules/keys/index.ts";
import { admissionOf, type AwsPart } from "../parts/index.ts";
import type { WorkloadTarget } from "./target.ts";

/** What is checked before anything is applied. */
export interface WorkloadPreflightInput {
  readonly target: WorkloadTarget;
  readonly cluster: KubernetesApi;
  /** The account of the role. */
  readonly part: AwsPart;
  readonly route: IssuerRoute;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with what could not be checked, and why. */
  readonly notice: (text: string) => void;
}

async function checkNamespace({ target, cluster, signal, notice }: WorkloadPreflightInput): Promise<void> {
  const { namespace } = target;
  try {
    if ((await cluster.read({ kind: "Namespace", name: namespace }, { signal })) !== undefined) return;
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "cluster-forbidden") throw error;
    notice(`whether the namespace ${namespace} is there was not checked: ${error.message}`);
    return;
  }
  throw new PodtrustError(
    "workload-namespace-missing",
    `the cluster ${cluster.server} has no namespace ${namespace}`,
    { next: `Make it: kubectl create namespace ${namespace}`, detail: { namespace } },
  );
}

/** The key that the cluster signs with, from a token of one of the namespace's ServiceAccounts. */
async function signingKid({ target, cluster, signal }: WorkloadPreflightInput): Promise<string | undefined> {
  const spec = { audiences: [target.audience], expirationSeconds: 600 };
  // Its own may be created only with the workload; every namespace has the other.
  for (const name of [target.serviceAccount, "default"]) {
    try {
      return parseJws((await cluster.requestToken(target.namespace, name, spec, { signal })).token).kid;
    } catch (error) {
      if (!(error instanceof PodtrustError)) throw error;
    }
  }
  return undefined;
}

async function checkIssuer(input: WorkloadPreflightInput): Promise<void> {
  const { target, cluster, route, signal, notice } = input;
  const documents = await cluster.oidcDocuments({ signal });
  const own = parseDiscovery(documents.discovery);
  const names = { expected: "the issuer in the config", actual: `that of the cluster ${cluster.server}` };
  const difference = issuerDifference(target.issuer, own.issuer, names);
  if (difference !== undefined) {
    throw new PodtrustError("workload-issuer", difference.message, {
      next: "Start the API server with --service-account-issuer as in the config, or correct the config.",
      detail: { configured: target.issuer, cluster: own.issuer },
    });
  }
  const { jwksUri, kids: known } = await seeIssuer(target.issuer, route, signal);
  const missing = parseJwkSet(documents.jwks).keys.filter(({ kid }) => !known.includes(kid));
  if (missing.length === 0) return;
  const kids = missing.map(({ kid }) => kid);
  const signing = await signingKid(input);
  if (signing !== undefined && known.includes(signing)) {
    const sentence = `the cluster verifies with the key ${kids.join(", ")} too, which ${jwksUri} does not hold`;
    notice(`${sentence}: right after a distrust; nothing signs with it`);
    return;
  }
  throw new PodtrustError(
    "workload-issuer",
    `${jwksUri} does not hold the cluster's key ${kids.join(", ")}: AWS would refuse what it signs`,
    {
      next: "Publish it first: podtrust serve, or wait until the running one has seen it.",
      detail: { kids },
    },
  );
}

// Without the right to read roles, a workload may still run with one.
const unseen: ReadonlySet<string> = new Set(["aws-no-credentials", "aws-denied", "aws-credentials-expired"]);

async function checkRole({ target, part, clock, signal, notice }: WorkloadPreflightInput): Promise<void> {
  const { role, roleArn, account } = target;
  let observed: Awaited<ReturnType<AwsPart["lookAtRole"]>>["observed"];
  try {
    ({ observed } = await part.lookAtRole(role, signal));
  } catch (error) {
    if (!(error instanceof PodtrustError) || !unseen.has(error.code)) throw error;
    notice(`whether the role ${role.name} is there was not checked: ${errorText(error)}`);
    return;
  }
  const detail = { role: role.name, account: account.account };
  if (!observed.exists || observed.state.arn !== roleArn) {
    const found = observed.exists ? `, there is ${observed.state.arn}` : "";
    throw new PodtrustError(
      "workload-role-absent",
      `account ${account.account} has no role ${roleArn}${found}`,
      {
        detail,
      },
    );
  }
  const serviceAccount = `${target.namespace}/${target.serviceAccount}`;
  const asker = { serviceAccount, audience: target.audience, now: clock.now() };
  const answer = admissionOf(target, observed.state, asker);
  if (answer.outcome === "undecided") {
    const keys = answer.decidingKeys.map(({ key }) => key).join(", ");
    notice(
      `whether ${roleArn} authorizes ${serviceAccount} depends on ${keys}, which only the call itself has`,
    );
  }
  if (answer.outcome !== "refused") return;
  throw new PodtrustError(
    "workload-role-absent",
    `the trust policy of ${roleArn} does not authorize ${serviceAccount} with the audience ${target.audience}: ${answer.refusal.why}`,
    { detail: { ...detail, rule: answer.refusal.rule } },
  );
}

/**
 * Refuses what cannot work, before anything is applied: no such namespace, an issuer or keys that are not the published
 * ones, no role that lets the ServiceAccount in. Throws `workload-*`, `issuer-unreached`, and errors of the cluster or
 * of AWS.
 */
export async function preflightWorkload(input: WorkloadPreflightInput): Promise<void> {
  await checkNamespace(input);
  await checkIssuer(input);
  await checkRole(input);
}
