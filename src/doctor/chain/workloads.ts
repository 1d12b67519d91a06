import { type Clock, defined, mapLimit, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { decisionOf, type StatusFacts } from "../../stack/index.ts";
import { roleArnOf } from "../../stack/parts/index.ts";
import type { EgressPolicy, EgressRule, Look, Selector, WorkloadLook } from "../judge/index.ts";
import { listed, look, type Looking, namesIn, numberOf, textsIn, timeOf } from "./looking.ts";
import { type MeantRole, podsAs } from "./pods.ts";
import { tryPod } from "./trial.ts";

/** A ServiceAccount that is looked at, and what the config and status say of it. */
export interface Subject {
  readonly serviceAccount: string;
  readonly meant?: MeantRole;
  readonly sessionSeconds: number;
  /** Only this pod of it: NAMESPACE/NAME. */
  readonly pod?: string;
  readonly exchange?: WorkloadLook["exchange"];
  readonly decided?: WorkloadLook["decided"];
}

const annotationKeys = /^(?:eks\.amazonaws\.com|podtrust\.dev)\//u;
const roleAnnotation = "eks.amazonaws.com/role-arn";
const anyPort = 65_535;
const dnsPort = 53;

/** When an annotation was last written, by any client. */
function writtenAt({ metadata }: KubernetesObject, key: string): number | undefined {
  const writers = (metadata.managedFields ?? []).filter(
    ({ fieldsV1 }) =>
      recordOf(recordOf(recordOf(fieldsV1)["f:metadata"])["f:annotations"])[`f:${key}`] !== undefined,
  );
  return writers.map(({ time }) => timeOf(time)).find((at) => at !== undefined);
}

function accountLook(object: KubernetesObject | undefined): WorkloadLook["account"] {
  if (object === undefined) return { seen: undefined };
  const all = textsIn(object.metadata.annotations);
  const annotations = Object.fromEntries(Object.entries(all).filter(([key]) => annotationKeys.test(key)));
  return {
    seen: {
      createdAt: timeOf(object.metadata.creationTimestamp) ?? 0,
      annotations,
      ...defined({ annotatedAt: writtenAt(object, roleAnnotation) }),
    },
  };
}

/** A label selector as it stands in an object. */
export function selectorOf(value: unknown): Selector {
  const { matchLabels, matchExpressions } = recordOf(value);
  return {
    matchLabels: textsIn(matchLabels),
    matchExpressions: recordsOf(matchExpressions).map((one) => ({
      key: textOf(one["key"]) ?? "",
      operator: textOf(one["operator"]) ?? "",
      values: Array.isArray(one["values"]) ? one["values"].map(String) : [],
    })),
  };
}

function egressRule(rule: Readonly<Record<string, unknown>>): EgressRule {
  const peers = recordsOf(rule["to"]);
  const cidrs = peers.flatMap((peer) => {
    const block = recordOf(peer["ipBlock"]);
    const cidr = textOf(block["cidr"]);
    const except = Array.isArray(block["except"]) ? block["except"].map(String) : [];
    return cidr === undefined ? [] : [{ cidr, except }];
  });
  const ports = recordsOf(rule["ports"]).flatMap((one) => {
    if (textOf(one["protocol"]) === "UDP") return [];
    const from = numberOf(one["port"]);
    // A named port is a pod's, and STS is none.
    if (from === undefined) return one["port"] === undefined ? [{ from: 0, to: anyPort }] : [];
    return [{ from, to: numberOf(one["endPort"]) ?? from }];
  });
  const dns =
    recordsOf(rule["ports"]).length === 0 ||
    recordsOf(rule["ports"]).some(({ port, endPort }) => {
      // A named port is one of the name server's pods.
      const from = numberOf(port);
      return from === undefined || (from <= dnsPort && dnsPort <= (numberOf(endPort) ?? from));
    });
  const closed = recordsOf(rule["ports"]).length > 0 && ports.length === 0;
  return { cidrs, podsOnly: closed || (peers.length > 0 && cidrs.length === 0), ports, dns };
}

async function egressPolicies(looking: Looking, namespace: string): Promise<readonly EgressPolicy[]> {
  const policies = await listed(looking, { kind: "NetworkPolicy", namespace });
  return policies.flatMap(({ metadata: { name }, ...rest }) => {
    const spec = recordOf(rest["spec"]);
    const types = Array.isArray(spec["policyTypes"]) ? spec["policyTypes"] : [];
    if (!types.includes("Egress")) return [];
    return [
      { name, selector: selectorOf(spec["podSelector"]), rules: recordsOf(spec["egress"]).map(egressRule) },
    ];
  });
}

async function workloadLook(looking: Looking, subject: Subject, clock: Clock): Promise<WorkloadLook> {
  const { serviceAccount, meant, pod, sessionSeconds, exchange, decided } = subject;
  const { api, signal } = looking;
  const { namespace, name } = namesIn(serviceAccount);
  const [object, around, pods, egress] = await Promise.all([
    look(signal, () => api.read({ kind: "ServiceAccount", namespace, name }, { signal })),
    look(signal, () => api.read({ kind: "Namespace", name: namespace }, { signal })),
    look(signal, () => podsAs(looking, serviceAccount, { meant, only: pod })),
    look(signal, () => egressPolicies(looking, namespace)),
  ]);
  const first = "seen" in pods ? pods.seen[0] : undefined;
  const trial =
    "seen" in object && object.seen !== undefined
      ? await look(signal, () => tryPod(looking, { serviceAccount, labels: first?.labels ?? {}, clock }))
      : { unseen: `there is no ServiceAccount ${serviceAccount}` };
  return {
    serviceAccount,
    sessionSeconds,
    account: "seen" in object ? accountLook(object.seen) : object,
    namespaceLabels: "seen" in around ? textsIn(around.seen?.metadata.labels) : {},
    pods,
    trial,
    egress,
    ...defined({ roleArn: meant?.roleArn, exchange, decided }),
  };
}

function exchangeOf(exchange: StatusFacts["workloads"][number]["exchange"]): WorkloadLook["exchange"] {
  if (exchange === undefined || exchange.kind === "skipped") return undefined;
  if (exchange.kind === "failed") {
    const { code, message } = exchange.error;
    return { kind: "failed", code, message };
  }
  const answer = exchange.value;
  if (answer.kind === "accepted") return { kind: "accepted" };
  return { kind: "refused", code: answer.code, message: answer.message };
}

/** What STS should answer; undefined for a trust policy that cannot be read, which `status` reports. */
function decidedOf(...asked: Parameters<typeof decisionOf>): ReturnType<typeof decisionOf> {
  try {
    return decisionOf(...asked);
  } catch {
    return undefined;
  }
}

/** The ServiceAccounts that the roles of a config name. */
export function subjectsOf(facts: StatusFacts): readonly Subject[] {
  return facts.workloads.map((one) => {
    const decided = decidedOf(facts, one);
    return {
      serviceAccount: one.serviceAccount,
      meant: { roleArn: roleArnOf(one.account, one.role), audiences: one.account.audiences },
      sessionSeconds: 3600,
      ...defined({
        exchange: exchangeOf(one.exchange),
        decided: typeof decided === "object" ? { rule: decided.rule, why: decided.why } : decided,
      }),
    };
  });
}

/** A few ServiceAccounts at once, each with its pods. */
export function workloadLooks(
  looking: Looking,
  subjects: readonly Subject[],
  clock: Clock,
): Promise<readonly WorkloadLook[]> {
  return mapLimit(subjects, (subject) => workloadLook(looking, subject, clock));
}

/** What cannot be looked at without a cluster. */
export function withoutCluster({ serviceAccount, meant, sessionSeconds }: Subject): WorkloadLook {
  const none: Look<never> = { unseen: "no cluster was asked" };
  return {
    serviceAccount,
    sessionSeconds,
    account: none,
    namespaceLabels: {},
    pods: none,
    trial: none,
    egress: none,
    ...defined({ roleArn: meant?.roleArn }),
  };
}
