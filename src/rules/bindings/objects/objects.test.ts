import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goodBinding, trustOf, trustSpec } from "../../../../test/support/bindings/objects.ts";
import { bindingObject, conditionOf, isRetained, kindOf, readBinding, readTrust } from "../index.ts";

const at = { now: Date.parse("2026-01-02T03:04:05.678Z"), generation: 2 };

describe("a condition of a status", () => {
  const found = { type: "Granted", reason: "TrustMissing", message: "there is no AWSTrust none" } as const;

  test("is unknown where something was not seen, and says since when in whole seconds", () => {
    assert.deepEqual(conditionOf(found, [], at), {
      ...found,
      status: "Unknown",
      lastTransitionTime: "2026-01-02T03:04:05Z",
      observedGeneration: 2,
    });
  });

  test("keeps the time of its transition until its status is another, though reason and message are new", () => {
    const first = conditionOf(found, [], at);
    const later = { now: at.now + 60_000, generation: 3 };
    const stayed = conditionOf({ ...found, message: "still none" }, [first], later);
    assert.equal(stayed.lastTransitionTime, first.lastTransitionTime);
    assert.deepEqual([stayed.message, stayed.observedGeneration], ["still none", 3]);
    const refused = conditionOf({ ...found, reason: "NamespaceNotGranted" }, [first], later);
    assert.deepEqual([refused.status, refused.lastTransitionTime], ["False", "2026-01-02T03:05:05Z"]);
    const ofAnother = conditionOf(found, [{ ...first, type: "Ready" }], later);
    assert.equal(ofAnother.lastTransitionTime, "2026-01-02T03:05:05Z");
  });

  test("has a message that its object's schema takes, however long what was found is", () => {
    assert.equal(conditionOf({ ...found, message: "x".repeat(5000) }, [], at).message.length, 1024);
  });
});

describe("a binding of what was typed", () => {
  const who = { namespace: "shop", name: "web", trust: "default" };
  const account = "111122223333";

  test("is one role of the default profile, and read as it was meant", () => {
    const policies = ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"];
    const read = readBinding(bindingObject({ ...who, account, policies, maxSession: 7200 }));
    assert.ok("object" in read, JSON.stringify(read));
    assert.deepEqual(read.object.roles, [
      {
        profile: "default",
        account,
        managed: { policies, maxSessionSeconds: 7200 },
      },
    ]);
  });

  test("is of a role that stands where one is named", () => {
    const existing = `arn:aws:iam::${account}:role/shop/x`;
    const read = readBinding(bindingObject({ ...who, existing }));
    assert.ok("object" in read, JSON.stringify(read));
    assert.deepEqual(read.object.roles, [{ profile: "default", existing: { arn: existing } }]);
  });

  test("is refused by the reader, and not guessed at, where it names a role that stands and policies, or nothing", () => {
    const existing = `arn:aws:iam::${account}:role/shop/x`;
    assert.ok("problems" in readBinding(bindingObject({ ...who, existing, policies: ["x"] })));
    assert.ok("problems" in readBinding(bindingObject(who)));
  });
});

test("an object is of one of our kinds, or of none", () => {
  assert.deepEqual([goodBinding, trustOf(), { kind: "Pod" }, "text", undefined].map(kindOf), [
    "AWSRoleBinding",
    "AWSTrust",
    undefined,
    undefined,
    undefined,
  ]);
});

test("a trust without grants is read as one that grants nothing", () => {
  const { grants: _, ...spec } = trustSpec;
  const read = readTrust(trustOf(spec));
  assert.ok("object" in read, JSON.stringify(read));
  assert.deepEqual(read.object.grants, []);
});

test("a role stays without its binding by a tag of one value, whatever the case of its key", () => {
  assert.equal(isRetained({ "podtrust:on-delete": "Retain" }), true);
  assert.equal(isRetained({ "PodTrust:On-Delete": "Retain" }), true);
  assert.equal(isRetained({ "podtrust:on-delete": "retain" }), false);
  assert.equal(isRetained({}), false);
});
