/** Azure's own libraries, as PyPI and npm have them and not a line of them changed, through the front. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { spawnSync } from "node:child_process";
import { type Sandbox, type StandInAzure, startSandbox } from "../../src/sandbox/index.ts";
import { azureAudience, cartSeed, issuerUrl } from "../support/azure-world.ts";
import { npmPackage } from "../support/npm-package.ts";
import { noHome } from "../support/nowhere.ts";
import { pythonVenv, runProgram } from "../support/python-venv.ts";

const python = pythonVenv("azure-identity", "1.27.0", {
  also: ["azure-mgmt-msi==7.1.0", "azure-keyvault-secrets==4.12.0"],
});
const node = npmPackage("@azure/identity", "4.13.1");
const noPython = await python.missing();
const noNode = await node.missing();
const noJava = spawnSync("java", ["-version"]).error === undefined ? false : "java is not installed";

/** Asks for tokens as a pod does, reads a secret by the vault's own challenge, and keeps an identity by ARM's client. */
const pythonScript = `
import json, os
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, WorkloadIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.msi import ManagedServiceIdentityClient

seen = {}
def refused(act):
    try:
        act()
    except ClientAuthenticationError as error:
        return error.message.split("AADSTS")[1].split(":")[0]
    except HttpResponseError as error:
        return [error.status_code, error.error.code if error.error else None]

workload = WorkloadIdentityCredential()
vault = "https://vault.azure.net/.default"
seen["token"] = len(workload.get_token(vault).token.split("."))
seen["default"] = len(DefaultAzureCredential().get_token("https://management.azure.com/.default").token.split("."))
seen["secret"] = SecretClient("https://shop.vault.azure.net", workload).get_secret("color").value
nobody = "00000000-0000-0000-0000-000000000000"
seen["client"] = refused(lambda: WorkloadIdentityCredential(client_id=nobody).get_token(vault))
seen["tenant"] = refused(lambda: WorkloadIdentityCredential(tenant_id=nobody).get_token(vault))
seen["subject"] = refused(lambda: WorkloadIdentityCredential(token_file_path=os.environ["OTHER_TOKEN"]).get_token(vault))

admin = ClientSecretCredential(os.environ["AZURE_TENANT_ID"], os.environ["ADMIN_ID"], os.environ["ADMIN_SECRET"])
subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
msi = ManagedServiceIdentityClient(admin, subscription)
identities, fics = msi.user_assigned_identities, msi.federated_identity_credentials
body = lambda subject: {"properties": {"issuer": os.environ["ISSUER"], "subject": subject, "audiences": ["api://AzureADTokenExchange"]}}
made = identities.create_or_update("podtrust", "till", {"location": "westeurope", "tags": {"podtrust": "prod"}})
seen["identity"] = [made.name, made.location, made.tags, made.tenant_id]
for number in range(1, 6):
    fics.create_or_update("podtrust", "till", f"one-{number}", body(f"s{number}"))
seen["again"] = fics.create_or_update("podtrust", "till", "one-5", body("s6")).subject
seen["pair"] = refused(lambda: fics.create_or_update("podtrust", "till", "two", body("s1")))
seen["pages"] = [one.name for one in fics.list("podtrust", "till", top=2)]
fics.delete("podtrust", "till", "one-1")
seen["gone"] = refused(lambda: fics.get("podtrust", "till", "one-1"))
seen["rights"] = refused(lambda: ManagedServiceIdentityClient(workload, subscription).user_assigned_identities.get("podtrust", "till"))
identities.delete("podtrust", "till")
seen["left"] = [one.name for one in identities.list_by_subscription()]
print(json.dumps(seen))
`;

const nodeScript = `
import { WorkloadIdentityCredential } from "@azure/identity";
const vault = "https://vault.azure.net/.default";
const seen = {};
seen.token = (await new WorkloadIdentityCredential().getToken(vault)).token.split(".").length;
const refused = async (options) => {
  try {
    await new WorkloadIdentityCredential(options).getToken(vault);
  } catch (error) {
    return /AADSTS(\\d+)/.exec(error.message)?.[1] ?? error.message;
  }
};
seen.client = await refused({ clientId: "00000000-0000-0000-0000-000000000000" });
seen.subject = await refused({ tokenFilePath: process.env.OTHER_TOKEN });
console.log(JSON.stringify(seen));
`;

/** By both of the JDK's own HTTP clients, of which Azure's library for Java may use the newer one. */
const javaProgram = `
import java.net.URI;
import java.net.http.*;
class Ask {
  public static void main(String[] hosts) throws Exception {
    var url = new URI("https://login.microsoftonline.com/common/discovery/instance?api-version=1.1");
    System.out.println(((java.net.HttpURLConnection) url.toURL().openConnection()).getResponseCode());
    var request = HttpRequest.newBuilder(url).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    try {
      new URI("https://example.org/").toURL().openConnection().getInputStream();
    } catch (java.io.IOException error) {
      System.out.println(error.getMessage());
    }
  }
}
`;

describe("Azure's own libraries, unchanged, by the variables that a pod has and those of the front", () => {
  let folder = "";
  let sandbox: Sandbox;
  let azure: StandInAzure;
  let pod: Record<string, string> = {};

  const tokenFile = (name: string, token: string): string => {
    const file = join(folder, name);
    writeFileSync(file, token);
    return file;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-azure-"));
    const delays = { propagationMs: 0, newIssuerMs: 0 };
    sandbox = await startSandbox({ azure: delays, frontFolder: folder });
    if (sandbox.azure === undefined) throw new TypeError("the sandbox has no Azure");
    azure = sandbox.azure;
    await azure.seed(
      cartSeed({ secrets: [{ vault: "shop", name: "color", value: "red", readers: ["cart"] }] }),
    );
    const issuer = await sandbox.issuer();
    const token = (name: string) => issuer.token({ namespace: "shop", name, audiences: [azureAudience] });
    pod = {
      PATH: process.env["PATH"] ?? "",
      HOME: noHome,
      ...azure.environment,
      AZURE_CLIENT_ID: azure.clients()[0]?.clientId ?? "",
      AZURE_FEDERATED_TOKEN_FILE: tokenFile("token", token("cart")),
      OTHER_TOKEN: tokenFile("other", token("till")),
      ADMIN_ID: azure.admin.clientId,
      ADMIN_SECRET: azure.admin.clientSecret,
      ISSUER: issuerUrl,
    };
  });
  after(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  test(
    "Python's are granted and refused by Entra, read a secret, and keep identities at ARM",
    { skip: noPython ?? false },
    async () => {
      const env = { ...pod, ...sandbox.front?.environment("python") };
      const { code, out, err } = await runProgram(python.program("python"), ["-c", pythonScript], env);
      assert.equal(code, 0, err);
      assert.deepEqual(JSON.parse(out), {
        token: 3,
        default: 3,
        secret: "red",
        client: "700016",
        tenant: "90002",
        subject: "700213",
        identity: ["till", "westeurope", { podtrust: "prod" }, azure.tenant],
        again: "s6",
        pair: [400, "BadRequest"],
        pages: ["one-1", "one-2", "one-3", "one-4", "one-5"],
        gone: [404, "NotFound"],
        rights: [403, "AuthorizationFailed"],
        left: ["cart"],
      });
    },
  );

  test("Node's is granted and refused by Entra", { skip: noNode ?? false }, async () => {
    const env = { ...pod, ...sandbox.front?.environment("node") };
    const { code, out, err } = await node.run(nodeScript, env);
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), { token: 3, client: "700016", subject: "700213" });
  });

  test(
    "Java's HTTP clients go through the front by system properties, and see what it refuses",
    { skip: noJava },
    async () => {
      const file = join(folder, "Ask.java");
      writeFileSync(file, javaProgram);
      const env = { ...pod, ...sandbox.front?.environment("java") };
      const { code, out, err } = await runProgram("java", [file], env);
      assert.equal(code, 0, err);
      const [older, newer, refusal] = out.split("\n");
      assert.deepEqual([older, newer], ["200", "200"]);
      assert.match(refusal ?? "", /403 podtrust sandbox: the front does not speak for example\.org/u);
    },
  );
});
