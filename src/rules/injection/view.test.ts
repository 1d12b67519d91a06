import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonRecord } from "../../core/base/index.ts";
import { annotationsView, inject, injectionFault, injectionView, type Surroundings } from "./index.ts";

const roleArn = "arn:aws:iam::111122223333:role/web";
const token = {
  serviceAccountToken: { audience: "sts.amazonaws.com", expirationSeconds: 86_400, path: "token" },
};

const around = (annotations: Readonly<Record<string, string>> = {}): Surroundings => ({
  serviceAccount: {
    metadata: { name: "web", annotations: { "eks.amazonaws.com/role-arn": roleArn, ...annotations } },
  },
});

/** A pod as the API gives it, with all that injection has no use for. */
const podOf = (spec: object = {}, metadata: object = {}): JsonRecord => ({
  metadata: {
    name: "web-0",
    namespace: "shop",
    uid: "u",
    creationTimestamp: "2026-11-25T00:00:00Z",
    managedFields: [{ manager: "x" }],
    ...metadata,
  },
  spec: {
    serviceAccountName: "web",
    nodeName: "n",
    containers: [{ name: "app", image: "x", env: [{ name: "PASSWORD", value: "secret" }], command: ["run"] }],
    volumes: [{ name: "config", configMap: { name: "config" } }],
    ...spec,
  },
  status: { phase: "Running" },
});

const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "o", controller: true };
const windows = { os: { name: "windows" }, nodeSelector: { "kubernetes.io/os": "windows", disk: "ssd" } };
const mount = { name: "own", mountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount", readOnly: true };
const other = { name: "AWS_ROLE_ARN", value: "arn:aws:iam::444455556666:role/other" };
const fromSecret = { name: "AWS_ROLE_ARN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } };

const pods: readonly JsonRecord[] = [
  podOf(),
  podOf({ initContainers: [{ name: "first", envFrom: [{ secretRef: { name: "s" } }] }] }),
  podOf({ volumes: [{ name: "own", projected: { sources: [token, { configMap: { name: "c" } }] } }] }),
  podOf({ containers: [{ name: "app", env: [other], volumeMounts: [mount] }] }),
  podOf({ containers: [{ name: "app", env: [fromSecret] }] }),
  podOf({
    containers: [
      { name: "app", volumeMounts: [{ name: "aws-iam-token", mountPath: "/x", subPath: "token" }] },
    ],
  }),
  podOf({ volumes: [{ name: "podtrust-aws-config", emptyDir: {} }] }),
  podOf({
    containers: [
      {
        name: "app",
        volumeMounts: [mount, { ...mount, mountPath: "/var/run/secrets/podtrust.dev/serviceaccount" }],
      },
    ],
  }),
  podOf(windows),
  podOf({ securityContext: { fsGroup: 7, runAsUser: 1 } }),
  podOf({}, { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "", app: "web" } }),
  podOf({}, { annotations: { "eks.amazonaws.com/skip-containers": "app", "example.com/x": "y" } }),
  podOf({}, { ownerReferences: [{ ...owner, controller: false, uid: "other" }, owner] }),
];

const accounts: readonly Surroundings[] = [
  around(),
  around({ "podtrust.dev/region": "eu-central-1", "podtrust.dev/fs-group": "1000" }),
  around({ "profile.podtrust.dev/more": "arn:aws:iam::111122223333:role/more" }),
  around({ "chain.podtrust.dev/default": "arn:aws:iam::111122223333:role/more" }),
  { serviceAccount: undefined },
];

describe("the part of a pod that is kept in memory", () => {
  test("every decision about a pod is the same by what is kept of it", () => {
    for (const then of accounts) {
      for (const pod of [...pods, ...pods.map((one) => inject(one, then).pod)]) {
        for (const now of accounts) {
          const view = injectionView(pod);
          assert.ok(view !== undefined);
          assert.deepEqual(injectionFault(view, now), injectionFault(pod, now), JSON.stringify(pod));
        }
      }
    }
  });

  test("no value of a variable that is not AWS's own is kept, and no field that injection does not read", () => {
    const text = JSON.stringify(injectionView(podOf({}, { ownerReferences: [owner] })));
    for (const gone of ["secret", "managedFields", "image", "command", "nodeName", "configMap"])
      assert.doesNotMatch(text, new RegExp(gone, "u"));
    assert.match(text, /"ownerReferences":\[\{"apiVersion":"apps\/v1","kind":"ReplicaSet"/u);
  });

  test("a pod that has ended or is going needs no token, and is not kept", () => {
    assert.equal(injectionView({ ...podOf(), status: { phase: "Succeeded" } }), undefined);
    assert.equal(injectionView({ ...podOf(), status: { phase: "Failed" } }), undefined);
    assert.equal(injectionView(podOf({}, { deletionTimestamp: "2026-11-25T00:00:00Z" })), undefined);
  });

  test("a shape that is no pod is kept as nothing, and asks for nothing", () => {
    for (const odd of [{}, { spec: 7, metadata: [] }, { spec: { containers: [7], volumes: {} } }]) {
      const view = injectionView(odd);
      assert.deepEqual(injectionFault(view ?? {}, around()), injectionFault(odd, around()));
    }
  });

  test("of a ServiceAccount the annotations that injection reads are kept", () => {
    const annotations = { "eks.amazonaws.com/role-arn": roleArn, "example.com/x": "y" };
    const metadata = { name: "web", namespace: "shop", uid: "u", annotations, labels: { a: "b" } };
    assert.deepEqual(annotationsView({ metadata, secrets: [] }), {
      metadata: {
        name: "web",
        namespace: "shop",
        uid: "u",
        annotations: { "eks.amazonaws.com/role-arn": roleArn },
      },
    });
    assert.deepEqual(annotationsView({}), { metadata: { annotations: {} } });
  });

  test("a ServiceAccount's annotation that is no text is kept as it is", () => {
    const metadata = { name: "web", annotations: { "eks.amazonaws.com/role-arn": 7 } };
    assert.deepEqual(annotationsView({ metadata }), { metadata });
  });
});
