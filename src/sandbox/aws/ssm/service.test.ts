import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  parameterPrefix as prefix,
  parameterStore as setUp,
  account,
  refusal,
} from "../../../../test/support/parameter-store.ts";
import { defined } from "../../../core/base/index.ts";
import type { RawRecord } from "../wire/value.ts";
import { ownTime } from "../../../../test/support/processor-time.ts";

describe("Parameter Store", () => {
  test("a parameter is written, read, overwritten and deleted", async () => {
    const { run, clock } = setUp();
    const put = { Name: "/app/color", Value: "red", Type: "String", Description: "a colour" };
    assert.deepEqual(await run("PutParameter", put), { Version: 1, Tier: "Standard" });
    await assert.rejects(run("PutParameter", put), refusal("ParameterAlreadyExists", /overwrite option/u));
    clock.now += 1000;
    const again = { Name: "/app/color", Value: "blue", Overwrite: true };
    assert.deepEqual(await run("PutParameter", again), { Version: 2, Tier: "Standard" });
    assert.deepEqual(await run("GetParameter", { Name: "/app/color" }), {
      Parameter: {
        Name: "/app/color",
        Type: "String",
        Value: "blue",
        Version: 2,
        Selector: undefined,
        LastModifiedDate: new Date(clock.now),
        ARN: `${prefix}/app/color`,
        DataType: "text",
      },
    });
    const first = await run("GetParameter", { Name: "/app/color:1" });
    assert.partialDeepStrictEqual(first, { Parameter: { Value: "red", Selector: ":1" } });
    await assert.rejects(run("GetParameter", { Name: "/app/color:9" }), refusal("ParameterVersionNotFound"));
    assert.deepEqual(await run("DeleteParameter", { Name: "/app/color" }), {});
    await assert.rejects(run("DeleteParameter", { Name: "/app/color" }), refusal("ParameterNotFound", /^$/u));
    await assert.rejects(run("GetParameter", { Name: "/app/color" }), refusal("ParameterNotFound", /^$/u));
  });

  test("parameters live in their region", async () => {
    const { run } = setUp();
    await run("PutParameter", { Name: "a", Value: "v", Type: "String" }, "us-east-1");
    await assert.rejects(run("GetParameter", { Name: "a" }), refusal("ParameterNotFound"));
    assert.deepEqual(await run("DescribeParameters", {}), { Parameters: [], NextToken: undefined });
  });

  test("a parameter can be named by its ARN", async () => {
    const { run } = setUp();
    for (const name of ["flat", "/rooted", "/a/b"]) {
      await run("PutParameter", { Name: name, Value: name, Type: "String" });
      const arn = `${prefix}/${name.replace(/^\//u, "")}`;
      assert.partialDeepStrictEqual(await run("GetParameter", { Name: arn }), { Parameter: { Value: name } });
      assert.partialDeepStrictEqual(await run("GetParameter", { Name: `${arn}:1` }), {
        Parameter: { Name: name },
      });
    }
    const elsewhere = `arn:aws:ssm:us-east-1:${account}:parameter/flat`;
    await assert.rejects(run("GetParameter", { Name: elsewhere }), refusal("ParameterNotFound"));
  });

  test("a SecureString shows cipher text unless decryption is asked for", async () => {
    const { run } = setUp();
    await run("PutParameter", { Name: "/secret", Value: "open sesame", Type: "SecureString" });
    const read = async (params: RawRecord): Promise<string> =>
      ((await run("GetParameter", { Name: "/secret", ...params }))["Parameter"] as { Value: string }).Value;
    assert.equal(await read({ WithDecryption: true }), "open sesame");
    const sealed = await read({});
    assert.equal(await read({ WithDecryption: false }), sealed);
    const bytes = Buffer.from(sealed, "base64");
    assert.equal(bytes.length, 12 + "open sesame".length + 16);
    assert.ok(!bytes.includes("sesame"));
    const described = await run("DescribeParameters", {});
    assert.partialDeepStrictEqual(described, { Parameters: [{ KeyId: "alias/aws/ssm" }] });
  });

  test("GetParameters gives what there is and names what there is not", async () => {
    const { run } = setUp();
    await run("PutParameter", { Name: "/a", Value: "1", Type: "String" });
    const got = await run("GetParameters", { Names: ["/a", "/b", "/a", "/a:7"] });
    assert.partialDeepStrictEqual(got, { Parameters: [{ Name: "/a" }], InvalidParameters: ["/b", "/a:7"] });
    assert.equal((got["Parameters"] as unknown[]).length, 1);
  });

  test("a path gives its children, or with Recursive all below it, page by page", async () => {
    const { run } = setUp();
    const names = [
      ...Array.from({ length: 12 }, (_, i) => `/p/n${String(i).padStart(2, "0")}`),
      "/p/d/x",
      "/pq",
      "flat",
    ];
    for (const name of names) await run("PutParameter", { Name: name, Value: "v", Type: "String" });
    const list = async (params: RawRecord): Promise<string[]> => {
      const found: string[] = [];
      let next: string | undefined;
      do {
        const page = await run("GetParametersByPath", {
          ...params,
          ...defined({ NextToken: next }),
        });
        found.push(...(page["Parameters"] as { Name: string }[]).map((one) => one.Name));
        next = page["NextToken"] as string | undefined;
      } while (next !== undefined);
      return found;
    };
    const children = names.slice(0, 12);
    assert.deepEqual(await list({ Path: "/p", MaxResults: 5 }), children);
    assert.deepEqual(await list({ Path: "/p/", Recursive: true }), ["/p/d/x", ...children]);
    assert.deepEqual(await list({ Path: "/" }), ["/pq", "flat"]);
    assert.equal((await list({ Path: "/", Recursive: true })).length, 15);
    assert.deepEqual(await list({ Path: "/p/n00" }), []);
    await assert.rejects(
      run("GetParametersByPath", { Path: "p" }),
      refusal("ValidationException", /forward slash/u),
    );
    const bad = { Path: "/", NextToken: "nonsense" };
    await assert.rejects(run("GetParametersByPath", bad), refusal("InvalidNextToken"));
  });

  test("a path is refused as fast as it is taken", async () => {
    const { run } = setUp();
    for (const Path of ["/", "/a", "/a/", "/a/b.c/-d_/"]) await run("GetParametersByPath", { Path });
    const took = await ownTime(async () => {
      for (const Path of ["a", "//", "/a//b", `/${"a".repeat(2000)}!`, `${"/a".repeat(1000)}!`])
        await assert.rejects(run("GetParametersByPath", { Path }), refusal("ValidationException"));
    });
    assert.ok(took < 2000, `${took} ms`);
  });

  test("PutParameter refuses values, names and types that AWS refuses", async () => {
    const { run } = setUp();
    const base = { Name: "/x", Value: "v", Type: "String" };
    const refused = async (params: RawRecord, code: string, text?: RegExp | string): Promise<void> =>
      assert.rejects(run("PutParameter", { ...base, ...params }), refusal(code, text));
    await refused(
      { Name: "/awssec/lab" },
      "AccessDeniedException",
      /^No access to reserved parameter name: awssec\/lab\.$/u,
    );
    const reserved = "No access to reserved parameter name: awslimitschecker.";
    await refused({ Name: "awslimitschecker" }, "AccessDeniedException", reserved);
    await refused({ Name: "AWSthing" }, "AccessDeniedException");
    await refused({ Name: "SSMthing" }, "ValidationException", /prefixed with "aws" or "ssm"/u);
    await refused({ Name: "/ssm/thing" }, "ValidationException", /prefixed with "ssm"/u);
    await refused({ Name: "a/b" }, "ValidationException", /fully qualified/u);
    await refused({ Name: "/a b" }, "ValidationException");
    await refused({ Name: "/a//b" }, "ValidationException");
    await refused({ Name: "/a".repeat(16) }, "HierarchyLevelLimitExceededException");
    await refused({ Value: "x".repeat(4097) }, "ValidationException", /4096 characters/u);
    await refused({ Value: "x".repeat(8193), Tier: "Advanced" }, "ValidationException", /8192/u);
    await refused({ Value: "x", AllowedPattern: "\\d+" }, "ParameterPatternMismatchException", /\\d\+/u);
    await refused({ AllowedPattern: "(" }, "InvalidAllowedPatternException");
    const endless = { AllowedPattern: "(a+)+b", Value: "a".repeat(4000) };
    await refused(endless, "InvalidAllowedPatternException");
    await refused({ KeyId: "alias/mine" }, "InvalidKeyId");
    await refused(
      { DataType: "aws:ec2:image" },
      "ValidationException",
      "This sandbox does not implement the data type aws:ec2:image: it does not validate values.",
    );
    await refused(
      { DataType: "Text" },
      "ValidationException",
      "The following data type is not supported: Text (Data type names are all lowercase.)",
    );
    const nested = 'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.';
    for (const Value of ["{{ssm:x}}", "a {{ NAME }} b"])
      await refused({ Value }, "ValidationException", nested);
    await refused({ Policies: "[]" }, "ValidationException");
    await refused(
      { Overwrite: true, Tags: [{ Key: "a", Value: "b" }] },
      "ValidationException",
      /tags and overwrite/u,
    );
    await assert.rejects(
      run("PutParameter", { Name: "/x", Value: "v" }),
      refusal("ValidationException", /type is required/u),
    );
    for (const Value of ["{{", "}} {{", '{"a":{}}']) {
      await run("PutParameter", { ...base, Value, Overwrite: true });
    }
  });

  test("p and /p are one parameter, which answers by the name that was asked for", async () => {
    const { run } = setUp();
    for (const [made, other] of [
      ["plain", "/plain"],
      ["/rooted", "rooted"],
    ] as const) {
      await run("PutParameter", { Name: made, Value: "v", Type: "String" });
      for (const Name of [made, other]) {
        assert.partialDeepStrictEqual(await run("GetParameter", { Name }), {
          Parameter: { Name, Value: "v" },
        });
        assert.partialDeepStrictEqual(await run("GetParameters", { Names: [`${Name}:1`] }), {
          Parameters: [{ Name }],
          InvalidParameters: [],
        });
      }
      const again = { Name: other, Value: "w", Type: "String" };
      await assert.rejects(run("PutParameter", again), refusal("ParameterAlreadyExists"));
      assert.partialDeepStrictEqual(await run("PutParameter", { ...again, Overwrite: true }), { Version: 2 });
      assert.partialDeepStrictEqual(
        await run("DescribeParameters", { ParameterFilters: [{ Key: "Name", Values: [other] }] }),
        { Parameters: [{ Name: made, Version: 2 }] },
      );
      await run("DeleteParameter", { Name: other });
      await assert.rejects(run("GetParameter", { Name: made }), refusal("ParameterNotFound"));
    }
  });

  test("a name that no parameter could have is refused by its form", async () => {
    const { run } = setUp();
    await run("PutParameter", { Name: "/a/b/c", Value: "v", Type: "String" });
    const text = /sub-paths divided by slash symbol/u;
    for (const Name of ["a/b/c", "/a//b//c", "/a/b/c/", "a b"]) {
      await assert.rejects(run("GetParameter", { Name }), refusal("ValidationException", text));
      await assert.rejects(run("GetParameters", { Names: [Name] }), refusal("ValidationException", text));
    }
  });

  test("a secret that a parameter refers to is not found by name", async () => {
    const { run } = setUp();
    const Name = "/aws/reference/secretsmanager/inexistent";
    await assert.rejects(
      run("GetParameter", { Name, WithDecryption: true }),
      refusal("ParameterNotFound", "Secret aws/reference/secretsmanager/inexistent not found."),
    );
    assert.deepEqual(await run("GetParameters", { Names: [Name] }), {
      Parameters: [],
      InvalidParameters: [Name],
    });
  });

  test("a parameter's next version may be of another type", async () => {
    const { run } = setUp();
    await run("PutParameter", { Name: "/t", Value: "v", Type: "String", Description: "d" });
    const secure = { Name: "/t", Value: "w", Type: "SecureString", Overwrite: true };
    assert.partialDeepStrictEqual(await run("PutParameter", secure), { Version: 2 });
    assert.partialDeepStrictEqual(await run("GetParameter", { Name: "/t" }), {
      Parameter: { Type: "SecureString" },
    });
    assert.partialDeepStrictEqual(await run("GetParameterHistory", { Name: "t", WithDecryption: true }), {
      Parameters: [
        { Name: "t", Type: "String", Value: "v", KeyId: undefined, Description: "d" },
        { Name: "t", Type: "SecureString", Value: "w", KeyId: "alias/aws/ssm", Description: "d" },
      ],
    });
  });

  test("several parameters are deleted at once, and those that are not there are named", async () => {
    const { run } = setUp();
    for (const Name of ["/a", "b"]) await run("PutParameter", { Name, Value: "v", Type: "String" });
    assert.deepEqual(await run("DeleteParameters", { Names: ["a", "b", "b", "/c"] }), {
      DeletedParameters: ["a", "b"],
      InvalidParameters: ["/c"],
    });
    assert.deepEqual(await run("DescribeParameters", {}), { Parameters: [], NextToken: undefined });
    const reserved = "No access to reserved parameter name: aws-cdk-playground.";
    await assert.rejects(
      run("DeleteParameter", { Name: "aws-cdk-playground" }),
      refusal("AccessDeniedException", reserved),
    );
    await assert.rejects(
      run("DeleteParameters", { Names: ["/aws/x"] }),
      refusal("AccessDeniedException", "No access to reserved parameter name: aws/x."),
    );
  });

  test("a large value needs the Advanced tier, from which nothing comes back", async () => {
    const { run } = setUp();
    const large = { Name: "/l", Value: "x".repeat(4097), Type: "String", Tier: "Intelligent-Tiering" };
    assert.deepEqual(await run("PutParameter", large), { Version: 1, Tier: "Advanced" });
    const smaller = { Name: "/l", Value: "x", Overwrite: true };
    assert.deepEqual(await run("PutParameter", smaller), { Version: 2, Tier: "Advanced" });
    await assert.rejects(
      run("PutParameter", { ...smaller, Tier: "Standard" }),
      refusal("ValidationException", /downgrade/u),
    );
    const small = { Name: "/s", Value: "x", Type: "String", Tier: "Intelligent-Tiering" };
    assert.deepEqual(await run("PutParameter", small), { Version: 1, Tier: "Standard" });
  });

  test("a parameter keeps a hundred versions", async () => {
    const { run } = setUp();
    for (let i = 1; i <= 101; i += 1) {
      await run("PutParameter", { Name: "/v", Value: String(i), Type: "String", Overwrite: i > 1 });
    }
    await assert.rejects(run("GetParameter", { Name: "/v:1" }), refusal("ParameterVersionNotFound"));
    assert.partialDeepStrictEqual(await run("GetParameter", { Name: "/v:2" }), { Parameter: { Value: "2" } });
  });

  test("each action needs what AWS's service authorization reference says", async () => {
    const { run, needs } = setUp();
    const tags = [{ Key: "team", Value: "blue" }];
    const put = { Name: "/a/b", Value: "v", Type: "String", Tags: tags };
    const asked = { "aws:RequestTag/team": "blue", "aws:TagKeys": ["team"], "ssm:Overwrite": "false" };
    assert.deepEqual(needs("PutParameter", put), [
      { action: "ssm:PutParameter", resource: `${prefix}/a/b`, context: asked },
      { action: "ssm:AddTagsToResource", resource: `${prefix}/a/b`, context: asked },
    ]);
    await run("PutParameter", put);
    const tagged = { "aws:ResourceTag/team": "blue", "ssm:resourceTag/team": "blue" };
    assert.deepEqual(needs("GetParameter", { Name: "/a/b:1" }), [
      { action: "ssm:GetParameter", resource: `${prefix}/a/b`, context: tagged },
    ]);
    assert.deepEqual(
      needs("GetParameters", { Names: ["/a/b", "flat"] }).map((need) => need.resource),
      [`${prefix}/a/b`, `${prefix}/flat`],
    );
    assert.deepEqual(needs("GetParametersByPath", { Path: "/a/", Recursive: true }), [
      { action: "ssm:GetParametersByPath", resource: `${prefix}/a/`, context: { "ssm:Recursive": "true" } },
    ]);
    assert.deepEqual(needs("DescribeParameters", {}), [
      { action: "ssm:DescribeParameters", resource: `arn:aws:ssm:eu-central-1:${account}:*` },
    ]);
    assert.deepEqual(needs("DeleteParameter", { Name: "/a/b" }), [
      { action: "ssm:DeleteParameter", resource: `${prefix}/a/b`, context: tagged },
    ]);
  });
});
