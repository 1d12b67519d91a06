import { UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Reason } from "../../src/core/reasons/index.ts";
import { type ChainFacts, judgeChain } from "../../src/doctor/chain/index.ts";
import { keptLines } from "../../src/doctor/chain/logs.ts";
import type { DoctorReport } from "../../src/doctor/index.ts";
import { demoRole, trustWith } from "../support/chain-world.ts";
import { discoveryOf } from "../support/issuer-server.ts";
import { type Recorded, recordedFaults } from "./chain/recorded.ts";
import { newStack, type StackWorld } from "./chain/world.ts";
import { both, type Fault, withPage } from "./fault.ts";
import { encrypted } from "./network-faults.ts";
import { host, key, newWorld, page, paths } from "./world.ts";

/** What both kinds of report have. */
export type Report = Pick<DoctorReport, "broken" | "findings">;

/** A fault of drawn-faults.md. */
export interface DrawnFault {
  /** Its number in its list; those of the second list have a 2 before it. */
  readonly number: string;
  readonly fault: string;
  readonly first: Reason;
  readonly look: () => Promise<Report> | Report;
}

const recorded = new Map(recordedFaults().map((one) => [one.cause, one.facts]));

function factsOf(cause: Recorded["cause"]): ChainFacts {
  const facts = recorded.get(cause);
  if (facts === undefined) throw new TypeError(`nothing was recorded of ${cause}`);
  return structuredClone(facts);
}

const asRecorded = (cause: Recorded["cause"]) => (): Report => judgeChain(factsOf(cause));

/** A stack in which every link holds, and what a program in it said. */
const saying =
  (...lines: readonly string[]) =>
  (): Report =>
    judgeChain({ ...factsOf("healthy"), texts: [{ from: "--error", lines: keptLines(lines) }] });

/** A stack of real parts, of which one is broken. */
const ofStack = (break_: (world: StackWorld) => unknown) => async (): Promise<Report> => {
  await using world = await newStack();
  await break_(world);
  const { lateMs: _late, ...facts } = await world.gather();
  return judgeChain(facts);
};

/** An issuer of real parts, of which one is broken. */
const ofIssuer = (fault: Fault) => async (): Promise<Report> => {
  const world = await newWorld();
  try {
    await fault(world);
    return await world.examine();
  } finally {
    await world.close();
  }
};

/** The same by a config, whose status was led to a server with this fault. */
const ofDead = (fault: Fault, status: (world: StackWorld) => unknown) => async (): Promise<Report> => {
  const world = await newWorld();
  try {
    await fault(world);
    const outside = await world.look();
    await using stack = await newStack();
    await status(stack);
    const { lateMs: _late, ...facts } = await stack.gather();
    return judgeChain({ ...facts, outside });
  } finally {
    await world.close();
  }
};

const failing = { status: 503, body: "no healthy upstream" };

/** Of two addresses the first, to which whoever asks is led, serves nothing. */
const deadFirst: Fault = async (world) => {
  await world.dns({ [`A ${host}`]: ["192.0.2.1", "192.0.2.2"] });
  const dead = await world.start({}, "192.0.2.1");
  await world.start({}, "192.0.2.2");
  for (const document of ["discovery", "jwks"] as const) page(dead, document, failing);
};

/** The one workload of recorded facts, changed. */
function withWorkload(
  facts: ChainFacts,
  change: (workload: ChainFacts["workloads"][number]) => Partial<ChainFacts["workloads"][number]>,
): ChainFacts {
  return { ...facts, workloads: facts.workloads.map((one) => ({ ...one, ...change(one) })) };
}

/** The pods of recorded facts, changed. */
function withPods(facts: ChainFacts, change: object, ofContainers: object = {}): ChainFacts {
  return withWorkload(facts, ({ pods }) => ({
    pods:
      "unseen" in pods
        ? pods
        : {
            seen: pods.seen.map((pod) => ({
              ...pod,
              ...change,
              containers: pod.containers.map((one) => ({ ...one, ...ofContainers })),
            })),
          },
  }));
}

/** A pod that waits, and what the kubelet says of it. */
function waitingPod(message: string, waiting = "ContainerCreating"): ChainFacts {
  const events = [{ reason: "FailedMount", message: keptLines([message]).join("") }];
  return withPods(factsOf("healthy"), { events }, { waiting });
}

/** Pods that got nothing, where a new one gets nothing either. */
function uninjected(webhooks: ChainFacts["webhooks"]): ChainFacts {
  const facts = withPods(factsOf("PodPassedOver"), {}, {});
  const status = facts.status.filter(({ link }) => link !== "injection");
  return {
    ...withWorkload(facts, () => ({ trial: { seen: { injected: false, took: 20, dropped: [] } } })),
    status,
    pendingCertificates: { seen: [] },
    webhooks,
  };
}

const worksFor: ChainFacts["webhooks"] = {
  seen: [
    {
      configuration: "pod-identity-webhook",
      name: "pod-identity-webhook.amazonaws.com",
      failurePolicy: "Ignore",
      timeoutSeconds: 10,
      reviewVersions: ["v1"],
      namespaceSelector: {},
      objectSelector: {},
      service: "kube-system/pod-identity-webhook",
      ready: { seen: 2 },
      serving: { seen: { verified: true, names: ["pod-identity-webhook.kube-system.svc"] } },
    },
  ],
};

const role = "arn:aws:iam::111122223333:role/web";

/** Those of the faults that doctor was made from. */
const known: readonly DrawnFault[] = [
  {
    number: "60",
    fault: "the federated principal is another account's provider",
    first: "TrustProviderAccount",
    look: asRecorded("TrustProviderAccount"),
  },
  {
    number: "63",
    fault: "a condition by ForAllValues lets in everybody",
    first: "TrustTooWide",
    look: asRecorded("TrustTooWide"),
  },
  {
    number: "66",
    fault: "a role ARN with a colon too many",
    first: "RoleArnMalformed",
    look: asRecorded("RoleArnMalformed"),
  },
  {
    number: "69",
    fault: "the annotation came after the pod",
    first: "AnnotationAfterPod",
    look: asRecorded("AnnotationAfterPod"),
  },
  {
    number: "72",
    fault: "the pod came milliseconds after its ServiceAccount",
    first: "PodBeforeCache",
    look: asRecorded("PodBeforeCache"),
  },
  {
    number: "75",
    fault: "the API server does not reach the webhook's pod",
    first: "WebhookUnreachable",
    look: asRecorded("WebhookUnreachable"),
  },
  {
    number: "78",
    fault: "the pod is outside the webhook's selector",
    first: "PodOutsideSelector",
    look: asRecorded("PodOutsideSelector"),
  },
  {
    number: "81",
    fault: "the token's file is not for the program's user",
    first: "TokenFileUnreadable",
    look: saying(
      "WebIdentityErr: unable to read file at /var/run/secrets/eks.amazonaws.com/serviceaccount/token",
      "caused by: open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied",
    ),
  },
  {
    number: "84",
    fault: "a program keeps the path of a folder that was replaced",
    first: "TokenPathResolved",
    look: saying(
      "file_get_contents(/run/secrets/eks.amazonaws.com/serviceaccount/..2024_02_11_09_14_22.1893/token): Failed to open stream: No such file or directory",
    ),
  },
  {
    number: "87",
    fault: "the control plane's clock is wrong",
    first: "ClockSkew",
    look: asRecorded("ClockSkew"),
  },
  {
    number: "90",
    fault: "Java's module for STS is missing, version 1 and 2",
    first: "SdkModuleMissing",
    look: saying(
      "To use web identity tokens, the 'sts' service module must be on the class path.",
      "To use assume role profiles the aws-java-sdk-sts module must be on the class path.",
    ),
  },
  {
    number: "93",
    fault: "a proxy refuses CONNECT",
    first: "ProxyRefuses",
    look: saying("STS failed to assume role from web identity: Unexpected response code for CONNECT: 403"),
  },
  {
    number: "96",
    fault: "the name of STS is not resolved while the cluster starts",
    first: "StsNameNotResolved",
    look: saying(
      'WebIdentityErr: failed to retrieve credentials caused by: RequestError: send request failed caused by: Post "https://sts.eu-west-1.amazonaws.com/": dial tcp: i/o timeout',
    ),
  },
  {
    number: "99",
    fault: "static keys stand in the environment",
    first: "PodStaticCredentials",
    look: asRecorded("PodStaticCredentials"),
  },
  {
    number: "102",
    fault: "a program assumes its own role again",
    first: "OwnRoleAssumed",
    look: saying(
      `User: arn:aws:sts::111122223333:assumed-role/web/token-file-web-identity is not authorized to perform: sts:AssumeRole on resource: ${role}`,
    ),
  },
];

/** Those that nobody had written down. */
const unwritten: readonly DrawnFault[] = [
  {
    number: "2-3",
    fault: "the documents in S3 are encrypted by a key of KMS",
    first: "ObjectEncrypted",
    look: ofIssuer(both(encrypted)),
  },
  {
    number: "2-9",
    fault: "the token is of a ServiceAccount that was made anew since",
    first: "ServiceAccountRemade",
    look: saying(
      "Unauthorized: service account UID (1f0a7a6c-3c5c-4a5e-9a1e-0d2b6f6a4f10) does not match claim (7c7b1a5e-9f0e-4f7e-8e0e-2b0a9c1d3e4f)",
    ),
  },
  {
    number: "2-12",
    fault: "the trust policy denies by aws:SourceVpce",
    first: "TrustPolicyUndecided",
    look: ofStack(async ({ chain, iam }) => {
      const policy = JSON.parse(trustWith(chain.issuer.issuer, {})) as { Statement: object };
      const deny = {
        Effect: "Deny",
        Principal: "*",
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringNotEquals: { "aws:SourceVpce": "vpce-0123456789abcdef0" } },
      };
      const PolicyDocument = JSON.stringify({ ...policy, Statement: [policy.Statement, deny] });
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: demoRole, PolicyDocument }));
    }),
  },
  {
    number: "2-15",
    fault: "a page comes in place of the document, and the config is given",
    first: "DocumentIsPage",
    look: ofStack(({ chain }) =>
      chain.issuer.pages.set(paths.discovery, {
        headers: { "content-type": "text/html" },
        body: "<!doctype html><html><body>Sign in</body></html>",
      }),
    ),
  },
  {
    number: "2-18",
    fault: "one address of two is dead, and the config is given",
    first: "AddressDead",
    look: ofDead(deadFirst, ({ chain }) => {
      for (const path of Object.values(paths)) chain.issuer.pages.set(path, failing);
    }),
  },
  {
    number: "2-21",
    fault: "jwks_uri is relative, and the config is given",
    first: "DiscoveryInvalid",
    look: ofStack(({ chain }) =>
      chain.issuer.pages.set(paths.discovery, { body: discoveryOf(chain.issuer.issuer, paths.jwks) }),
    ),
  },
  {
    number: "2-24",
    fault: "the API server mints no projected token, and the pod waits for its volume",
    first: "TokenNotMinted",
    look: () =>
      judgeChain(
        waitingPod(
          'MountVolume.SetUp failed for volume "aws-iam-token" : failed to fetch token: the server could not find the requested resource',
        ),
      ),
  },
  {
    number: "2-27",
    fault: "an injected pod calls as its node",
    first: "NodeRoleUsed",
    look: saying(
      "StorageAccessDenied: [S3] Access denied: User: arn:aws:sts::111122223333:assumed-role/eks_node_groups/i-0123456789abcdef0 is not authorized to perform: s3:ListBucket",
    ),
  },
  {
    number: "2-30",
    fault: "the webhook's configuration is gone",
    first: "InjectionDead",
    look: () => judgeChain(uninjected({ seen: [] })),
  },
  {
    number: "2-33",
    fault: "the webhook answers, and changes nothing",
    first: "InjectionDead",
    look: () => judgeChain(uninjected(worksFor)),
  },
  {
    number: "2-36",
    fault: "the program asks for a session longer than the role's maximum",
    first: "SessionTooLong",
    look: saying(
      "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
  },
  {
    number: "2-39",
    fault: "the one key of the set is not for signatures",
    first: "KeyUnsupported",
    look: ofIssuer(withPage("jwks", { body: JSON.stringify({ keys: [{ ...key.jwk, use: "enc" }] }) })),
  },
  {
    number: "2-42",
    fault: "the webhook has no replicas",
    first: "WebhookNoEndpoint",
    look: asRecorded("WebhookNoEndpoint"),
  },
  {
    number: "2-45",
    fault: "a pod that the webhook passed over is in a crash loop",
    first: "PodPassedOver",
    look: () =>
      judgeChain(withPods(factsOf("PodPassedOver"), {}, { restarts: 7, waiting: "CrashLoopBackOff" })),
  },
];

/** All that can be made with the means of the tests. */
export const drawnFaults: readonly DrawnFault[] = [...known, ...unwritten];
