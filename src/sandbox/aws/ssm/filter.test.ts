import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parameterStore, refusal } from "../../../../test/support/parameter-store.ts";
import type { RawRecord } from "../wire/value.ts";

type Names = (...filters: RawRecord[]) => Promise<readonly string[]>;

/** Three parameters, and the names that pass filters. */
async function three(): Promise<{ described: Names; below: Names }> {
  const { run } = parameterStore();
  const tags = [{ Key: "team", Value: "blue" }];
  await run("PutParameter", { Name: "/a/one", Value: "v", Type: "String", Tags: tags });
  await run("PutParameter", { Name: "/a/two", Value: "v", Type: "StringList" });
  await run("PutParameter", { Name: "b", Value: "v", Type: "String", Tier: "Advanced" });
  const names = (answer: unknown): readonly string[] =>
    (answer as { Parameters: { Name: string }[] }).Parameters.map((one) => one.Name);
  return {
    described: async (...ParameterFilters) => names(await run("DescribeParameters", { ParameterFilters })),
    below: async (...ParameterFilters) =>
      names(await run("GetParametersByPath", { Path: "/", Recursive: true, ParameterFilters })),
  };
}

const options = (key: string, named: string): string =>
  `The following filter option is not valid: ${key}. Valid options include: [${named}].`;
const onlyOnce =
  "The following filter is duplicated in the request: Name. A request can contain only one occurrence of a specific filter.";
const keyed = (key: string, named: string): string =>
  `The following filter key is not valid: ${key}. Valid filter keys include: [${named}].`;
const global =
  'Filters for common parameters can\'t be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace.';

describe("filters of parameters", () => {
  test("find names, paths, types, tiers and tags", async () => {
    const { described: names } = await three();
    assert.deepEqual(await names({ Key: "Name", Values: ["/b", "/a/two"] }), ["/a/two", "b"]);
    assert.deepEqual(await names({ Key: "Name", Option: "BeginsWith", Values: ["/a"] }), [
      "/a/one",
      "/a/two",
    ]);
    assert.deepEqual(await names({ Key: "Name", Option: "Contains", Values: ["tw"] }), ["/a/two"]);
    assert.deepEqual(await names({ Key: "Path", Values: ["/"] }), ["b"]);
    assert.deepEqual(await names({ Key: "Path", Option: "OneLevel", Values: ["/"] }), ["b"]);
    assert.deepEqual(await names({ Key: "Path", Option: "Recursive", Values: ["/a"] }), ["/a/one", "/a/two"]);
    assert.deepEqual(await names({ Key: "Type", Values: ["StringList"] }), ["/a/two"]);
    assert.deepEqual(await names({ Key: "Tier", Values: ["Advanced"] }), ["b"]);
    assert.deepEqual(await names({ Key: "DataType", Values: ["text"] }), ["/a/one", "/a/two", "b"]);
    assert.deepEqual(await names({ Key: "KeyId", Values: ["alias/aws/ssm"] }), []);
    assert.deepEqual(await names({ Key: "tag:team" }), ["/a/one"]);
    assert.deepEqual(await names({ Key: "tag:team", Values: ["red"] }), []);
    assert.deepEqual(await names({ Key: "tag:team", Option: "BeginsWith", Values: ["b"] }), ["/a/one"]);
    assert.deepEqual(await names({ Key: "Type", Values: ["String"] }, { Key: "tag:team" }), ["/a/one"]);
  });

  test("show no values, and nothing that others would have shared", async () => {
    const { run } = parameterStore();
    await run("PutParameter", { Name: "/a", Value: "v", Type: "String" });
    assert.ok(!JSON.stringify(await run("DescribeParameters", {})).includes('"Value"'));
    assert.partialDeepStrictEqual(await run("DescribeParameters", { Shared: true }), { Parameters: [] });
  });

  const refusals: readonly (readonly [
    what: string,
    filters: RawRecord[],
    code: string,
    text: string | RegExp,
  ])[] = [
    [
      "a label, which DescribeParameters does not know",
      [{ Key: "Label", Values: ["x"] }],
      "InvalidFilterKey",
      keyed("Label", "Path, Name, Type, KeyId, Tier"),
    ],
    [
      "no values",
      [{ Key: "Name" }],
      "InvalidFilterValue",
      "The following filter values are missing : null for filter key Name.",
    ],
    [
      "the same key twice",
      [
        { Key: "Name", Values: ["a"] },
        { Key: "Name", Values: ["b"] },
      ],
      "InvalidFilterKey",
      onlyOnce,
    ],
    ["a path of AWS's own", [{ Key: "Path", Values: ["/AWS/x"] }], "ValidationException", global],
    ["a path of SSM's own", [{ Key: "Path", Values: ["/a", "/ssm"] }], "ValidationException", global],
    [
      "another option than a path has",
      [{ Key: "Path", Option: "Equals", Values: ["/a"] }],
      "InvalidFilterOption",
      options("Equals", "Recursive, OneLevel"),
    ],
    [
      "a path's option for a name",
      [{ Key: "Name", Option: "Recursive", Values: ["/"] }],
      "InvalidFilterOption",
      options("Recursive", "BeginsWith, Equals"),
    ],
    [
      "Contains for a type",
      [{ Key: "Type", Option: "Contains", Values: ["String"] }],
      "InvalidFilterOption",
      options("Contains", "BeginsWith, Equals"),
    ],
    [
      "a tier that does not exist",
      [{ Key: "Tier", Values: ["Basic"] }],
      "InvalidFilterValue",
      "The following filter value is not valid: Basic. Valid values include: [Standard, Advanced, Intelligent-Tiering].",
    ],
    [
      "a type that does not exist",
      [{ Key: "Type", Values: ["Text"] }],
      "InvalidFilterValue",
      "The following filter value is not valid: Text. Valid values include: [String, StringList, SecureString].",
    ],
    [
      "a path without slash",
      [{ Key: "Path", Values: ["a"] }],
      "ValidationException",
      /begin with a forward slash/u,
    ],
    ["a path with a sign", [{ Key: "Path", Values: ["/###"] }], "ValidationException", /Special characters/u],
    ["a path with an empty part", [{ Key: "Path", Values: ["//"] }], "ValidationException", /Valid example/u],
  ];
  for (const [what, filters, code, text] of refusals) {
    test(`with ${what} are refused in AWS's words`, async () => {
      const { described } = await three();
      await assert.rejects(described(...filters), refusal(code, text));
    });
  }

  for (const key of ["Name", "Path", "Tier", "DataType", "tag:team"]) {
    test(`by ${key} are not for the parameters below a path`, async () => {
      const { below } = await three();
      await assert.rejects(
        below({ Key: key, Values: ["/a"] }),
        refusal("InvalidFilterKey", keyed(key, "Type, KeyId")),
      );
    });
  }

  test("by a label find the version that bears it", async () => {
    const { run } = parameterStore();
    for (const Value of ["old", "new"]) {
      await run("PutParameter", { Name: "/p/x", Value, Type: "String", Overwrite: Value === "new" });
    }
    await run("LabelParameterVersion", { Name: "/p/x", ParameterVersion: 1, Labels: ["kept"] });
    const found = (label: string): Promise<object> =>
      run("GetParametersByPath", { Path: "/p", ParameterFilters: [{ Key: "Label", Values: [label] }] });
    assert.partialDeepStrictEqual(await found("kept"), {
      Parameters: [{ Name: "/p/x", Value: "old", Version: 1 }],
    });
    assert.partialDeepStrictEqual(await found("other"), { Parameters: [] });
  });

  const constraints: readonly (readonly [what: string, filters: RawRecord[], text: string])[] = [
    [
      "an unknown key",
      [{ Key: "valueOf" }],
      "1 validation error detected: Value 'valueOf' at 'parameterFilters.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType",
    ],
    [
      "a key that is too long",
      [{ Key: `tag:${"t".repeat(129)}` }],
      "Member must have length less than or equal to 132",
    ],
    [
      "an option that is too long",
      [{ Key: "Name", Option: "over ten chars" }],
      "Member must have length less than or equal to 10",
    ],
    [
      "too many values",
      [{ Key: "Name", Values: Array.from({ length: 51 }, () => "x") }],
      "Member must have length less than or equal to 50",
    ],
    [
      "a value that is too long",
      [{ Key: "Name", Values: ["t".repeat(1025)] }],
      "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1]",
    ],
    [
      "two faults",
      [{ Key: "Name", Option: "over ten chars" }, { Key: "key" }],
      "2 validation errors detected:",
    ],
  ];
  for (const [what, filters, text] of constraints) {
    test(`with ${what} break a constraint`, () => {
      const said = parameterStore().problems("DescribeParameters", { ParameterFilters: filters });
      assert.ok(said.includes(text), said);
    });
  }

  test("of the older form find names by their beginning, and stand alone", async () => {
    const { run } = parameterStore();
    for (const Name of ["abc", "xyz"]) await run("PutParameter", { Name, Value: "v", Type: "String" });
    const Filters = [{ Key: "Name", Values: ["ab"] }];
    assert.partialDeepStrictEqual(await run("DescribeParameters", { Filters }), {
      Parameters: [{ Name: "abc" }],
    });
    const both = { Filters, ParameterFilters: [{ Key: "Name", Values: ["abc"] }] };
    await assert.rejects(
      run("DescribeParameters", both),
      refusal("ValidationException", "You can use either Filters or ParameterFilters in a single request."),
    );
  });
});
