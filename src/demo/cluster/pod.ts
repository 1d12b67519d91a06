import { asPodtrustError, PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { inject, injectionFault } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { example } from "../example.ts";
import type { NotShown } from "../report.ts";
import { tokenDetail } from "../workload.ts";
import { answerInTime, type ClusterStory } from "./cluster-story.ts";
import { accounts, confinedPolicies, podObject } from "./objects.ts";

/** Makes the policies of injection; undefined if the API server lacks the kind, before Kubernetes 1.36. */
async function makePolicies({ made, namespace, signal }: ClusterStory): Promise<true | undefined> {
  for (const policy of confinedPolicies(namespace))
    try {
      await made.make(policy, signal);
    } catch (error) {
      if (asPodtrustError(error).code === "cluster-not-found") return undefined;
      throw error;
    }
  return true;
}

/** The pod, injected by the API server, or by hand if that cannot. */
async function makePod(
  story: ClusterStory,
  image: string,
): Promise<{ pod: KubernetesObject; byServer: boolean }> {
  const { environment, made, namespace, signal } = story;
  const { cluster } = environment;
  const spec = podObject(namespace, image);
  const around = {
    serviceAccount: await cluster.read(
      { kind: "ServiceAccount", namespace, name: accounts.bound },
      { signal },
    ),
    namespace: undefined,
  };
  const injects =
    (await makePolicies(story)) &&
    (await answerInTime(
      story,
      { reason: "the API server learns the policies of injection", seconds: 30 },
      async () => {
        const tried = await cluster.create(spec, { dryRun: true, signal });
        return injectionFault(tried, around) === undefined ? true : undefined;
      },
    ));
  const byServer = injects === true;
  const given = byServer ? spec : (inject(spec, around).pod as typeof spec);
  return { pod: await made.make(given, signal), byServer };
}

const variables = (pod: KubernetesObject): readonly string[] =>
  recordsOf(recordsOf(recordOf(pod["spec"])["containers"])[0]?.["env"]).map(({ name }) => textOf(name) ?? "");

/** Why a pod does not run, in Kubernetes' words. */
function pendingReason(pod: KubernetesObject | undefined): string {
  const { conditions, containerStatuses, phase } = recordOf(pod?.["status"]);
  const waiting = recordOf(recordOf(recordsOf(containerStatuses)[0]?.["state"])["waiting"]);
  const unmet = recordsOf(conditions).find(({ status }) => status === "False");
  const said = textOf(waiting["message"]) ?? textOf(waiting["reason"]) ?? textOf(unmet?.["message"]);
  return `it is ${textOf(phase) ?? "nowhere"} after 60 s${said === undefined ? "; no kubelet took it" : `: ${said}`}`;
}

/** A pod of the bound ServiceAccount. */
export interface DemoPod {
  /** A token of that very pod, as the kubelet projects one into it. */
  readonly token: string;
  readonly notShown: readonly NotShown[];
}

/** Makes a pod, and reports serviceaccount, injection and token. Throws `demo-link-broken`. */
export async function runPod(story: ClusterStory, image: string): Promise<DemoPod> {
  const { environment, namespace, reporter, onEvent, signal } = story;
  const { cluster, clock } = environment;
  const notShown: NotShown[] = [];
  await reporter.link("serviceaccount", async () => {
    const account = await cluster.read(
      { kind: "ServiceAccount", namespace, name: accounts.bound },
      { signal },
    );
    const arn = textOf(recordOf(account?.metadata.annotations)["eks.amazonaws.com/role-arn"]);
    if (arn !== undefined) return `${namespace}/${accounts.bound}, annotated by the binding with its role`;
    throw new PodtrustError("demo-link-broken", "the ServiceAccount has no annotation with its role");
  });
  const { pod, byServer } = await reporter.during("injection", () => makePod(story, image));
  if (!byServer)
    notShown.push({
      what: "injection by the API server",
      why: "this one knows no MutatingAdmissionPolicy (Kubernetes 1.36): the pod was written by hand",
    });
  const who = byServer ? "the API server gave pod" : "pod";
  await reporter.link("injection", () =>
    Promise.resolve(
      `${who} ${namespace}/${pod.metadata.name} ${variables(pod).join(", ")} and a projected token`,
    ),
  );
  const ref = { kind: "Pod", namespace, name: pod.metadata.name } as const;
  let last: KubernetesObject | undefined;
  const running = await answerInTime(story, { reason: "a kubelet starts the pod", seconds: 60 }, async () => {
    last = await cluster.read(ref, { signal });
    return recordOf(last?.["status"])["phase"] === "Running" ? last : undefined;
  });
  if (running === undefined) notShown.push({ what: "the pod running on a node", why: pendingReason(last) });
  else onEvent({ kind: "step", text: `It runs on ${textOf(recordOf(running["spec"])["nodeName"])}.` });
  const { token } = await reporter.during("token", () =>
    cluster.requestToken(
      namespace,
      accounts.bound,
      {
        audiences: [example.audience],
        expirationSeconds: example.tokenSeconds,
        pod: { name: pod.metadata.name, uid: pod.metadata.uid ?? "" },
      },
      { signal },
    ),
  );
  // A pod elsewhere cannot reach the sandbox, which listens on this machine's loopback.
  const how =
    "one of the pod's own, which this process trades in its place: AWS's stand-in listens here alone";
  await reporter.link("token", () => Promise.resolve(`${tokenDetail(token, clock)}; ${how}`));
  return { token, notShown };
}
