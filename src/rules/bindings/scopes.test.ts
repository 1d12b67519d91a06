import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../core/base/index.ts";
import { account, trustOf, trustSpec } from "../../../test/support/bindings/objects.ts";
import { goneRefusal, scopesOf, readTrust, type Trust } from "./index.ts";

const here = ["111122223333", "444455556666"];
const left = {
  id: "777788889999",
  region: "eu-west-1",
  assumeRole: "arn:aws:iam::777788889999:role/podtrust",
};

interface About {
  readonly scopes?: unknown;
  readonly gone?: string;
  readonly isEnding?: true;
}

/** A trust as it is read, whose status has these scopes, and at which a person says what is gone. */
function trust({ scopes = [], gone, isEnding }: About): Trust {
  const whole = trustOf(trustSpec);
  const metadata = {
    name: "default",
    annotations: defined({ "podtrust.dev/gone": gone }),
    ...defined({ deletionTimestamp: isEnding && "2026-12-01T00:00:00Z" }),
  };
  const read = readTrust({ ...whole, metadata, status: { scopes } });
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

const idsOf = (one: Trust): readonly string[] => scopesOf(one).map(({ id }) => id);

describe("the scopes of a trust", () => {
  test("are those of its spec, and those of its status that the spec no longer has, each with how it is reached", () => {
    const first = trustSpec["accounts"];
    const read = trust({ scopes: [...(first as object[]), left] });
    assert.deepEqual(read.leaving, [left]);
    assert.deepEqual(idsOf(read), [...here, left.id]);
  });

  test("are those of the spec where the status has none, or what is no scope", () => {
    for (const scopes of [undefined, "x", [{ id: "1" }], [{ ...left, more: "x" }]])
      assert.deepEqual(idsOf(trust({ scopes })), here);
  });

  test("leave it at once where a person names them, in any case and beside others", () => {
    const read = trust({ scopes: [left], gone: ` 999999999999,, ${left.id}` });
    assert.deepEqual(read.leaving, []);
    assert.deepEqual(read.gone, ["999999999999", left.id]);
  });

  test("of its spec are gone by a person's word only while it is being deleted", () => {
    assert.deepEqual(idsOf(trust({ gone: account })), here);
    assert.deepEqual(idsOf(trust({ gone: account, isEnding: true })), here.slice(1));
  });
});

test("nothing is made in a scope that a person says is gone, and the refusal names it and the annotation", () => {
  const object = { metadata: { annotations: { "podtrust.dev/gone": account } } };
  const refusal = goneRefusal(object, [{ id: "1" }, { id: account }]);
  assert.equal(refusal?.reason, "ScopeGone");
  assert.match(refusal.message, /111122223333.*podtrust\.dev\/gone/u);
  assert.equal(goneRefusal(object, [{ id: "1" }]), undefined);
  assert.equal(goneRefusal(undefined, [{ id: account }]), undefined);
});
