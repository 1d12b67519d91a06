import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { clientId, tenant } from "../azure-fixture.ts";

describe("Azure's rule client-exists", () => {
  const expected = (id: string) => ({
    rule: "client-exists",
    code: "unauthorized_client",
    text: `AADSTS700016: Application with identifier '${id}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  });
  test("refuses a client id that nothing has", () =>
    refuses({ facts: { client: undefined } }, expected(clientId)));
  test("accepts an identity's", () => accepts());
});
