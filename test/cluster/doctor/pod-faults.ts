import type { ChainCause } from "../../../src/core/reasons/index.ts";
import type { ChainOptions } from "../../../src/doctor/chain/index.ts";
import { account, later, place, pod, type PodChanges, variable } from "./pods.ts";
import { roleArn, type ClusterStack } from "./world.ts";

/** What is left to do when a fault was looked at. */
export interface Broken {
  readonly options?: Partial<ChainOptions>;
  readonly mend?: AsyncDisposable;
  /** Milliseconds that pass between the look and the judgement. */
  readonly after?: number;
}

/** Breaks one part in a namespace of its own; gives with which options it is looked at. */
export type ClusterFault = (stack: ClusterStack, namespace: string) => Promise<Broken | void>;

const roleKey = "eks.amazonaws.com/role-arn";
const expirationKey = "eks.amazonaws.com/token-expiration";
const node = "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0";
const session = "arn:aws:sts::111122223333:assumed-role/web/web";

/** A pod with these changes, in a namespace of its own. */
const withPod =
  (changes: PodChanges = {}, annotations?: Record<string, string>): ClusterFault =>
  async (stack, namespace) => {
    await place(stack, namespace, annotations);
    await pod(stack, namespace, changes);
  };

/** The same, with an error that its program got, word for word. */
const withError =
  (error: string, changes: PodChanges = {}): ClusterFault =>
  async (stack, namespace) => {
    await withPod(changes)(stack, namespace);
    return { options: { error } };
  };

const given = (arn: string): PodChanges => ({
  env: [
    variable("AWS_ROLE_ARN", arn),
    variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
  ],
});

/** Faults of the ServiceAccount's annotation, and of what pods are given. */
export const workloadFaults = {
  RoleArnMalformed: withPod({}, { [roleKey]: "arn:aws:iam::::1234567890:role/example" }),
  RoleArnEmpty: withPod(given("")),
  RolePartitionDiffers: withPod(given(roleArn.replace("arn:aws:", "arn:aws-us-gov:"))),
  RoleInOtherAccount: withPod(given(roleArn.replace("111122223333", "444455556666"))),
  SessionNameInvalid: withPod({ env: [variable("AWS_ROLE_SESSION_NAME", "shop/web of the release")] }),
  PodStaticCredentials: withPod({
    env: [variable("AWS_ACCESS_KEY_ID", "none"), variable("AWS_SECRET_ACCESS_KEY", "none")],
  }),
  OtherCredentialsFirst: withPod({ env: [variable("AWS_PROFILE", "default")] }),
  PodTokenForCluster: withPod({
    env: [
      variable("AWS_ROLE_ARN", roleArn),
      variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/kubernetes.io/serviceaccount/token"),
    ],
  }),
  TokenLifetimeDiffers: async (stack, namespace) => {
    await place(stack, namespace, { [roleKey]: roleArn, [expirationKey]: "3600" });
    await pod(stack, namespace);
  },
  TokenFileUnreadable: withPod({
    container: { securityContext: { runAsUser: 1000 } },
    spec: {
      containers: [
        { name: "app", image: "example.test/app:1", securityContext: { runAsUser: 1000 } },
        { name: "beside", image: "example.test/app:1", securityContext: { runAsUser: 2000 } },
      ],
      volumes: [
        {
          name: "aws-iam-token",
          projected: {
            defaultMode: 0o400,
            sources: [
              {
                serviceAccountToken: {
                  audience: "sts.amazonaws.com",
                  expirationSeconds: 86_400,
                  path: "token",
                },
              },
            ],
          },
        },
      ],
    },
  }),
} satisfies Partial<Record<ChainCause, ClusterFault>>;

/** Errors of programs in pods that have what they need, or something beside it. */
export const clientFaults = {
  NodeRoleUsed: withError(`User: ${node} is not authorized to perform: s3:GetObject`),
  MeshNotReady: withError(`User: ${node} is not authorized to perform: s3:GetObject`, {
    spec: {
      containers: [
        { name: "app", image: "example.test/app:1" },
        { name: "istio-proxy", image: "example.test/proxy:1" },
      ],
    },
  }),
  RefreshFellThrough: withError(
    `WebIdentityErr: failed to retrieve credentials\nUser: ${node} is not authorized to perform: sqs:sendmessage because no identity-based policy allows`,
  ),
  SdkModuleMissing: withError(
    "To use web identity tokens, the 'sts' service module must be on the class path.",
  ),
  StsGlobalUnreachable: withError("Post https://sts.amazonaws.com/: dial tcp 52.94.241.129:443: i/o timeout"),
  StsRegionalIgnored: withError("Post https://sts.amazonaws.com/: dial tcp 52.94.241.129:443: i/o timeout", {
    env: [variable("AWS_STS_REGIONAL_ENDPOINTS", "regional")],
  }),
  ProxyRefuses: withError(
    "STS failed to assume role from web identity: Unexpected response code for CONNECT: 403",
    {
      env: [variable("HTTPS_PROXY", "http://proxy.example.test:3128")],
    },
  ),
  StsNameNotResolved: withError('Post "https://sts.eu-west-1.amazonaws.com/": dial tcp: i/o timeout'),
  ContainerLacksRoots: withError(
    "sts.eu-central-1.amazonaws.com: SSL certificate verify error: (20:unable to get local issuer certificate)",
  ),
  SessionTokenLeaks: withError(
    "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    { env: [variable("AWS_SESSION_TOKEN", "none")] },
  ),
  CredentialsHeld: withError(
    "An error occurred (ExpiredToken) when calling the PutObject operation: The provided token has expired.",
  ),
  TokenReadOnce: async (stack, namespace) => {
    await place(stack, namespace);
    await pod(stack, namespace);
    return { options: { error: "InvalidIdentityTokenException: Token file expired" }, after: 25 * 3_600_000 };
  },
  TokenPathResolved: withError(
    "file_get_contents(/var/run/secrets/eks.amazonaws.com/serviceaccount/..2020_03_04_05_06_07.123456789/token): failed to open stream",
  ),
  TokenTooOldForParty: withError("invalid_grant: ID Token issued at 1749625771 is stale to sign-in."),
  OwnRoleAssumed: withError(
    `User: ${session} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/web`,
  ),
  ServiceControlPolicy: withError(
    `User: ${session} is not authorized to perform: ec2:RunInstances with an explicit deny in a service control policy`,
  ),
  StsIncident: withError(
    "InvalidIdentityTokenException: Couldn't retrieve verification key from your identity provider, request id: 00000000-0000-0000-0000-000000000000",
  ),
  TokenNotMinted: withError(
    'MountVolume.SetUp failed for volume "aws-iam-token" : failed to fetch token: serviceaccounts "web" is forbidden: audience "sts.amazonaws.com" not found in pod spec volume',
  ),
  ServiceAccountRemade: withError(
    "service account UID (1f0a7a6c-3c5c-4a5e-9a1e-0d2b6f6a4f10) does not match claim (7c7b1a5e-9f0e-4f7e-8e0e-2b0a9c1d3e4f)",
  ),
  SessionTooLong: withError(
    "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
  ),
  StsRegionInactive: withError(
    "RegionDisabledException: STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console.",
  ),
  EndpointPolicyDenies: withError(
    `User: ${session} is not authorized to perform: s3:GetObject because no VPC endpoint policy allows the s3:GetObject action`,
  ),
  EgressWithoutDns: async (stack, namespace) => {
    await place(stack, namespace);
    await pod(stack, namespace);
    await stack.make(`/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "https-alone" },
      spec: {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ ports: [{ protocol: "TCP", port: 443 }] }],
      },
    });
    return {};
  },
  EgressDenied: async (stack, namespace) => {
    await place(stack, namespace);
    await pod(stack, namespace);
    await stack.make(`/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "egress" },
      spec: {
        podSelector: { matchLabels: { app: "web" } },
        policyTypes: ["Egress"],
        egress: [
          {
            to: [{ ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.128/25"] } }],
            ports: [{ protocol: "TCP", port: 443 }],
          },
          { to: [{ namespaceSelector: {} }], ports: [{ protocol: "UDP", port: 53 }] },
        ],
      },
    });
    return { options: { resolve: () => Promise.resolve(["198.51.100.7"]) } };
  },
} satisfies Partial<Record<ChainCause, ClusterFault>>;

/** A pod that was made before its ServiceAccount was annotated. */
export const lateFaults = {
  annotateLater: async (stack: ClusterStack, namespace: string): Promise<void> => {
    await place(stack, namespace, {});
    await pod(stack, namespace, { isBare: true });
    await later(stack);
    await stack.apply(account(namespace));
  },
  podLater: async (stack: ClusterStack, namespace: string): Promise<void> => {
    await place(stack, namespace);
    await later(stack);
    await pod(stack, namespace, { isBare: true });
  },
  podAtOnce: async (stack: ClusterStack, namespace: string): Promise<void> => {
    await place(stack, namespace);
    await pod(stack, namespace, { isBare: true });
  },
};
