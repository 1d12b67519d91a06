import { podtrustImage } from "../harness/index.ts";

/** Where the token of AWS stands in the pods of these tests. */
export const tokenFile = "/var/run/secrets/aws/token";

export interface TokenJob {
  readonly name: string;
  readonly serviceAccount: string;
  /** Of podtrust's image; its entrypoint unless told. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A Job with one pod of podtrust's image, which has a projected token of 600 seconds for sts.amazonaws.com, the
 * network of the machine, and no right that it does not need. JSON.
 */
export function tokenJob({ name, serviceAccount, command, args, environment = {} }: TokenJob): string {
  const container = {
    name: "job",
    image: podtrustImage,
    imagePullPolicy: "Never",
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
    securityContext: {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [{ name: "aws-token", mountPath: "/var/run/secrets/aws", readOnly: true }],
  };
  const token = { audience: "sts.amazonaws.com", expirationSeconds: 600, path: "token" };
  return JSON.stringify({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          serviceAccountName: serviceAccount,
          automountServiceAccountToken: false,
          hostNetwork: true,
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 1,
          containers: [container],
          volumes: [{ name: "aws-token", projected: { sources: [{ serviceAccountToken: token }] } }],
        },
      },
    },
  });
}
