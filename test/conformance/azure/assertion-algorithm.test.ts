import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { ecKey, rsaKey } from "../fixture.ts";
import { served } from "../gcp-fixture.ts";

describe("Azure's rule assertion-algorithm", () => {
  test("refuses ES256, whatever the key", async () => {
    const key = await ecKey();
    const text =
      "AADSTS5002738: Invalid JWT token. 'ES256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'";
    await refuses({ key }, { rule: "assertion-algorithm", code: "invalid_client", status: 401, text });
  });
  test("accepts RS512", async () => {
    const key = await rsaKey("rsa", "RS512");
    await accepts({ key, facts: { documents: served([key.jwk]) } });
  });
});
