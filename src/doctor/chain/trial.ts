import { type Clock, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { injectionProblem } from "../../rules/injection/index.ts";
import type { TrialLook } from "../judge/index.ts";
import { type Looking, namesIn } from "./looking.ts";

/** What a trial needs to know. */
export interface TrialOptions {
  readonly serviceAccount: string;
  /** Those of a pod that is there, so that the same selectors fit. */
  readonly labels: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

const name = "podtrust-doctor-trial";
const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: 65_532,
  seccompProfile: { type: "RuntimeDefault" },
};

/** A pod with a sidecar of Kubernetes' own, which a webhook of an old build does not know. */
function trialPod({ serviceAccount, labels }: TrialOptions): KubernetesObject {
  const { namespace, name: serviceAccountName } = namesIn(serviceAccount);
  const container = { image: "podtrust.invalid/trial", securityContext: restricted };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      serviceAccountName,
      automountServiceAccountToken: false,
      initContainers: [{ ...container, name: "sidecar", restartPolicy: "Always" }],
      containers: [{ ...container, name: "trial" }],
    },
  };
}

function droppedFields(pod: JsonRecord): readonly string[] {
  const [sidecar] = recordsOf(recordOf(pod["spec"])["initContainers"]).filter(
    (one) => one["name"] === "sidecar",
  );
  return textOf(sidecar?.["restartPolicy"]) === "Always" ? [] : ["spec.initContainers[0].restartPolicy"];
}

/**
 * Has the API server judge a pod by all that stands in its way, without keeping it. A refusal is what is looked for, and no
 * failure; throws what keeps it from being tried.
 */
export async function tryPod({ api, signal }: Looking, options: TrialOptions): Promise<TrialLook> {
  const before = options.clock.elapsed();
  const took = (): number => Math.round(options.clock.elapsed() - before);
  try {
    const pod = await api.create(trialPod(options), { dryRun: true, signal });
    // Whatever the role is: that there is one is what was asked.
    const problem = injectionProblem(pod, { roleArn: "", audiences: [] });
    const injected = problem === undefined || problem.reason !== "PodNotInjected";
    return { injected, took: took(), dropped: droppedFields(pod) };
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    signal.throwIfAborted();
    if (code !== "cluster-refused" && code !== "cluster-not-ready") throw error;
    return { injected: false, refused: message.slice(0, 1000), took: took(), dropped: [] };
  }
}
