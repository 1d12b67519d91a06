import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnAnnotations } from "./own-annotations.ts";

const accountOf = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { namespace: "shop", name: "web", uid: "u", annotations },
});

test("a ServiceAccount's change is its own once, and where it is just what was written", () => {
  const own = new OwnAnnotations();
  const [one, other] = [accountOf({ a: "1", b: "2" }), accountOf({ a: "1" })];
  assert.equal(own.are("shop/web", one), false, "nothing was written");
  own.writes(one);
  assert.equal(own.are("shop/cart", one), false, "another's");
  assert.equal(own.are("shop/web", accountOf({ b: "2", a: "1" })), true);
  assert.equal(own.are("shop/web", one), false, "changed back by somebody else");
  own.writes(one);
  assert.equal(own.are("shop/web", other), false, "changed by somebody else at the same time");
  own.writes(one);
  assert.equal(own.are("shop/web", undefined), false, "it is gone");
});
