import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parameterPrefix, parameterStore, refusal } from "../../../../test/support/parameter-store.ts";

const of = (ResourceId: string): { ResourceType: string; ResourceId: string } => ({
  ResourceType: "Parameter",
  ResourceId,
});

describe("the tags of a parameter", () => {
  test("are added, replaced, listed and taken away, under each name of the parameter", async () => {
    const { run } = parameterStore();
    await run("PutParameter", { Name: "p", Value: "v", Type: "String", Tags: [{ Key: "a", Value: "1" }] });
    const tags = [
      { Key: "a", Value: "2" },
      { Key: "b", Value: "3" },
    ];
    assert.deepEqual(await run("AddTagsToResource", { ...of("/p"), Tags: tags }), {});
    for (const id of ["p", "/p", `${parameterPrefix}/p`]) {
      assert.deepEqual(await run("ListTagsForResource", of(id)), { TagList: tags });
    }
    await run("RemoveTagsFromResource", { ...of("p"), TagKeys: ["a", "none"] });
    assert.deepEqual(await run("ListTagsForResource", of("/p")), { TagList: tags.slice(1) });
  });

  test("need a parameter, and are fifty at most", async () => {
    const { run } = parameterStore();
    const text = "The resource ID isn't valid. Verify that you entered the correct ID and try again.";
    await assert.rejects(run("ListTagsForResource", of("/none")), refusal("InvalidResourceId", text));
    await assert.rejects(
      run("ListTagsForResource", { ...of("/none"), ResourceType: "Document" }),
      refusal("InvalidResourceId", text),
    );
    await assert.rejects(
      run("ListTagsForResource", { ...of("/none"), ResourceType: "Bucket" }),
      refusal("InvalidResourceType", /^The resource type isn't valid\./u),
    );
    await run("PutParameter", { Name: "/p", Value: "v", Type: "String" });
    const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
    await assert.rejects(
      run("AddTagsToResource", { ...of("/p"), Tags: many }),
      refusal("TooManyTagsError", /too many tags/u),
    );
    await run("AddTagsToResource", { ...of("/p"), Tags: many.slice(1) });
  });

  test("are what a policy is asked about", async () => {
    const { run, needs } = parameterStore();
    await run("PutParameter", {
      Name: "/p",
      Value: "v",
      Type: "String",
      Tags: [{ Key: "team", Value: "blue" }],
    });
    const known = { "aws:ResourceTag/team": "blue", "ssm:resourceTag/team": "blue" };
    const resource = `${parameterPrefix}/p`;
    assert.deepEqual(needs("ListTagsForResource", of("/p")), [
      { action: "ssm:ListTagsForResource", resource, context: known },
    ]);
    assert.deepEqual(needs("AddTagsToResource", { ...of("/p"), Tags: [{ Key: "a", Value: "1" }] }), [
      {
        action: "ssm:AddTagsToResource",
        resource,
        context: { ...known, "aws:RequestTag/a": "1", "aws:TagKeys": ["a"] },
      },
    ]);
    assert.deepEqual(needs("RemoveTagsFromResource", { ...of("/p"), TagKeys: ["a"] }), [
      { action: "ssm:RemoveTagsFromResource", resource, context: { ...known, "aws:TagKeys": ["a"] } },
    ]);
    assert.deepEqual(needs("DeleteParameters", { Names: ["/p", "/q"] }), [
      { action: "ssm:DeleteParameters", resource, context: known },
      { action: "ssm:DeleteParameters", resource: `${parameterPrefix}/q`, context: {} },
    ]);
    for (const operation of ["LabelParameterVersion", "GetParameterHistory"]) {
      assert.deepEqual(needs(operation, { Name: "/p", Labels: ["l"] }), [
        { action: `ssm:${operation}`, resource, context: known },
      ]);
    }
  });
});
