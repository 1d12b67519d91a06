import type { ChainCause } from "../../../src/core/reasons/index.ts";
import { type ClusterFault } from "./pod-faults.ts";
import { place } from "./pods.ts";
import { type ClusterStack, issuer } from "./world.ts";

const pki = "/etc/kubernetes/pki";

interface StaticPod {
  readonly flags: readonly string[];
  readonly mounts?: readonly string[];
}

/** A machine with the manifest of an API server as kubeadm writes it. */
const machine = (stack: ClusterStack, { flags, mounts = [pki] }: StaticPod): Promise<AsyncDisposable> =>
  stack.machine({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "kube-apiserver", namespace: "kube-system" },
    spec: {
      hostNetwork: true,
      containers: [
        {
          name: "kube-apiserver",
          image: "example.test/kube-apiserver:1",
          command: ["kube-apiserver", ...flags],
          volumeMounts: mounts.map((mountPath, index) => ({ name: `v${index}`, mountPath })),
        },
      ],
      volumes: mounts.map((folder, index) => ({ name: `v${index}`, hostPath: { path: folder } })),
    },
  });

const started =
  (...pods: readonly StaticPod[]): ClusterFault =>
  async (stack, namespace) => {
    await place(stack, namespace);
    const mends = await Promise.all(pods.map((one) => machine(stack, one)));
    return {
      mend: {
        async [Symbol.asyncDispose]() {
          for (const mend of mends) await mend[Symbol.asyncDispose]();
        },
      },
    };
  };

const issuerFlag = `--service-account-issuer=${issuer}`;
const keyFile = `--service-account-key-file=${pki}/sa.pub`;
const signingFile = `--service-account-signing-key-file=${pki}/sa.key`;

/** Faults of how API servers are started, seen on their machines over SSH. */
export const flagFaults = {
  SigningFlagTwice: started({
    flags: [issuerFlag, keyFile, signingFile, `--service-account-signing-key-file=${pki}/own.key`],
  }),
  VerifyKeyLost: started({
    flags: [issuerFlag, keyFile, `--service-account-key-file=${pki}/old.pub`, signingFile],
  }),
  KeyFileNotMounted: started({ flags: [issuerFlag, "--service-account-key-file=/root/sa.pub", signingFile] }),
  IssuersOfServersDiffer: started(
    { flags: [issuerFlag, keyFile, signingFile] },
    { flags: ["--service-account-issuer=https://10.0.0.2", keyFile, signingFile] },
  ),
} satisfies Partial<Record<ChainCause, ClusterFault>>;

/** The flags of the config's issuer, which the process that runs does not have. */
export const notInForce = started({ flags: [issuerFlag, keyFile, signingFile] });
/** Flags without any issuer. */
export const withoutIssuer = started({ flags: [keyFile, signingFile] });
