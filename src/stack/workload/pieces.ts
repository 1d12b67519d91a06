import type { KubernetesObject } from "../../kubernetes/index.ts";
import type { WorkloadTarget } from "./target.ts";

/** An environment variable of a container. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

// The guide's own place (step 7); any path will do that the variable and the mount agree on.
const mountPath = "/var/run/secrets/tokens";
const tokenFile = "token";

/** The guide's four variables, which every AWS SDK reads by itself. */
export function variables(target: WorkloadTarget): readonly EnvironmentVariable[] {
  return [
    { name: "AWS_REGION", value: target.region },
    { name: "AWS_ROLE_ARN", value: target.roleArn },
    { name: "AWS_ROLE_SESSION_NAME", value: target.sessionName },
    { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${mountPath}/${tokenFile}` },
  ];
}

/** Where a container finds its token. */
export function tokenMount(volume: string): object {
  return { name: volume, mountPath, readOnly: true };
}

/** The token that the kubelet keeps fresh: renewed at 80 % of its life. */
export function tokenVolume(volume: string, target: WorkloadTarget): object {
  const { audience, expirationSeconds } = target;
  const serviceAccountToken = { audience, expirationSeconds, path: tokenFile };
  return { name: volume, projected: { sources: [{ serviceAccountToken }] } };
}

/** The ServiceAccount of a workload. */
export function serviceAccountObject(
  { namespace, serviceAccount }: WorkloadTarget,
  labels?: Readonly<Record<string, string>>,
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: serviceAccount, namespace, ...(labels === undefined ? {} : { labels }) },
  };
}
