import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { rsaKey } from "../fixture.ts";

describe("Azure's rule assertion-signature", () => {
  test("refuses a token of another key under the same kid", async () => {
    const text = "AADSTS700027: Client assertion failed signature validation.";
    const key = await rsaKey("rsa");
    await refuses({ key }, { rule: "assertion-signature", code: "invalid_client", status: 401, text });
  });
  test("accepts the key's own", () => accepts());
});
