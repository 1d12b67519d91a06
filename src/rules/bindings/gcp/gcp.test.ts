import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonRecord } from "../../../core/base/index.ts";
import {
  googleBinding,
  googleTrust,
  grantedGoogle,
  malformedGoogle,
  ungrantedGoogle,
} from "../../../../test/support/bindings/google.ts";
import {
  decideGoogle,
  type GoogleBinding,
  type GoogleTrust,
  mayKeepMember,
  readGoogleBinding,
  readGoogleTrust,
} from "./index.ts";
import { bindingManifests, loadPartyManifests } from "../index.ts";

function bindingOf(object: JsonRecord): GoogleBinding {
  const read = readGoogleBinding(object);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

function trustOf(object: JsonRecord): GoogleTrust {
  const read = readGoogleTrust(object);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

describe("the reader of Google's bindings and trusts", () => {
  for (const { name, object, reader } of malformedGoogle)
    test(`refuses ${name}, and says where`, () => {
      const read = object["kind"] === "GCPTrust" ? readGoogleTrust(object) : readGoogleBinding(object);
      assert.ok("problems" in read);
      assert.match(read.problems.map(({ path, message }) => `${path} ${message}`).join("\n"), reader);
    });

  test("fills in the trust default, and that access is not direct", () => {
    const email = "web-front@shop-project.iam.gserviceaccount.com";
    const read = bindingOf(googleBinding({ email }));
    assert.deepEqual(read, { namespace: "shop", name: "web", trust: "default", email, direct: false });
  });

  test("takes a trust without grants, which allows nothing", () => {
    const { grants: _grants, ...spec } = googleTrust()["spec"] as JsonRecord;
    assert.deepEqual(trustOf({ ...googleTrust(), spec }).grants, []);
  });
});

describe("the grants of a GCPTrust", () => {
  const trust = trustOf(googleTrust());

  for (const { name, object, grant } of grantedGoogle)
    test(`allow ${name}`, () => {
      assert.deepEqual(decideGoogle(bindingOf(object), trust), { kind: "granted", grant });
    });

  for (const { name, object, reason } of ungrantedGoogle)
    test(`do not allow a binding ${name}`, () => {
      const decision = decideGoogle(bindingOf(object), trust);
      assert.deepEqual(decision.kind === "refused" && decision.refusals.map((one) => one.reason), [reason]);
    });

  test("that name no service account allow none", () => {
    const bare = { ...trust, grants: trust.grants.map(({ emails: _emails, ...rest }) => rest) };
    const email = "web-front@shop-project.iam.gserviceaccount.com";
    const decision = decideGoogle(bindingOf(googleBinding({ email })), bare);
    assert.equal(decision.kind === "refused" && decision.refusals[0]?.reason, "EmailNotGranted");
  });

  test("that does not exist allow nothing", () => {
    const decision = decideGoogle(bindingOf(googleBinding({ direct: true })), undefined);
    assert.equal(decision.kind === "refused" && decision.refusals[0]?.reason, "TrustMissing");
  });
});

test("a cluster that is to know AWS's bindings alone is given no kind, no guard and no right for Google's", () => {
  assert.doesNotMatch(JSON.stringify(bindingManifests()), /gcp|google/iu);
});

test("an operator for Google's bindings may ask for tokens for its providers, and write its annotations, and no others", async () => {
  const text = JSON.stringify(bindingManifests({ rows: await loadPartyManifests(["gcp"]) }));
  assert.match(text, /workloadIdentityPools\/\[a-z0-9-\]\+\/providers/u);
  assert.match(text, /k in \[\\"cloud\.google\.com\/workload-identity-provider\\"/u);
  assert.doesNotMatch(text, /eks\.amazonaws\.com|awsrolebindings|azure/u);
});

describe("a member that stands", () => {
  const trust = trustOf(googleTrust());
  const keeps = (name: string, namespace = "shop"): boolean =>
    mayKeepMember(
      trust,
      { namespace, name: "web", trust: "default" },
      `${name}@shop-project.iam.gserviceaccount.com`,
    );

  test("may be kept where one grant allows its service account, whatever the binding asks for", () => {
    assert.deepEqual([keeps("web-front"), keeps("report"), keeps("root")], [true, true, false]);
    assert.deepEqual([keeps("report", "team-a"), keeps("report", "other")], [false, false]);
  });
});
