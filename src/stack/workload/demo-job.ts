import { createHash } from "node:crypto";
import { defined, mapped, PodtrustError, recordOf } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { injectRole, type PodSpec } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { trusts } from "../parts/index.ts";
import { kubernetesLabels } from "../../rules/plan/index.ts";
import { serviceAccountObject, type WorkloadTarget } from "./target.ts";

/** The guide's names (step 7). */
export const demo = {
  job: "demo-app",
  serviceAccount: "demo-service-account",
  namespace: "default",
  image: "amazon/aws-cli:2.15.40",
} as const;

/** Where the Job stores what it was made from, so that a second run recognizes it. */
export const manifestAnnotation = "podtrust/manifest";

/** How the demo's Job differs from the guide's. */
export interface DemoSpec {
  /** A podtrust image, which runs `podtrust job`; the guide's AWS CLI by default. */
  readonly image?: string;
  /** AWS_ENDPOINT_URL of the pod: where a sandbox is, as seen from there. */
  readonly awsEndpoint?: string;
  /** The node's own network in place of the pod's: if a cluster has no working pod network. */
  readonly hostNetwork?: boolean;
  /** Parameters under this path are listed; `/`, as in the guide, by default. */
  readonly path?: string;
}

/** The config's ServiceAccount for the demo: the one with the guide's name, in any namespace. */
export function demoServiceAccount(config: Config): string {
  const { issuer } = config;
  const roles = config.aws.flatMap((account) => account.roles.map((role) => ({ issuer, account, role })));
  const defaultAccount = `${demo.namespace}/${demo.serviceAccount}`;
  if (roles.some((one) => trusts(one, defaultAccount))) return defaultAccount;
  const named = roles
    .flatMap(({ role }) => role.serviceAccounts)
    .filter((account) => account.endsWith(`/${demo.serviceAccount}`));
  const [first, second] = [...new Set(named)];
  if (first === undefined || second === undefined) return first ?? defaultAccount;
  throw new PodtrustError(
    "workload-role-unknown",
    `several ServiceAccounts are the demo's: ${named.join(", ")}`,
    {
      next: "Name one by --service-account NAMESPACE/NAME.",
    },
  );
}

function program({ image, path = "/" }: DemoSpec): object {
  if (image !== undefined) return { image, args: ["job", "--path", path] };
  const script = [
    "aws sts get-caller-identity",
    "aws ssm get-parameters-by-path \\",
    `  --path ${path} --recursive \\`,
    "  --with-decryption \\",
    '  --query "Parameters[*].[Name]" \\',
    "  --output text",
    "",
  ];
  return { image: demo.image, command: ["sh", "-e", "-c", script.join("\n")] };
}

function checkedPath(path: string): string {
  if (/^\/[\w./-]*$/u.test(path)) return path;
  throw new PodtrustError("usage", `--path ${path} is not a path of Parameter Store`, {
    next: "Give it as /demo: letters, digits and . _ - / after a slash.",
  });
}

function podSpec(target: WorkloadTarget, options: DemoSpec): PodSpec {
  const endpoint = options.awsEndpoint;
  const own = options.image === undefined;
  const container = {
    name: demo.job,
    ...program({ ...options, path: checkedPath(options.path ?? "/") }),
    imagePullPolicy: "IfNotPresent",
    ...defined({ env: mapped(endpoint, (url) => [{ name: "AWS_ENDPOINT_URL", value: url }]) }),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      // The AWS CLI's image runs as root; podtrust's does not.
      ...(own ? {} : { runAsNonRoot: true }),
    },
    ...(own ? { volumeMounts: [{ name: "aws-config", mountPath: "/root/.aws" }] } : {}),
  };
  const spec = {
    restartPolicy: "Never",
    ...(options.hostNetwork === true ? { hostNetwork: true } : {}),
    serviceAccountName: target.serviceAccount,
    // The token for AWS is a volume of its own; the one for the cluster's API is not needed.
    automountServiceAccountToken: false,
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    containers: [container],
    ...(own ? { volumes: [{ name: "aws-config", emptyDir: {} }] } : {}),
  };
  return recordOf(injectRole({ spec }, target)["spec"]);
}

/** A few hex digits that identify a manifest. */
function digestOf(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

/** The guide's ServiceAccount and Job with our labels: what `manifests demo` prints and `apply demo` applies. */
export function demoObjects(target: WorkloadTarget, options: DemoSpec = {}): readonly KubernetesObject[] {
  const labels = kubernetesLabels.of(target);
  const spec = {
    backoffLimit: 0,
    // Whatever keeps the pod from ending, the Job does not outlive it for long.
    activeDeadlineSeconds: 900,
    template: { metadata: { labels }, spec: podSpec(target, options) },
  };
  const job: KubernetesObject = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: demo.job,
      namespace: target.namespace,
      labels,
      annotations: { [manifestAnnotation]: digestOf(spec) },
    },
    spec,
  };
  return [serviceAccountObject(target, labels), job];
}
