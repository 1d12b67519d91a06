import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { emptyAccount } from "../state/account.ts";
import type { Tag } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";
import type { Call } from "../wire/service.ts";
import type { RawRecord, Shape } from "../wire/value.ts";
import { readInput } from "../wire/input.ts";
import { taggingService } from "./service.ts";

const team = (value: string): Tag => ({ key: "team", value });
const arn = (rest: string): string => `arn:aws:${rest}`;
const [one, two, three] = ["one", "two", "three"].map((name) =>
  arn(`ssm:eu-central-1:111122223333:parameter/${name}`),
) as [string, string, string];

/** Three parameters in one region and one in another, an OIDC provider and a role. */
function setUp(): (
  params: RawRecord,
  region?: string,
) => Promise<{ arns: readonly string[]; answer: Shape }> {
  const account = emptyAccount("111122223333");
  const parameter = (region: string, name: string, tags: readonly Tag[]): void =>
    account.parameters.set(`${region}/${name}`, {
      name,
      arn: arn(`ssm:${region}:111122223333:parameter/${name}`),
      versions: [],
      tags,
    });
  parameter("eu-central-1", "one", [team("blue")]);
  parameter("eu-central-1", "two", [team("red"), { key: "env", value: "" }]);
  parameter("eu-central-1", "three", [{ key: "env", value: "prod" }]);
  parameter("eu-central-1", "plain", []);
  parameter("us-east-1", "far", [team("blue")]);
  account.providers.set("p", {
    arn: arn("iam::111122223333:oidc-provider/oidc.example.test"),
    url: "oidc.example.test",
    clientIds: [],
    thumbprints: [],
    tags: [team("blue")],
    createDate: 0,
  });
  const action = taggingService({ account }).actions["GetResources"];
  assert.ok(action);
  return async (raw, region = "eu-central-1") => {
    const { params, problems } = readInput(action.input, raw);
    assert.deepEqual(problems, []);
    const answer = (await action.run(params, { region } as Call)) ?? {};
    const list = answer["ResourceTagMappingList"] as readonly { ResourceARN: string }[];
    return { answer, arns: list.map(({ ResourceARN }) => ResourceARN) };
  };
}

describe("GetResources of the Tagging API", () => {
  test("gives what has tags in the region, with its tags", async () => {
    const { arns, answer } = await setUp()({});
    assert.deepEqual(arns, [one, three, two]);
    assert.partialDeepStrictEqual(answer, {
      PaginationToken: "",
      ResourceTagMappingList: [{ ResourceARN: one, Tags: [{ Key: "team", Value: "blue" }] }],
    });
  });

  test("shows what IAM keeps in us-east-1 alone", async () => {
    const { arns } = await setUp()({}, "us-east-1");
    assert.deepEqual(arns, [
      arn("iam::111122223333:oidc-provider/oidc.example.test"),
      arn("ssm:us-east-1:111122223333:parameter/far"),
    ]);
  });

  test("filters by tags, of which all must be there, by types and by ARNs", async () => {
    const get = setUp();
    const found = async (params: RawRecord, region?: string): Promise<readonly string[]> =>
      (await get(params, region)).arns;
    assert.deepEqual(await found({ TagFilters: [{ Key: "team" }] }), [one, two]);
    assert.deepEqual(await found({ TagFilters: [{ Key: "team", Values: ["red", "green"] }] }), [two]);
    assert.deepEqual(await found({ TagFilters: [{ Key: "team" }, { Key: "env" }] }), [two]);
    assert.deepEqual(await found({ TagFilters: [{ Key: "Team" }] }), []);
    assert.deepEqual(await found({ ResourceTypeFilters: ["ssm"], ResourceARNList: [one, "x"] }), [one]);
    assert.deepEqual(await found({ ResourceTypeFilters: ["ssm:parameter"] }, "us-east-1"), [
      arn("ssm:us-east-1:111122223333:parameter/far"),
    ]);
    assert.deepEqual(await found({ ResourceTypeFilters: ["s3", "ss"] }), []);
  });

  test("comes in pages, and refuses a token that it did not give", async () => {
    const get = setUp();
    const first = await get({ ResourcesPerPage: 2 });
    assert.deepEqual(first.arns, [one, three]);
    const token = first.answer["PaginationToken"] as string;
    const second = await get({ ResourcesPerPage: 2, PaginationToken: token });
    assert.deepEqual([second.arns, second.answer["PaginationToken"]], [[two], ""]);
    await assert.rejects(
      get({ PaginationToken: "nonsense" }),
      (error) => error instanceof AwsError && error.code === "PaginationTokenExpiredException",
    );
  });
});
