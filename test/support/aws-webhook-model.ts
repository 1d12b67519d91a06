import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";

/** Its flags, as an administrator may have set them. */
export interface AwsWebhookFlags {
  readonly region?: string;
}

const folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const volumeName = "aws-iam-token";

function secondsOf(text: unknown, otherwise: number): number {
  // strconv.ParseInt of 64 bits.
  const isInteger = typeof text === "string" && /^[+-]?\d+$/u.test(text) && Math.abs(Number(text)) < 2 ** 63;
  return isInteger ? Math.max(Number(text), 600) : otherwise;
}

const isTrue = (text: unknown): boolean => /^(?:1|t|T|TRUE|true|True)$/u.test(String(text));

/**
 * What amazon-eks-pod-identity-webhook (3bf80a348116, pkg/cache/cache.go, pkg/handler/handler.go) does to a pod of this
 * ServiceAccount, skip-containers left out; shares no code with ours.
 */
export function awsWebhook(
  pod: JsonRecord,
  serviceAccount: JsonRecord,
  { region }: AwsWebhookFlags = {},
): JsonRecord {
  const annotations = recordOf(recordOf(serviceAccount["metadata"])["annotations"]);
  const own = recordOf(recordOf(pod["metadata"])["annotations"]);
  const role = annotations["eks.amazonaws.com/role-arn"];
  if (role === undefined || role === "") return pod;
  const spec = recordOf(pod["spec"]);
  const usual = secondsOf(annotations["eks.amazonaws.com/token-expiration"], 86_400);
  const expirationSeconds = secondsOf(own["eks.amazonaws.com/token-expiration"], usual);
  const audience = annotations["eks.amazonaws.com/audience"] ?? "sts.amazonaws.com";
  const regional = isTrue(annotations["eks.amazonaws.com/sts-regional-endpoints"]);
  const selector = recordOf(spec["nodeSelector"]);
  const isWindows = ["kubernetes.io/os", "beta.kubernetes.io/os"].some((key) => selector[key] === "windows");
  const file = isWindows ? `C:${folder}/token`.replaceAll("/", "\\") : `${folder}/token`;

  const mutate = (container: JsonRecord): JsonRecord => {
    const env = [...recordsOf(container["env"])];
    const mounts = recordsOf(container["volumeMounts"]);
    const has = (...names: string[]): boolean => env.some(({ name }) => names.includes(String(name)));
    const hasRole = has("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE");
    const hasRegion = has("AWS_REGION", "AWS_DEFAULT_REGION");
    const hasSts = has("AWS_STS_REGIONAL_ENDPOINTS");
    if (hasRole && hasRegion && hasSts) return container;
    if (regional && !hasSts) env.push({ name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" });
    if (region !== undefined && !hasRegion) {
      env.push({ name: "AWS_DEFAULT_REGION", value: region }, { name: "AWS_REGION", value: region });
    }
    if (!hasRole) {
      env.push({ name: "AWS_ROLE_ARN", value: role }, { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: file });
    }
    const mount = { name: volumeName, readOnly: true, mountPath: folder };
    const mounted = mounts.some(({ name }) => name === volumeName);
    return {
      ...container,
      ...(env.length === 0 ? {} : { env }),
      volumeMounts: mounted ? mounts : [...mounts, mount],
    };
  };
  const volumes = recordsOf(spec["volumes"]);
  const token = { serviceAccountToken: { audience, expirationSeconds, path: "token" } };
  const there = volumes.some(({ name }) => name === volumeName);
  const lists = ["initContainers", "containers"].filter((key) => Array.isArray(spec[key]));
  return {
    ...pod,
    spec: {
      ...spec,
      ...(there ? {} : { volumes: [{ name: volumeName, projected: { sources: [token] } }, ...volumes] }),
      ...Object.fromEntries(lists.map((key) => [key, recordsOf(spec[key]).map(mutate)])),
    },
  };
}
