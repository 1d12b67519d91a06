import type { Cluster } from "./cluster.ts";
import { maxWait, until } from "../../support/until.ts";

export type JobOutcome = "Complete" | "Failed";

interface JobStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function outcomeOf(cluster: Cluster, namespace: string, name: string): Promise<JobOutcome | undefined> {
  const { text } = await cluster.ask(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
  const { status } = JSON.parse(text) as JobStatus;
  const ends = status?.conditions?.filter((condition) => condition.status === "True") ?? [];
  return ends.map(({ type }) => type).find((type) => type === "Complete" || type === "Failed");
}

/**
 * Waits until a Job has come to its end and gives it; after `withinMs` (ten minutes) an error with what Kubernetes says
 * of the Job's pods.
 */
export function untilJobEnds(
  cluster: Cluster,
  namespace: string,
  name: string,
  withinMs = maxWait,
): Promise<JobOutcome> {
  const pods = ["describe", "pods", `--namespace=${namespace}`, `--selector=job-name=${name}`];
  return until(`Job ${namespace}/${name} ends`, () => outcomeOf(cluster, namespace, name), {
    everyMs: 200,
    withinMs,
    detail: () => cluster.kubectl(pods),
  });
}
