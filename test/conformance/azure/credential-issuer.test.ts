import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses } from "../azure-fixture.ts";
import { tail } from "../azure-fixture.ts";
import { issuer } from "../fixture.ts";

describe("Azure's rule credential-issuer", () => {
  const expected = (iss: string) => ({
    rule: "credential-issuer",
    code: "invalid_client",
    status: 401,
    text: `AADSTS700211: No matching federated identity record found for presented assertion issuer '${iss}'.${tail}`,
  });
  test("refuses an issuer that no credential has", () =>
    refuses({ claims: { iss: "https://other.test" } }, expected("https://other.test")));
  test("refuses a slash more, and says so", async () => {
    const { why } = await refusalOf({ credential: { issuer: `${issuer}/` } }, expected(issuer));
    assert.match(why, /differs by a slash/u);
  });
  test("refuses an identity without credentials", () =>
    refuses({ facts: { client: { credentials: [] } } }, expected(issuer)));
  test("accepts the credential's own", () => accepts());
});
