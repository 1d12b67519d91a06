import { lengthText } from "../../../core/base/index.ts";
import { readArn, roleArnForm } from "../../../rules/oidc/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import {
  type ObservedServiceAccount,
  type ChainFacts,
  type ContainerLook,
  lookedAt,
  type PodLook,
  type WorkloadLook,
} from "./facts.ts";

const roleAnnotation = "eks.amazonaws.com/role-arn";
const expirationAnnotation = "eks.amazonaws.com/token-expiration";
const clusterToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const shortestToken = 600;
/** Times of objects are whole seconds: what lies within two of them is one moment. */
const momentMs = 2000;
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
const sessionName = /^[\w+=,.@-]{2,64}$/u;

/** The containers that ask for a role. */
function asking({ containers }: PodLook): readonly ContainerLook[] {
  return containers.filter(({ names }) => names.includes("AWS_WEB_IDENTITY_TOKEN_FILE"));
}

function arnFinding(
  { accounts }: ChainFacts,
  where: string,
  arn: string,
  link: "serviceaccount" | "injection",
): readonly DoctorFinding[] {
  if (arn === "") return [finding("RoleArnEmpty", { seen: `${where} is empty`, link })];
  if (!roleArnForm.test(arn))
    return [finding("RoleArnMalformed", { seen: `${where} is ${JSON.stringify(arn)}`, link })];
  const known = accounts.map((one) => one.partition);
  const { partition } = readArn(arn);
  if (known.length === 0 || known.includes(partition)) return [];
  const seen = `${where} is ${arn}, and the account is of the partition ${known.join(", ")}`;
  return [finding("RolePartitionDiffers", { seen, link })];
}

function judgeArns(facts: ChainFacts, workload: WorkloadLook): readonly DoctorFinding[] {
  const { serviceAccount, account, pods } = workload;
  const annotated = lookedAt(account)?.annotations[roleAnnotation];
  const own =
    annotated === undefined
      ? []
      : arnFinding(facts, `${roleAnnotation} of ${serviceAccount}`, annotated, "serviceaccount");
  const given = (lookedAt(pods) ?? []).flatMap((pod) =>
    pod.containers.flatMap(({ values }) => {
      const arn = values["AWS_ROLE_ARN"];
      // What the pod has of its ServiceAccount is reported there.
      if (arn === undefined || (arn === annotated && own.length > 0)) return [];
      return arnFinding(facts, `AWS_ROLE_ARN of pod ${pod.name}`, arn, "injection");
    }),
  );
  return [...own, ...given];
}

const isGivenNothing = ({ containers }: PodLook): boolean =>
  containers.every(
    ({ names }) => !names.includes("AWS_ROLE_ARN") && !names.includes("AWS_WEB_IDENTITY_TOKEN_FILE"),
  );

/**
 * How much later than the pod the annotation came; undefined if that is not recorded: the API server does so
 * only for Apply.
 */
function lateness(pod: PodLook, look: ObservedServiceAccount): number | undefined {
  if (look.annotatedAt !== undefined) return look.annotatedAt - pod.createdAt;
  const made = look.createdAt - pod.createdAt;
  return Math.abs(made) <= momentMs ? made : undefined;
}

/** Why a pod got nothing that would get its role now. */
function missed(pod: PodLook, serviceAccount: string, look: ObservedServiceAccount): DoctorFinding {
  const name = `pod ${pod.name}${pod.owner === undefined ? "" : ` of ${pod.owner}`}`;
  const later = lateness(pod, look);
  const trial = "a pod made for trial gets its role now";
  if (later === undefined) {
    const seen = `${name} has nothing, and ${trial}: ${serviceAccount} was annotated after it, unless the webhook passed it over`;
    return finding("AnnotationAfterPod", { seen });
  }
  if (Math.abs(later) <= momentMs) {
    const seen = `${name} was made in the same moment as ${serviceAccount} was annotated; ${trial}`;
    return finding("PodBeforeCache", { seen });
  }
  if (later > 0) {
    const seen = `${serviceAccount} was annotated ${lengthText(later)} after ${name} was made; ${trial}`;
    return finding("AnnotationAfterPod", { seen });
  }
  const seen = `${name} was made ${lengthText(-later)} after ${serviceAccount} was annotated, and has nothing; ${trial}`;
  return finding("PodPassedOver", { seen });
}

function judgeMissed({ serviceAccount, account, trial, pods }: WorkloadLook): readonly DoctorFinding[] {
  const look = lookedAt(account);
  if (look?.annotations[roleAnnotation] === undefined || lookedAt(trial)?.injected !== true) return [];
  return (lookedAt(pods) ?? []).filter(isGivenNothing).map((pod) => missed(pod, serviceAccount, look));
}

/** The kubelet makes a token's file readable to others, to the group of fsGroup, or to the one user of all containers. */
function isUnreadable(pod: PodLook, { runAsUser, tokenFiles, values }: ContainerLook): boolean {
  const file = tokenFiles.find(({ path }) => path === values["AWS_WEB_IDENTITY_TOKEN_FILE"]);
  if (file === undefined || (file.mode & 0o004) !== 0) return false;
  const users = new Set(pod.containers.map((one) => one.runAsUser));
  return pod.fsGroup === undefined && runAsUser !== undefined && runAsUser !== 0 && users.size > 1;
}

function judgeTokenFile(
  pod: PodLook,
  one: ContainerLook,
  asked: string | undefined,
): readonly DoctorFinding[] {
  const where = `container ${one.name} of pod ${pod.name}`;
  const path = one.values["AWS_WEB_IDENTITY_TOKEN_FILE"];
  if (path === clusterToken)
    return [finding("PodTokenForCluster", { seen: `${where} has AWS_WEB_IDENTITY_TOKEN_FILE=${path}` })];
  const file = one.tokenFiles.find((token) => token.path === path);
  const found: DoctorFinding[] = [];
  if (file !== undefined && isUnreadable(pod, one)) {
    const seen = `${where} runs as user ${one.runAsUser}, the token's file has mode ${file.mode.toString(8)}, and the pod has no fsGroup`;
    found.push(finding("TokenFileUnreadable", { seen }));
  }
  const wanted = /^\d{1,9}$/u.test(asked ?? "") ? Math.max(Number(asked), shortestToken) : undefined;
  if (file !== undefined && wanted !== undefined && file.seconds !== wanted) {
    const seen = `${where} has a token of ${file.seconds} s, and ${expirationAnnotation} asks for ${asked} s`;
    found.push(finding("TokenLifetimeDiffers", { seen }));
  }
  return found;
}

/** What SDKs take before a web identity. A profile of a config file that injection wrote is one itself. */
function earlier({ names }: ContainerLook): string | undefined {
  if (names.includes("AWS_PROFILE") && !names.includes("AWS_CONFIG_FILE")) return "AWS_PROFILE";
  return names.find((name) => name.startsWith("AWS_CONTAINER_CREDENTIALS_"));
}

function judgeVariables(pod: PodLook, one: ContainerLook): readonly DoctorFinding[] {
  const where = `container ${one.name} of pod ${pod.name}`;
  const found: DoctorFinding[] = [];
  const name = one.values["AWS_ROLE_SESSION_NAME"];
  if (name !== undefined && !sessionName.test(name)) {
    const seen = `${where} has AWS_ROLE_SESSION_NAME ${JSON.stringify(name.slice(0, 100))}, of ${name.length} characters`;
    found.push(finding("SessionNameInvalid", { seen }));
  }
  if (one.names.includes("AWS_ACCESS_KEY_ID"))
    found.push(finding("PodStaticCredentials", { seen: `${where} has AWS_ACCESS_KEY_ID beside its role` }));
  const before = earlier(one);
  if (before !== undefined)
    found.push(finding("OtherCredentialsFirst", { seen: `${where} has ${before} beside its role` }));
  return found;
}

function judgePod(pod: PodLook, workload: WorkloadLook): readonly DoctorFinding[] {
  const ofAccount = lookedAt(workload.account)?.annotations[expirationAnnotation];
  const asked = pod.annotations[expirationAnnotation] ?? ofAccount;
  return asking(pod).flatMap((one) => [...judgeTokenFile(pod, one, asked), ...judgeVariables(pod, one)]);
}

/** A pod that is made waits for a moment; one that waits longer has a reason. */
const waitMs = 60_000;

function judgeWaiting(pod: PodLook, now: number): readonly DoctorFinding[] {
  // Containers behind one that runs first wait by right; what keeps that one is its own state.
  const waits = pod.containers.filter(
    ({ waiting }) => waiting !== undefined && waiting !== "PodInitializing",
  );
  if (waits.length === 0 || now - pod.createdAt < waitMs) return [];
  const states = waits.map(({ name, waiting, restarts }) => {
    const often = restarts === 0 ? "" : `, after ${restarts} restart${restarts === 1 ? "" : "s"}`;
    return `container ${name} waits (${waiting}${often})`;
  });
  return [finding("PodWaits", { seen: `pod ${pod.name}: ${states.join("; ")}` })];
}

/** What pods were given, and what they were not. */
export function judgePods(facts: ChainFacts): readonly DoctorFinding[] {
  return facts.workloads.flatMap((workload) => [
    ...judgeArns(facts, workload),
    ...judgeMissed(workload),
    ...(lookedAt(workload.pods) ?? []).flatMap((pod) => [
      ...judgePod(pod, workload),
      ...judgeWaiting(pod, facts.now),
    ]),
  ]);
}
