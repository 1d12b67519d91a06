import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Grant } from "../objects/objects.ts";
import { shareOf } from "./share.ts";

const grant = (name: string, ...namespaces: readonly string[]): Grant =>
  ({ name, namespaces }) as unknown as Grant;
const trust = {
  name: "default",
  grants: [
    grant("everybody", "*"),
    grant("shop", "shop", "shop-test"),
    grant("previews", "preview-*"),
    grant("all-but-one", "*", "shop", "tools"),
  ],
};

const second = { name: "second", grants: [grant("again", "shop"), grant("second-alone", "apart")] };

describe("which bindings count as one tenant's", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["namespaces that one grant names together", "shop-test", "default/shop"],
    ["those of a pattern", "preview-7", "default/previews"],
    ["one that only a grant for all namespaces is for: by itself", "other", "other"],
    ["what such a grant names besides", "tools", "default/all-but-one"],
    ["one that several grants name, of two trusts: by the first", "shop", "default/shop"],
    ["one that only the second trust names", "apart", "second/second-alone"],
  ];
  for (const [what, namespace, share] of cases) {
    test(what, () => assert.equal(shareOf(namespace, [trust, second]), share));
  }

  test("before a trust is known a namespace is by itself", () => {
    assert.equal(shareOf("shop", []), "shop");
  });
});
