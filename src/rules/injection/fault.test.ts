import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, recordOf } from "../../core/base/index.ts";
import { inject, injectionFault, type Surroundings } from "./index.ts";

const roleArn = "arn:aws:iam::111122223333:role/web";
const otherRole = "arn:aws:iam::444455556666:role/other";

function around(annotations: Readonly<Record<string, string>> = {}): Surroundings {
  const all = { "eks.amazonaws.com/role-arn": roleArn, ...annotations };
  return { serviceAccount: { metadata: { name: "web", annotations: all } } };
}

const podOf = (spec: object, metadata: object = {}): JsonRecord => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web-0", ...metadata },
  spec: { serviceAccountName: "web", containers: [{ name: "app" }], ...spec },
});
const bare = podOf({});
const faultOf = (pod: JsonRecord, now: Surroundings): readonly [string, string] | undefined => {
  const fault = injectionFault(pod, now);
  return fault === undefined ? undefined : [fault.reason, fault.text];
};
const made = (then: Surroundings, pod: JsonRecord = bare): JsonRecord => inject(pod, then).pod;

describe("a pod beside what its ServiceAccount asks for", () => {
  test("nothing is missed in a pod that was injected, or that should have nothing", () => {
    assert.equal(injectionFault(made(around()), around()), undefined);
    assert.equal(injectionFault(bare, { serviceAccount: undefined }), undefined);
    assert.equal(injectionFault(bare, { serviceAccount: { metadata: {} } }), undefined);
    const label = { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } };
    assert.equal(injectionFault(podOf({}, label), around()), undefined);
    const skip = { annotations: { "eks.amazonaws.com/skip-containers": "app" } };
    assert.equal(injectionFault(podOf({}, skip), around()), undefined);
  });

  test("why a pod is left alone has a reason of its own", () => {
    const label = { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } };
    const warnings = [
      inject(bare, { serviceAccount: undefined }),
      inject(bare, { serviceAccount: { metadata: {} } }),
      inject(podOf({}, label), around()),
      inject(podOf({ serviceAccountName: undefined }), { serviceAccount: undefined }),
    ].map((result) => (result.outcome === "untouched" ? [result.reason, result.text] : []));
    assert.deepEqual(warnings, [
      ["ServiceAccountMissing", "there is no ServiceAccount web in the pod's namespace"],
      ["RoleNotAnnotated", "the ServiceAccount has no annotation eks.amazonaws.com/role-arn"],
      ["InjectionSkipped", "the pod has the label eks.amazonaws.com/skip-pod-identity-webhook"],
      ["ServiceAccountMissing", "there is no ServiceAccount default in the pod's namespace"],
    ]);
  });

  test("a pod in which the token has no place, or is mounted as one file, is reported by that", () => {
    const [standard, other] = [
      "/var/run/secrets/eks.amazonaws.com/serviceaccount",
      "/var/run/secrets/podtrust.dev/serviceaccount",
    ];
    const own = [standard, other].map((mountPath) => ({ name: "mine", mountPath }));
    const pod = made(around(), podOf({ containers: [{ name: "app", volumeMounts: own }] }));
    assert.deepEqual(faultOf(pod, around()), [
      "PodTokenNotMounted",
      `has no place for its token in the container app: volumes of its own are mounted at ${standard} and ${other}`,
    ]);
    // As earlier versions and AWS's webhook left it: a file below a file.
    const file = { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/x/tok/token" };
    const env = [{ name: "AWS_ROLE_ARN", value: roleArn }, file];
    const volumeMounts = [{ name: "aws-iam-token", mountPath: "/x/tok", subPath: "token" }];
    const { volumes } = recordOf(made(around())["spec"]);
    const asOneFile = podOf({ containers: [{ name: "app", env, volumeMounts }], volumes });
    assert.deepEqual(faultOf(made(around(), asOneFile), around()), [
      "PodTokenNotMounted",
      "mounts no projected token at /x/tok/token",
    ]);
  });

  test("a pod that nothing was injected into is reported by the container that lacks the role", () => {
    assert.deepEqual(faultOf(bare, around()), ["PodNotInjected", "has no AWS_ROLE_ARN in the container app"]);
    const own = { name: "app", env: [{ name: "AWS_ROLE_ARN", value: roleArn }] };
    assert.deepEqual(faultOf(podOf({ containers: [own] }), around()), [
      "PodNotInjected",
      "has no volume aws-iam-token",
    ]);
  });

  test("a sidecar that came after injection is found", () => {
    const injected = made(around());
    const spec = recordOf(injected["spec"]);
    const late = { ...injected, spec: { ...spec, initContainers: [{ name: "late" }] } };
    assert.deepEqual(faultOf(late, around()), [
      "PodNotInjected",
      "has no AWS_ROLE_ARN in the container late",
    ]);
  });

  test("a pod with the role from before the annotation changed is found", () => {
    const now = around({ "eks.amazonaws.com/role-arn": otherRole });
    assert.deepEqual(faultOf(made(around()), now), [
      "PodRoleDiffers",
      `has AWS_ROLE_ARN ${roleArn} in place of ${otherRole}`,
    ]);
  });

  test("a pod from before another annotation changed is stale", () => {
    const old = made(around());
    assert.deepEqual(faultOf(old, around({ "podtrust.dev/region": "eu-central-1" })), [
      "PodInjectionStale",
      "lacks AWS_DEFAULT_REGION in the container app, for which its ServiceAccount or namespace asks now",
    ]);
    assert.deepEqual(faultOf(old, around({ "podtrust.dev/fs-group": "1000" })), [
      "PodInjectionStale",
      "lacks something, for which its ServiceAccount or namespace asks now",
    ]);
    assert.equal(faultOf(old, around({ "eks.amazonaws.com/audience": "other" }))?.[0], "PodAudienceRefused");
  });

  test("profiles that were added, changed or taken away make a pod stale", () => {
    const asked = around({ "profile.podtrust.dev/billing": otherRole });
    assert.equal(faultOf(made(around()), asked)?.[0], "PodInjectionStale");
    assert.equal(faultOf(made(asked), asked), undefined);
    const stale = "has other profiles in podtrust.dev/aws-config than its ServiceAccount asks for now";
    for (const now of [around(), around({ "profile.podtrust.dev/audit": otherRole })])
      assert.deepEqual(faultOf(made(asked), now), ["PodInjectionStale", stale]);
  });

  test("a container that has its role by a profile alone is as it should be", () => {
    const chained = around({ "chain.podtrust.dev/default": otherRole });
    const pod = made(chained);
    assert.doesNotMatch(JSON.stringify(pod), /AWS_ROLE_ARN/u);
    assert.equal(injectionFault(pod, chained), undefined);
  });

  test("a token that a pod's own volume under that name lacks is missed", () => {
    const volumes = [{ name: "aws-iam-token", emptyDir: {} }];
    assert.equal(faultOf(made(around(), podOf({ volumes })), around())?.[0], "PodTokenNotMounted");
  });
});
