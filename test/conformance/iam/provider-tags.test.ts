import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CreateOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProviderTagsCommand,
  TagOpenIDConnectProviderCommand,
  UntagOpenIDConnectProviderCommand,
} from "@aws-sdk/client-iam";
import { createProvider, iamSandbox, issuer, providerArn, refused, thumbprint } from "../../support/iam.ts";

const named = { OpenIDConnectProviderArn: providerArn };
const tag = (Key: string, Value = "v"): { Key: string; Value: string } => ({ Key, Value });

describe("IAM provider-tags", () => {
  test("keys that differ in case are two tags; Create echoes their order, Get sorts by bytes", async (t) => {
    const { iam } = await iamSandbox(t);
    const Tags = [tag("key"), tag("b"), tag("Key"), tag("_")];
    const created = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer, ThumbprintList: [thumbprint], Tags }),
    );
    assert.deepEqual(created.Tags, Tags);
    const sorted = [tag("Key"), tag("_"), tag("b"), tag("key")];
    const provider = await iam.send(new GetOpenIDConnectProviderCommand(named));
    assert.deepEqual(provider.Tags, sorted);
    const listed = await iam.send(new ListOpenIDConnectProviderTagsCommand(named));
    assert.deepEqual(listed.Tags, sorted);
    assert.equal(listed.IsTruncated, false);
  });

  test("without tags Create gives none, and Get an empty list", async (t) => {
    const { iam } = await iamSandbox(t);
    const created = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer, ThumbprintList: [thumbprint] }),
    );
    assert.equal(created.Tags, undefined);
    assert.deepEqual((await iam.send(new GetOpenIDConnectProviderCommand(named))).Tags, []);
  });

  test("a provider's tags are set, replaced and taken away", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { Tags: [tag("a", "1"), tag("b", "1")] });
    await iam.send(new TagOpenIDConnectProviderCommand({ ...named, Tags: [tag("b", "2"), tag("c", "2")] }));
    await iam.send(new UntagOpenIDConnectProviderCommand({ ...named, TagKeys: ["a", "absent", "C"] }));
    const { Tags } = await iam.send(new ListOpenIDConnectProviderTagsCommand(named));
    assert.deepEqual(Tags, [tag("b", "2"), tag("c", "2")]);
  });

  test("a provider has fifty tags at most", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { Tags: Array.from({ length: 50 }, (_, index) => tag(`k${index}`)) });
    await refused(
      iam.send(new TagOpenIDConnectProviderCommand({ ...named, Tags: [tag("one-more")] })),
      "LimitExceeded",
      "Cannot exceed quota for TagsPerOpenIdConnectProvider: 50",
      409,
    );
    await refused(
      iam.send(
        new TagOpenIDConnectProviderCommand({
          ...named,
          Tags: Array.from({ length: 51 }, (_, index) => tag(`k${index}`)),
        }),
      ),
      "ValidationError",
      /at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50/u,
    );
  });

  test("tag keys and values keep to their characters and lengths", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam);
    const setting = (Key: string, Value: string): Promise<unknown> =>
      iam.send(new TagOpenIDConnectProviderCommand({ ...named, Tags: [{ Key, Value }] }));
    await setting("podtrust:stack", "a b_.:/=+-@ä");
    await setting("empty", "");
    await refused(
      setting("a*", "v"),
      "ValidationError",
      /'tags\.1\.member\.key'.*regular expression pattern/u,
    );
    await refused(
      setting("a", "v;"),
      "ValidationError",
      /'tags\.1\.member\.value'.*regular expression pattern/u,
    );
    await refused(setting("a".repeat(129), "v"), "ValidationError", /less than or equal to 128/u);
    await refused(setting("a", "v".repeat(257)), "ValidationError", /less than or equal to 256/u);
    await refused(setting("aws:own", "v"), "InvalidInput", /reserved for system use/u);
  });
});
