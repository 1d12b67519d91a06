import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses, trust } from "../fixture.ts";

const claim = "https://aws.amazon.com/tags";
const flat = `${claim}/principal_tags`;
const allowed = trust(undefined, { actions: ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"] });
const refusal = {
  rule: "principal-tags",
  code: "InvalidIdentityToken",
  text: "principal_tags passed in claim is not in correct format.",
};
const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, ["v"]]));

describe("STS rule principal-tags", () => {
  for (const [name, claims] of [
    ["a value that is a text", { [claim]: { principal_tags: { team: "shop" } } }],
    ["a list of two values", { [claim]: { principal_tags: { team: ["shop", "cart"] } } }],
    ["an empty list", { [claim]: { principal_tags: { team: [] } } }],
    ["a number", { [claim]: { principal_tags: { team: [1] } } }],
    ["principal_tags that are a list", { [claim]: { principal_tags: ["team"] } }],
    ["a claim that is a text", { [claim]: "team=shop" }],
    ["a key of 129 characters", { [claim]: { principal_tags: { ["k".repeat(129)]: ["v"] } } }],
    ["an empty key", { [claim]: { principal_tags: { "": ["v"] } } }],
    ["a value of 257 characters", { [claim]: { principal_tags: { team: ["v".repeat(257)] } } }],
    ["a value with forbidden characters", { [claim]: { principal_tags: { team: ["a;b"] } } }],
    ["51 tags", { [claim]: { principal_tags: many } }],
    [
      "transitive keys that are a text",
      { [claim]: { principal_tags: { team: ["shop"] }, transitive_tag_keys: "team" } },
    ],
    ["a flattened value that is a list", { [`${flat}/team`]: ["shop"] }],
  ] as const) {
    test(`refuses ${name}`, () => refuses({ claims, trust: allowed }, refusal));
  }

  test("grants tags in the nested form", async () => {
    const claims = {
      [claim]: { principal_tags: { team: ["shop"], tier: [""] }, transitive_tag_keys: ["team"] },
    };
    const { tags, transitiveTagKeys } = await grantOf({ claims, trust: allowed });
    assert.deepEqual(
      { tags, transitiveTagKeys },
      { tags: { team: "shop", tier: "" }, transitiveTagKeys: ["team"] },
    );
  });

  test("grants tags in the flattened form", async () => {
    const claims = { [`${flat}/team`]: "shop", [`${claim}/transitive_tag_keys`]: ["team"] };
    const { tags, transitiveTagKeys } = await grantOf({ claims, trust: allowed });
    assert.deepEqual({ tags, transitiveTagKeys }, { tags: { team: "shop" }, transitiveTagKeys: ["team"] });
  });
});
