import { errorText, mapLimit, PodtrustError } from "../../base/index.ts";
import { injectionProblem, isAlive, webhookRoleAnnotation } from "../../injection/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../kubernetes/index.ts";
import { issuerDifference, type Jws, parseJws, verifyJws } from "../../oidc/index.ts";
import { roleArnOf } from "../parts/index.ts";
import { lengthText } from "./ages.ts";
import { BehindError, type Finding, findingOf } from "./report.ts";
import type { Expectation, World } from "./world.ts";

/** The cluster's API for links that are behind it. */
async function behindCluster(world: World): Promise<KubernetesApi> {
  try {
    return await world.cluster();
  } catch (error) {
    throw new BehindError("cluster", error);
  }
}

/** Whether what a call of the cluster threw is told at `cluster` already. */
function clusterTrouble(error: unknown): unknown {
  const away = [
    "cluster-unreachable",
    "cluster-unauthenticated",
    "cluster-credentials",
    "exec-plugin-unconfirmed",
  ];
  return error instanceof PodtrustError && away.includes(error.code)
    ? new BehindError("cluster", error)
    : error;
}

async function versionOf(api: KubernetesApi, world: World): Promise<string> {
  const { status, body } = await api.get("/version", { signal: world.signal });
  if (status !== 200) return "Kubernetes";
  try {
    const { gitVersion } = JSON.parse(body.toString("utf8")) as { gitVersion?: unknown };
    return typeof gitVersion === "string" ? `Kubernetes ${gitVersion}` : "Kubernetes";
  } catch {
    return "Kubernetes";
  }
}

async function lookAtIssuer(world: World, from: string): Promise<Finding> {
  try {
    const { discovery, jwks } = await world.ownDocuments();
    const names = { expected: "the issuer in the config", actual: "the cluster's" };
    const difference = issuerDifference(world.config.issuer, discovery.issuer, names);
    if (difference !== undefined) {
      const next =
        "Start the API server with --service-account-issuer as in the config, or correct the config.";
      return { outcome: "broken", seen: difference.message, from, next, code: "workload-issuer" };
    }
    const count = jwks.keys.length;
    return {
      outcome: "ok",
      seen: `its tokens come from ${discovery.issuer}; it verifies by ${count} key${count === 1 ? "" : "s"}`,
      from,
      fresh: "read now",
    };
  } catch (error) {
    return findingOf(error, from);
  }
}

/** The API server: there, knows us, and has the configured issuer. */
export async function lookAtCluster(world: World): Promise<readonly Finding[]> {
  if (world.config.cluster === undefined) {
    const next = "Add a cluster to the config: {kubeconfig: ~/.kube/config}.";
    return [{ outcome: "unseen", seen: "the config names no cluster", from: world.config.file, next }];
  }
  let from = "the config";
  try {
    const api = await world.cluster();
    from = api.server;
    const { username } = await api.selfSubject({ signal: world.signal });
    const version = await versionOf(api, world);
    const seen: Finding = {
      outcome: "ok",
      seen: `${version}, which knows us as ${username}`,
      from,
      fresh: "asked now",
    };
    return [seen, await lookAtIssuer(world, from)];
  } catch (error) {
    return [findingOf(error, from)];
  }
}

function annotationFinding(
  expected: Expectation,
  object: KubernetesObject,
  from: string,
): Finding | undefined {
  // Whoever runs AWS's webhook beside us gets what it says there.
  const annotated = object.metadata.annotations?.[webhookRoleAnnotation];
  const wanted = roleArnOf(expected.account, expected.role);
  if (annotated === undefined || annotated === wanted) return undefined;
  const seen = `ServiceAccount ${expected.serviceAccount} carries ${webhookRoleAnnotation} "${annotated}", the config means ${wanted}`;
  return { outcome: "warning", seen, from, next: "Correct the annotation, then make the pods anew." };
}

async function lookAtAccount(world: World, expected: Expectation): Promise<readonly Finding[]> {
  const { serviceAccount } = expected;
  const [namespace = "", name = ""] = serviceAccount.split("/");
  let from = "the cluster";
  try {
    const api = await behindCluster(world);
    from = api.server;
    const found = await api.read({ kind: "ServiceAccount", namespace, name }, { signal: world.signal });
    if (found === undefined) {
      const seen = `there is no ServiceAccount ${serviceAccount}`;
      const next = `Make it: kubectl create serviceaccount -n ${namespace} ${name}`;
      return [{ outcome: "broken", seen, from, next, code: "cluster-not-found" }];
    }
    const made = Date.parse(found.metadata.creationTimestamp ?? "");
    const fresh = Number.isNaN(made)
      ? "read now"
      : `read now; made ${lengthText(world.clock.now() - made)} ago`;
    const annotation = annotationFinding(expected, found, from);
    const seen: Finding = { outcome: "ok", seen: serviceAccount, from, fresh };
    return annotation === undefined ? [seen] : [seen, annotation];
  } catch (error) {
    return [findingOf(clusterTrouble(error), from)];
  }
}

const nothingNamed = (world: World): readonly Finding[] => [
  { outcome: "unseen", seen: "no role of the config names a ServiceAccount", from: world.config.file },
];

/** The ServiceAccounts that roles name. */
export async function lookAtServiceAccounts(world: World): Promise<readonly Finding[]> {
  const expected = world.expectations();
  if (expected.length === 0) return nothingNamed(world);
  return (await mapLimit(expected, (one) => lookAtAccount(world, one))).flat();
}

const mostPods = 50;

async function lookAtPods(world: World, { account, role, serviceAccount }: Expectation): Promise<Finding> {
  const [namespace = "", name = ""] = serviceAccount.split("/");
  let from = "the cluster";
  try {
    const api = await behindCluster(world);
    from = api.server;
    const query = {
      kind: "Pod",
      namespace,
      fields: `spec.serviceAccountName=${name}`,
      limit: mostPods,
    } as const;
    const pods = (await api.list(query, { signal: world.signal })).filter(isAlive);
    const fresh = "listed now";
    if (pods.length === 0)
      return { outcome: "unseen", seen: `no pod runs as ${serviceAccount} now`, from, fresh };
    const wanted = { roleArn: roleArnOf(account, role), audiences: account.audiences };
    const problems = pods.flatMap((pod) => {
      const problem = injectionProblem(pod, wanted);
      return problem === undefined ? [] : [{ pod: `${namespace}/${pod.metadata.name}`, ...problem }];
    });
    const worst = problems.find(({ reason }) => reason !== "region-missing") ?? problems[0];
    if (worst === undefined) {
      const count = `${pods.length} pod${pods.length === 1 ? "" : "s"} as ${serviceAccount}`;
      return { outcome: "ok", seen: `${count}, with token file and variables`, from, fresh };
    }
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more of ${pods.length})` : "";
    const next = `Give it what it needs: podtrust manifests workload ${serviceAccount} --patch deployment/NAME; pods get it when they are made.`;
    // Without a region it has the role all the same, and may name one in its code.
    const outcome = worst.reason === "region-missing" ? "warning" : "broken";
    return { outcome, seen: `pod ${worst.pod} ${worst.text}${more}`, from, fresh, next };
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "cluster-not-found") {
      return { outcome: "unseen", seen: "this cluster serves no pods", from };
    }
    return findingOf(clusterTrouble(error), from);
  }
}

/** What the pods of these ServiceAccounts were given. */
export async function lookAtInjection(world: World): Promise<readonly Finding[]> {
  const expected = world.expectations();
  if (expected.length === 0) return nothingNamed(world);
  return mapLimit(expected, (one) => lookAtPods(world, one));
}

/** The first problem that AWS would have with a token, by its own words and the published keys. */
async function tokenProblem(world: World, jws: Jws): Promise<string | undefined> {
  const difference = issuerDifference(world.config.issuer, String(jws.claims["iss"]), {
    expected: "the issuer in the config",
    actual: "iss of the token",
  });
  if (difference !== undefined) return difference.message;
  const skew = Math.abs(Number(jws.claims["iat"]) - world.clock.now() / 1000);
  if (skew > 300) return `it was issued ${lengthText(skew * 1000)} away from this machine's clock`;
  const published = await world.jwks().catch(() => undefined);
  if (published === undefined) return undefined;
  const key = published.document.keys.find(({ kid }) => kid === jws.kid);
  if (key === undefined) return `it is signed by key ${jws.kid ?? "without a kid"}, which is not published`;
  return verifyJws(jws, key) ? undefined : `its signature does not fit the published key ${key.kid}`;
}

async function lookAtToken(world: World, { account, serviceAccount }: Expectation): Promise<Finding> {
  const from = "TokenRequest of the cluster";
  const [audience = ""] = account.audiences;
  try {
    await behindCluster(world);
    const jws = parseJws(await world.token(serviceAccount, audience));
    const { sub, exp } = jws.claims;
    const fresh = `minted now, good for ${lengthText(Number(exp) * 1000 - world.clock.now())}`;
    const problem = await tokenProblem(world, jws);
    if (problem !== undefined) {
      const next =
        "Look at the clusters and jwks above: issuer, key and clock have to be the published ones.";
      return { outcome: "broken", seen: `a token of ${serviceAccount}: ${problem}`, from, fresh, next };
    }
    return {
      outcome: "ok",
      seen: `sub ${String(sub)}, aud ${audience}, signed by ${jws.kid ?? ""}`,
      from,
      fresh,
    };
  } catch (error) {
    return findingOf(clusterTrouble(error), from);
  }
}

/** One ServiceAccount of each role: enough to know that its tokens are such that AWS takes. */
export function oneOfEach(world: World): readonly Expectation[] {
  return world.config.aws.flatMap((account) =>
    account.roles.flatMap((role) => {
      const [serviceAccount] = role.serviceAccounts;
      return serviceAccount === undefined ? [] : [{ account, role, serviceAccount }];
    }),
  );
}

/** A token of one ServiceAccount of each role. */
export async function lookAtTokens(world: World): Promise<readonly Finding[]> {
  const expected = oneOfEach(world);
  if (expected.length === 0) return nothingNamed(world);
  return mapLimit(expected, (one) => lookAtToken(world, one));
}

/** Why no token can be had for STS, told at `token` already. */
export async function tokenFor(world: World, { account, serviceAccount }: Expectation): Promise<string> {
  try {
    return await world.token(serviceAccount, account.audiences[0] ?? "");
  } catch (error) {
    world.signal.throwIfAborted();
    throw new BehindError("token", new Error(errorText(error), { cause: error }));
  }
}
