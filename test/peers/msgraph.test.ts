/** Microsoft's own client of Graph for Python, unchanged, through the front: an application's federated credentials. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { issuerUrl } from "../support/azure-world.ts";
import { podAtFront } from "../support/pod-at-front.ts";
import { pythonVenv, runProgram } from "../support/python-venv.ts";

const python = pythonVenv("msgraph-sdk", "1.62.0", { also: ["azure-identity==1.27.0"] });
const missing = await python.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const script = `
import asyncio, json, os
from azure.identity.aio import ClientSecretCredential
from msgraph import GraphServiceClient
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

def body(name, subject, issuer=os.environ["ISSUER"]):
    return FederatedIdentityCredential(name=name, issuer=issuer, subject=subject,
        audiences=["api://AzureADTokenExchange"], description="podtrust stack=prod")

async def refusal(call):
    try:
        await call
    except ODataError as error:
        return [error.response_status_code, error.error.code]

async def main():
    credential = ClientSecretCredential(os.environ["AZURE_TENANT_ID"], os.environ["ADMIN_ID"], os.environ["ADMIN_SECRET"])
    graph = GraphServiceClient(credential, ["https://graph.microsoft.com/.default"])
    seen = {}
    found = (await graph.applications.get()).value
    seen["applications"] = [one.display_name for one in found]
    fics = graph.applications.by_application_id(found[0].id).federated_identity_credentials
    made = await fics.post(body("web", "system:serviceaccount:shop:web"))
    seen["made"] = [made.name, made.subject, made.description, made.audiences]
    seen["pair"] = await refusal(fics.post(body("other", "system:serviceaccount:shop:web")))
    seen["name"] = await refusal(fics.post(body("web", "system:serviceaccount:shop:other")))
    one = fics.by_federated_identity_credential_id(made.id)
    await one.patch(FederatedIdentityCredential(subject="system:serviceaccount:shop:till"))
    seen["patched"] = [each.subject for each in (await fics.get()).value]
    await one.delete()
    seen["gone"] = await refusal(one.get())
    seen["left"] = (await fics.get()).value
    await credential.close()
    print(json.dumps(seen))

asyncio.run(main())
`;

describe("Microsoft's client of Graph for Python", { skip: missing ?? false }, () => {
  test("keeps the federated credentials of an application, and meets what Graph refuses", async (t) => {
    const pod = await podAtFront(t);
    await pod.azure.seed({ applications: [{ name: "shop", credentials: [] }] });
    const { clientId, clientSecret } = pod.azure.admin;
    const env = { ADMIN_ID: clientId, ADMIN_SECRET: clientSecret, ISSUER: issuerUrl };
    const ran = await runProgram(python.program("python"), ["-c", script], {
      ...pod.environment("python"),
      ...env,
    });
    assert.equal(ran.code, 0, ran.err);
    assert.deepEqual(JSON.parse(ran.out), {
      applications: ["shop"],
      made: ["web", "system:serviceaccount:shop:web", "podtrust stack=prod", ["api://AzureADTokenExchange"]],
      pair: [400, "InvalidFederatedIdentityCredentialValue"],
      name: [409, "Request_MultipleObjectsWithSameKeyValue"],
      patched: ["system:serviceaccount:shop:till"],
      gone: [404, "Request_ResourceNotFound"],
      left: [],
    });
  });
});
