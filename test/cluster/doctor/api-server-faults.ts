import type { ChainCause } from "../../../src/core/reasons/index.ts";
import { type ClusterFault } from "./pod-faults.ts";
import { place } from "./pods.ts";
import { type ClusterStack, issuer } from "./world.ts";

const pki = "/etc/kubernetes/pki";

interface StaticPod {
  readonly name?: string;
  readonly flags: readonly string[];
  readonly mounts?: readonly string[];
}

/** The pod that a kubelet mirrors of an API server's manifest. */
async function mirror(
  stack: ClusterStack,
  { name = "kube-apiserver-one", flags, mounts = [pki] }: StaticPod,
) {
  const path = "/api/v1/namespaces/kube-system/pods";
  await stack.make(path, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      labels: { component: "kube-apiserver" },
      annotations: { "kubernetes.io/config.mirror": "1" },
    },
    spec: {
      nodeName: "node-1",
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
  return {
    async [Symbol.asyncDispose]() {
      await stack.plane.kubectl(["delete", "pod", "-n", "kube-system", name, "--grace-period=0", "--force"]);
    },
  };
}

const started =
  (...pods: readonly StaticPod[]): ClusterFault =>
  async (stack, namespace) => {
    await place(stack, namespace);
    const mends = await Promise.all(pods.map((one) => mirror(stack, one)));
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

/** Faults of how API servers are started, seen at the pods that their kubelets mirror. */
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
    {
      name: "kube-apiserver-two",
      flags: ["--service-account-issuer=https://10.0.0.2", keyFile, signingFile],
    },
  ),
} satisfies Partial<Record<ChainCause, ClusterFault>>;

/** The flags of the config's issuer, which the process that runs does not have. */
export const notInForce = started({ flags: [issuerFlag, keyFile, signingFile] });
/** Flags without any issuer. */
export const withoutIssuer = started({ flags: [keyFile, signingFile] });
