import { lengthText } from "../../../core/base/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import {
  type ChainFacts,
  lookedAt,
  type PodLook,
  type ServingLook,
  type TrialLook,
  type WebhookLook,
  type WorkloadLook,
} from "./facts.ts";
import { selects } from "./selector.ts";

const roleAnnotation = "eks.amazonaws.com/role-arn";
const nameOf = ({ configuration, name }: WebhookLook): string => `webhook ${name} of ${configuration}`;
/** An API server that gave up waited nearly as long as its time-out. */
const nearlyAll = 0.9;

function fitsPod(hook: WebhookLook, workload: WorkloadLook): boolean {
  const [pod] = lookedAt(workload.pods) ?? [];
  const labels = pod?.labels ?? {};
  return selects(hook.namespaceSelector, workload.namespaceLabels) && selects(hook.objectSelector, labels);
}

/** A webhook that has to run for its own pods to be made. */
function judgeBlocking(hook: WebhookLook): readonly DoctorFinding[] {
  if (hook.failurePolicy !== "Fail" || !selects(hook.objectSelector, {})) return [];
  const [own = ""] = (hook.service ?? "").split("/");
  const caught = ["kube-system", own].find(
    (name) => name !== "" && selects(hook.namespaceSelector, { "kubernetes.io/metadata.name": name }),
  );
  if (caught === undefined) return [];
  const seen = `${nameOf(hook)} has failurePolicy Fail and is asked about pods of ${caught}`;
  return [finding("WebhookBlocksCluster", { seen })];
}

function pendingOf({ pendingCertificates }: ChainFacts, hook: WebhookLook): DoctorFinding | undefined {
  const [namespace = ""] = (hook.service ?? "").split("/");
  const request = (lookedAt(pendingCertificates) ?? []).find(({ username }) =>
    username.startsWith(`system:serviceaccount:${namespace}:`),
  );
  if (request === undefined) return undefined;
  const seen = `${request.name} of ${request.username} for the signer ${request.signer} has no certificate`;
  return finding("WebhookCertificatePending", { seen });
}

/** A certificate that no CA makes good, by what it has or by the API server's own words. */
function isRejected({ problem = "", signature = "" }: ServingLook, refused: string): boolean {
  if (/(?:md5|sha1)(?!\d)/iu.test(signature) || problem === "ERR_TLS_CERT_ALTNAME_INVALID") return true;
  return /insecure-sha1|insecure algorithm|not valid for|legacy Common Name/u.test(refused);
}

/** What the certificate of a webhook lacks. */
function certificateOf(hook: WebhookLook, { refused = "" }: TrialLook): DoctorFinding | undefined {
  const serving = lookedAt(hook.serving) ?? { verified: false, names: [] };
  if (isRejected(serving, refused)) {
    const names = serving.names.join(", ") || "(none)";
    const has = `its certificate has the names ${names} and the signature ${serving.signature ?? "unknown"}`;
    return finding("WebhookCertificateRejected", { seen: `${nameOf(hook)}: ${has}` });
  }
  const said = /unknown authority/u.test(refused) ? refused : undefined;
  const why = serving.problem ?? said;
  return why === undefined
    ? undefined
    : finding("WebhookUntrusted", { seen: `${nameOf(hook)}, verified by its caBundle: ${why}` });
}

function unreachableOf(hook: WebhookLook, { refused = "", took }: TrialLook): DoctorFinding | undefined {
  const gaveUp = took >= hook.timeoutSeconds * 1000 * nearlyAll;
  const said = /context deadline exceeded|connection refused|no route to host|i\/o timeout/u.exec(
    refused,
  )?.[0];
  if (!gaveUp && said === undefined) return undefined;
  const how =
    said ?? `a pod made for trial took ${lengthText(took)}, and its timeout is ${hook.timeoutSeconds} s`;
  return finding("WebhookUnreachable", { seen: `${nameOf(hook)}: ${how}` });
}

function versionOf(hook: WebhookLook): DoctorFinding | undefined {
  if (hook.reviewVersions.includes("v1")) return undefined;
  const seen = `${nameOf(hook)} has admissionReviewVersions ${hook.reviewVersions.join(", ")}`;
  return finding("WebhookVersionDiffers", { seen });
}

/** Why a webhook that is asked gives nothing; the order is that in which the API server meets it. */
function deadOf(facts: ChainFacts, hook: WebhookLook, trial: TrialLook): DoctorFinding | undefined {
  const pending = pendingOf(facts, hook);
  if (pending !== undefined) return pending;
  if (lookedAt(hook.ready) === 0)
    return finding("WebhookNoEndpoint", {
      seen: `${nameOf(hook)}: no address of its Service is ready`,
    });
  return certificateOf(hook, trial) ?? unreachableOf(hook, trial) ?? versionOf(hook);
}

function outside(workload: WorkloadLook, hooks: readonly WebhookLook[]): DoctorFinding {
  const [pod] = lookedAt(workload.pods) ?? [];
  const name = pod === undefined ? `pods of ${workload.serviceAccount}` : `pod ${pod.name}`;
  const selectors = hooks.map((hook) => {
    const { namespaceSelector, objectSelector } = hook;
    return `${hook.configuration} asks for ${JSON.stringify({ namespaceSelector, objectSelector })}`;
  });
  return finding("PodOutsideSelector", { seen: `${name}: ${selectors.join("; ").slice(0, 600)}` });
}

const hasRole = ({ containers }: PodLook): boolean =>
  containers.some(({ names }) => names.includes("AWS_WEB_IDENTITY_TOKEN_FILE"));

/** Why a pod that is made now gets nothing, by the webhooks that would be asked about it. */
function deadFor(
  facts: ChainFacts,
  workload: WorkloadLook,
  trial: TrialLook,
  hooks: readonly WebhookLook[],
): readonly DoctorFinding[] {
  const asked = hooks.filter((hook) => fitsPod(hook, workload));
  if (hooks.length > 0 && asked.length === 0) return [outside(workload, hooks)];
  const dead = asked.map((hook) => deadOf(facts, hook, trial)).find((one) => one !== undefined);
  if (dead !== undefined) return [dead];
  // Another reason than injection may refuse a pod: a quota, a policy. Pods may have their role by their manifest.
  if (trial.refused !== undefined || (lookedAt(workload.pods) ?? []).some(hasRole)) return [];
  const seen = `a pod made for trial as ${workload.serviceAccount} came back without its token`;
  return [finding("InjectionDead", { seen })];
}

function judgeWorkload(facts: ChainFacts, workload: WorkloadLook): readonly DoctorFinding[] {
  const trial = lookedAt(workload.trial);
  if (trial === undefined) return [];
  const hooks = lookedAt(facts.webhooks) ?? [];
  const first = hooks.find((hook) => fitsPod(hook, workload));
  if (first !== undefined && trial.dropped.length > 0) {
    const seen = `${nameOf(first)} gives a pod back without ${trial.dropped.join(", ")}`;
    return [finding("WebhookDropsFields", { seen })];
  }
  const isAnnotated = lookedAt(workload.account)?.annotations[roleAnnotation] !== undefined;
  return isAnnotated && !trial.injected ? deadFor(facts, workload, trial, hooks) : [];
}

/** Why those that give pods their role give nothing. */
export function judgeWebhooks(facts: ChainFacts): readonly DoctorFinding[] {
  return [
    ...(lookedAt(facts.webhooks) ?? []).flatMap(judgeBlocking),
    ...facts.workloads.flatMap((workload) => judgeWorkload(facts, workload)),
  ];
}
