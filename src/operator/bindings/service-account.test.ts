import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { account, bindingOf, roles, webRole } from "../../../test/support/bindings/objects.ts";
import { readBinding } from "../../rules/bindings/index.ts";
import { accessAnnotations, accessConflict } from "../../rules/injection/index.ts";
import { accessOf } from "./service-account.ts";

describe("the annotations of a binding", () => {
  test("give pods a chain with the longest ARN and external ID that a binding may have", () => {
    const arn = `arn:aws:iam::${account}:role/`.padEnd(512, "x");
    const chain = (length: number) => {
      const out = { profile: "out", chain: { arn, externalId: "x".repeat(length) } };
      return readBinding(bindingOf(roles(webRole, out)));
    };
    assert.ok("problems" in chain(1001));
    for (const length of [2, 1000]) {
      const read = chain(length);
      assert.ok("object" in read, JSON.stringify(read));
      const own = { profile: "default", arn: `arn:aws:iam::${account}:role/web` };
      const access = accessOf([own], read.object.roles, "sts.amazonaws.com");
      const annotations = accessAnnotations(access);
      assert.equal(accessConflict({ metadata: { annotations } }, access), undefined);
    }
  });
});
