import { lengthText, type PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import { accountAnnotations, injectionProblem, isAlive } from "../../../rules/injection/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { awsSkewSeconds, issuerDifference, type Jws } from "../../../rules/oidc/index.ts";
import { verifyJws } from "../../../rules/keys/index.ts";
import { roleArnOf } from "../../parts/index.ts";
import type { JudgedFacts, WorkloadFacts } from "../facts.ts";
import { type Finding, finding, skipped } from "../finding.ts";
import { behindCluster, valueOf } from "./errors.ts";

const nothingNamed = ({ config }: JudgedFacts): readonly Finding[] => [
  finding("NoServiceAccount", { seen: "no role of the config names a ServiceAccount", from: config.file }),
];

const serverOf = ({ cluster }: JudgedFacts): string => cluster?.server ?? "the cluster";

function annotationFinding(one: WorkloadFacts, object: KubernetesObject, from: string): readonly Finding[] {
  // Users of AWS's webhook beside podtrust get what it says there.
  const annotated = object.metadata.annotations?.[accountAnnotations["role-arn"]];
  const wanted = roleArnOf(one.account, one.role);
  if (annotated === undefined || annotated === wanted) return [];
  const seen = `ServiceAccount ${one.serviceAccount} carries ${accountAnnotations["role-arn"]} "${annotated}", the config means ${wanted}`;
  return [finding("AnnotationConflict", { seen, from })];
}

/** A ServiceAccount, and what was read of it. */
type AccountLook = Pick<WorkloadFacts, "serviceAccount" | "object" | "namespace">;

function absentFinding({ serviceAccount, namespace: there }: AccountLook, from: string): Finding {
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const make = `kubectl create serviceaccount -n ${namespace} ${name}`;
  const code = "cluster-not-found";
  if (there?.kind === "seen" && !there.value) {
    const seen = `there is no namespace ${namespace}, and so no ServiceAccount ${serviceAccount}`;
    const next = `Make both: kubectl create namespace ${namespace} && ${make}`;
    return finding("NamespaceMissing", { seen, from, next, code });
  }
  const seen = `there is no ServiceAccount ${serviceAccount}`;
  return finding("ServiceAccountMissing", { seen, from, next: `Make it: ${make}`, code });
}

/** Whether a ServiceAccount exists, for any relying party. */
export function serviceAccountFindings(
  facts: JudgedFacts,
  one: AccountLook,
  more: (object: KubernetesObject, from: string) => readonly Finding[] = () => [],
): readonly Finding[] {
  const from = serverOf(facts);
  const read = valueOf(one.object, from, behindCluster);
  if ("finding" in read) return [read.finding];
  const object = read.value;
  if (object === undefined) return [absentFinding(one, from)];
  const made = Date.parse(object.metadata.creationTimestamp ?? "");
  const fresh = Number.isNaN(made) ? "read now" : `read now; made ${lengthText(facts.now - made)} ago`;
  const found = finding("ServiceAccountFound", { seen: one.serviceAccount, from, fresh });
  return [found, ...more(object, from)];
}

/** The ServiceAccounts that roles name. */
export function judgeServiceAccounts(facts: JudgedFacts): readonly Finding[] {
  if (facts.workloads.length === 0) return nothingNamed(facts);
  return facts.workloads.flatMap((one) =>
    serviceAccountFindings(facts, one, (object, from) => annotationFinding(one, object, from)),
  );
}

function podFinding(facts: JudgedFacts, one: WorkloadFacts): Finding {
  const from = serverOf(facts);
  const { account, role, serviceAccount, pods: listed } = one;
  if (listed.kind === "failed" && listed.error.code === "cluster-not-found")
    return finding("PodsNotServed", { seen: "this cluster serves no pods", from });
  const read = valueOf(listed, from, behindCluster);
  if ("finding" in read) return read.finding;
  const pods = read.value.filter(isAlive);
  const fresh = "listed now";
  if (pods.length === 0)
    return finding("NoPods", { seen: `no pod runs as ${serviceAccount} now`, from, fresh });
  const wanted = { roleArn: roleArnOf(account, role), audiences: account.audiences };
  const wrong = pods.flatMap((pod) => {
    const problem = injectionProblem(pod, wanted);
    return problem === undefined ? [] : [{ pod, ...problem }];
  });
  // Without a region a pod still has its role, and may set one in its code.
  const first = wrong.find(({ reason }) => reason !== "PodRegionMissing") ?? wrong[0];
  if (first === undefined) {
    const count = `${pods.length} pod${pods.length === 1 ? "" : "s"} as ${serviceAccount}`;
    return finding("PodsInjected", { seen: `${count}, with token file and variables`, from, fresh });
  }
  const [namespace] = serviceAccount.split("/");
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more of ${pods.length})` : "";
  const seen = `pod ${namespace}/${first.pod.metadata.name} ${first.text}${more}`;
  const found = { seen, from, fresh };
  // These are fixed where they were written, not by granting more.
  if (first.reason === "PodStaticCredentials" || first.reason === "PodAudienceRefused")
    return finding(first.reason, found);
  const next = `Give it what it needs: podtrust manifests workload ${serviceAccount} --patch deployment/NAME; pods get it when they are made.`;
  return finding(first.reason, { ...found, next });
}

/** What the pods of these ServiceAccounts were given. */
export function judgeInjection(facts: JudgedFacts): readonly Finding[] {
  if (facts.workloads.length === 0) return nothingNamed(facts);
  return facts.workloads.map((one) => podFinding(facts, one));
}

/** A clock that differs, with its direction: the token's times are the cluster's. */
function skewFinding(jws: Jws, now: number): readonly [Reason, string, string] | undefined {
  const ahead = Number(jws.claims["iat"]) * 1000 - now;
  if (Math.abs(ahead) <= awsSkewSeconds * 1000) return undefined;
  const length = lengthText(Math.abs(ahead));
  const [how, other] = ahead > 0 ? ["ahead of", "behind"] : ["behind", "ahead"];
  const seen = `the cluster's clock is ${length} ${how} this machine's`;
  return [
    "ClockSkew",
    seen,
    `Compare both with a third clock: set the cluster's control plane right if it is wrong, or this machine if that is ${other} (timedatectl set-ntp true).`,
  ];
}

/** The first problem that AWS would have with a token, by its own words and the published keys. */
function tokenProblem(facts: JudgedFacts, jws: Jws): readonly [Reason, string, string?] | undefined {
  const difference = issuerDifference(facts.config.issuer, String(jws.claims["iss"]), {
    expected: "the issuer in the config",
    actual: "iss of the token",
  });
  if (difference !== undefined) return ["IssuerMismatch", difference.message];
  const skew = skewFinding(jws, facts.now);
  if (skew !== undefined) return skew;
  const { jwks } = facts.judgement;
  if (jwks === undefined) return undefined;
  const key = jwks.keys.find(({ kid }) => kid === jws.kid);
  if (key === undefined)
    return [
      "JwksKeyMissing",
      `it is signed by key ${jws.kid ?? "without a kid"}, which is not published`,
      "What the link jwks says of the key helps here.",
    ];
  return verifyJws(jws, key)
    ? undefined
    : ["SignatureMismatch", `its signature does not fit the published key ${key.kid}`];
}

function mintFinding(error: PodtrustError, from: string): Finding {
  if (error.code === "cluster-not-found") return skipped("serviceaccount", from);
  const found = behindCluster(error, from);
  if (found.reason !== "LookFailed") return found;
  return finding("TokenRequestFailed", { seen: error.message, from, next: error.next, code: error.code });
}

/** A ServiceAccount's token, and the audience that it was minted for. */
interface TokenLook extends Pick<WorkloadFacts, "serviceAccount" | "token"> {
  readonly audience: string;
}

/** What a token is worth, for any relying party. */
export function tokenFindings(
  facts: JudgedFacts,
  { audience, serviceAccount, token }: TokenLook,
): readonly Finding[] {
  if (token === undefined) return [];
  const from = "TokenRequest of the cluster";
  const read = valueOf(token, from, mintFinding);
  if ("finding" in read) return [read.finding];
  const jws = read.value;
  const { sub, exp } = jws.claims;
  const fresh = `minted now, good for ${lengthText(Number(exp) * 1000 - facts.now)}`;
  const problem = tokenProblem(facts, jws);
  if (problem === undefined) {
    const seen = `sub ${String(sub)}, aud ${audience}, signed by ${jws.kid ?? ""}`;
    return [finding("TokenValid", { seen, from, fresh })];
  }
  const [reason, what, next] = problem;
  const found = { seen: `a token of ${serviceAccount}: ${what}`, from, fresh };
  return [finding(reason, next === undefined ? found : { ...found, next })];
}

/** A token of one ServiceAccount of each role. */
export function judgeTokens(facts: JudgedFacts): readonly Finding[] {
  const found = facts.workloads.flatMap((one) =>
    tokenFindings(facts, { ...one, audience: one.account.audiences[0] ?? "" }),
  );
  return found.length === 0 ? nothingNamed(facts) : found;
}
