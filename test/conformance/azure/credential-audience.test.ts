import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { audience, tail } from "../azure-fixture.ts";

describe("Azure's rule credential-audience", () => {
  const expected = (aud: string) => ({
    rule: "credential-audience",
    code: "invalid_client",
    status: 401,
    text: `AADSTS700212: No matching federated identity record found for presented assertion audience '${aud}'.${tail}`,
  });
  test("refuses AWS's", () =>
    refuses({ claims: { aud: ["sts.amazonaws.com"] } }, expected("sts.amazonaws.com")));
  test("refuses several, though one of them is right", () =>
    refuses({ claims: { aud: [audience, "other"] } }, expected(`${audience}, other`)));
  test("refuses a credential without any", () =>
    refuses({ credential: { audiences: [] } }, expected(audience)));
  test("accepts the one audience, as a text and in a list", async () => {
    await accepts();
    await accepts({ claims: { aud: audience } });
  });
});
