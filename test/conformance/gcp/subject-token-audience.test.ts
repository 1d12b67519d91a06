import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";
import { audience, providerName } from "../gcp-fixture.ts";

describe("Google's rule subject-token-audience", () => {
  const expected = (aud: string) => ({
    rule: "subject-token-audience",
    code: "invalid_grant",
    text: `The audience in ID Token [${aud}] does not match the expected audience.`,
  });
  test("refuses AWS's", () =>
    refuses({ claims: { aud: ["sts.amazonaws.com"] } }, expected("sts.amazonaws.com")));
  test("refuses a token without any", () => refuses({ claims: { aud: undefined } }, expected("")));
  test("refuses the provider's name once it has audiences of its own", () =>
    refuses({ provider: { allowedAudiences: ["sts.googleapis.com"] } }, expected(audience)));

  test("accepts the provider's name, with https: and without", async () => {
    await accepts();
    await accepts({ claims: { aud: `//iam.googleapis.com/${providerName}` } });
  });
  test("accepts one of several, and one that the provider names", () =>
    accepts({ claims: { aud: ["a", "b"] }, provider: { allowedAudiences: ["c", "b"] } }));
});
