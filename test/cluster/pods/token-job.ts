import { defined } from "../../../src/core/base/index.ts";
import { podtrustImage } from "../harness/index.ts";

/** Where the token of AWS stands in the pods of these tests. */
export const tokenFile = "/var/run/secrets/aws/token";

/** Where podtrust and its packages stand in its image. */
export const podtrustFolder = "/opt/podtrust";

export interface TokenJob {
  readonly name: string;
  readonly serviceAccount: string;
  /** Of podtrust's image; its entrypoint by default. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The pod has an address of its own, on a node that gives it one. */
  readonly ownAddress?: boolean;
  /** Folders of the machine that it sees in the same place and cannot change. */
  readonly folders?: readonly string[];
  /** An empty folder that it may write into. */
  readonly writable?: string;
}

interface Mounted {
  readonly volume: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly mountPath: string;
  readonly readOnly: boolean;
}

function mountsOf({ folders = [], writable }: TokenJob): readonly Mounted[] {
  const token = { audience: "sts.amazonaws.com", expirationSeconds: 600, path: "token" };
  return [
    {
      volume: { name: "aws-token", projected: { sources: [{ serviceAccountToken: token }] } },
      mountPath: "/var/run/secrets/aws",
      readOnly: true,
    },
    ...folders.map((path, index) => ({
      volume: { name: `machine-${index}`, hostPath: { path, type: "Directory" } },
      mountPath: path,
      readOnly: true,
    })),
    ...(writable === undefined
      ? []
      : [{ volume: { name: "writable", emptyDir: {} }, mountPath: writable, readOnly: false }]),
  ];
}

/**
 * A Job with one pod of podtrust's image, which has a projected token of 600 seconds for sts.amazonaws.com, the
 * network of the machine by default, and no right that it does not need. JSON.
 */
export function tokenJob(job: TokenJob): string {
  const { name, serviceAccount, command, args, environment = {}, ownAddress = false } = job;
  const mounts = mountsOf(job);
  const container = {
    name: "job",
    image: podtrustImage,
    imagePullPolicy: "Never",
    ...defined({ command, args }),
    env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
    securityContext: {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: mounts.map(({ volume, mountPath, readOnly }) => ({
      name: volume.name,
      mountPath,
      readOnly,
    })),
  };
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
          ...(ownAddress ? {} : { hostNetwork: true }),
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 1,
          containers: [container],
          volumes: mounts.map(({ volume }) => volume),
        },
      },
    },
  });
}
