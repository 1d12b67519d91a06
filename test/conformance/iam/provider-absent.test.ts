import { describe, test } from "node:test";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProviderTagsCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  UntagOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from "@aws-sdk/client-iam";
import { createProvider, iamSandbox, providerArn, refused, thumbprint } from "../../support/iam.ts";

const named = { OpenIDConnectProviderArn: providerArn };
const absent = `OpenIDConnect Provider not found for arn ${providerArn}`;

describe("IAM provider-absent", () => {
  test("every operation on a provider that is not there says so", async (t) => {
    const { iam } = await iamSandbox(t);
    const calls = [
      iam.send(new GetOpenIDConnectProviderCommand(named)),
      iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...named, ClientID: "a" })),
      iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ ...named, ClientID: "a" })),
      iam.send(new UpdateOpenIDConnectProviderThumbprintCommand({ ...named, ThumbprintList: [thumbprint] })),
      iam.send(new TagOpenIDConnectProviderCommand({ ...named, Tags: [{ Key: "a", Value: "b" }] })),
      iam.send(new UntagOpenIDConnectProviderCommand({ ...named, TagKeys: ["a"] })),
      iam.send(new ListOpenIDConnectProviderTagsCommand(named)),
    ];
    await Promise.all(calls.map((call) => refused(call, "NoSuchEntity", absent, 404)));
  });

  test("a second deletion is refused with a text of its own, whatever the API's page says", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam);
    await iam.send(new DeleteOpenIDConnectProviderCommand(named));
    await refused(
      iam.send(new DeleteOpenIDConnectProviderCommand(named)),
      "NoSuchEntity",
      `OpenId connect Provider ${providerArn} cannot be found.`,
      404,
    );
  });
});
