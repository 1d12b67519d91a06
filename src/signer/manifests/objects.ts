import { signerEnvironment, signerPaths } from "./paths.ts";

const { name, state, port } = signerPaths;

/**
 * A static pod of the signer on kubeadm's control plane nodes. The state folder has to be there, mode 0700: the kubelet
 * would make it 0755.
 */
export function signerPod(image: string, options: readonly string[]): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "kube-system", labels: { component: name, tier: "control-plane" } },
    spec: {
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      securityContext: { seccompProfile: { type: "RuntimeDefault" }, runAsUser: 0, runAsGroup: 0 },
      containers: [
        {
          name,
          image,
          imagePullPolicy: "IfNotPresent",
          args: ["signer", "run", ...options],
          env: Object.entries(signerEnvironment).map(([key, value]) => ({ name: key, value })),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          livenessProbe: {
            httpGet: { host: "127.0.0.1", path: "/healthz", port },
            initialDelaySeconds: 10,
            periodSeconds: 10,
            timeoutSeconds: 5,
            failureThreshold: 6,
          },
          resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "384Mi" } },
          volumeMounts: [{ name: "state", mountPath: state }],
        },
      ],
      volumes: [{ name: "state", hostPath: { path: state, type: "Directory" } }],
    },
  };
}

/** What lets a signer's client certificate (the user `podtrust-signer`) read the keys of API servers, and nothing else. */
export function signerRbac(): readonly object[] {
  const metadata = { name };
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata,
      rules: [{ nonResourceURLs: ["/openid/v1/jwks"], verbs: ["get"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    },
  ];
}
