/**
 * Google's and Azure's own libraries with what injection gives a pod that asks for both, and nothing else: files and variables
 * as its container has them, production's addresses in them, through the sandbox's front.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { injectParties } from "../../src/rules/injection/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { cartSeed } from "../support/azure-world.ts";
import { cart, cartEmail, providerName, shop } from "../support/google-world.ts";
import { npmPackage } from "../support/npm-package.ts";
import { noHome } from "../support/nowhere.ts";
import { containerOf, podOf } from "../support/party-case.ts";
import { pythonVenv, runProgram } from "../support/python-venv.ts";

const googlePython = pythonVenv("google-api-python-client", "2.202.0", {
  also: ["google-auth==2.63.0", "requests==2.32.5"],
});
const azurePython = pythonVenv("azure-identity", "1.27.0", {
  also: ["azure-mgmt-msi==7.1.0", "azure-keyvault-secrets==4.12.0"],
});
const googleNode = npmPackage("google-auth-library", "10.9.1");
const azureNode = npmPackage("@azure/identity", "4.13.1");

const secretUrl =
  "https://secretmanager.googleapis.com/v1/projects/podtrust-sandbox/secrets/color/versions/latest:access";

const ofGooglePython = `
import google.auth
from google.auth.transport.requests import AuthorizedSession
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
print(project, AuthorizedSession(credentials).get("${secretUrl}").json()["payload"]["data"])
`;
const ofGoogleNode = `
import { GoogleAuth } from "google-auth-library";
const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" });
const { data } = await (await auth.getClient()).request({ url: "${secretUrl}" });
console.log(await auth.getProjectId(), data.payload.data);
`;
const ofAzurePython = `
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
print(SecretClient("https://shop.vault.azure.net", DefaultAzureCredential()).get_secret("color").value)
`;
const ofAzureNode = `
import { DefaultAzureCredential } from "@azure/identity";
const { token } = await new DefaultAzureCredential().getToken("https://vault.azure.net/.default");
console.log(token.split(".").length);
`;

const red = `podtrust-sandbox ${Buffer.from("red").toString("base64")}`;

describe("a pod that was given credentials for Google and Azure", () => {
  let folder = "";
  let sandbox: Sandbox;
  let env: Record<string, string> = {};

  /** A path of the container as this machine has it. */
  const here = (text: string): string => text.replaceAll("/var/run/", `${folder}/var/run/`);

  /** Writes the files of a pod's volumes as the kubelet would, and gives the variables of its container. */
  async function started(pod: JsonRecord): Promise<Record<string, string>> {
    const issuer = await sandbox.issuer();
    const spec = recordOf(pod["spec"]);
    const [container] = recordsOf(spec["containers"]);
    for (const { name, mountPath } of recordsOf(container?.["volumeMounts"])) {
      const volume = recordsOf(spec["volumes"]).find((one) => one["name"] === name);
      for (const { serviceAccountToken, downwardAPI } of recordsOf(
        recordOf(volume?.["projected"])["sources"],
      )) {
        const { path, audience } = recordOf(serviceAccountToken);
        const files = recordsOf(recordOf(downwardAPI)["items"]).map(({ path: item, fieldRef }) => {
          const [, key = ""] = /annotations\['(.+)'\]/u.exec(String(recordOf(fieldRef)["fieldPath"])) ?? [];
          return [item, here(String(recordOf(recordOf(pod["metadata"])["annotations"])[key]))];
        });
        if (path !== undefined) files.push([path, issuer.token({ ...cart, audiences: [String(audience)] })]);
        for (const [file, text] of files) {
          const place = join(folder, String(mountPath), String(file));
          await mkdir(dirname(place), { recursive: true });
          await writeFile(place, String(text));
        }
      }
    }
    const variables = recordsOf(container?.["env"]).map(
      ({ name, value }) => [String(name), here(String(value))] as const,
    );
    return Object.fromEntries(variables);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-injected-"));
    const azureOptions = { propagationMs: 0, newIssuerMs: 0 };
    sandbox = await startSandbox({ gcp: {}, azure: azureOptions, frontFolder: folder });
    const { gcp, azure } = sandbox;
    assert.ok(gcp !== undefined && azure !== undefined);
    gcp.seed(shop);
    const secrets = [{ vault: "shop", name: "color", value: "red", readers: ["cart"] }];
    await azure.seed(cartSeed({ secrets }));
    const annotations = {
      "cloud.google.com/workload-identity-provider": providerName,
      "cloud.google.com/service-account-email": cartEmail,
      "azure.workload.identity/client-id": azure.clients()[0]?.clientId ?? "",
      "azure.workload.identity/tenant-id": azure.tenant,
    };
    const { pod, notes } = injectParties(podOf({}, containerOf()), {
      serviceAccount: { metadata: { annotations } },
      namespace: { metadata: {} },
    });
    assert.deepEqual(notes, []);
    env = { PATH: process.env["PATH"] ?? "", HOME: noHome, ...(await started(pod)) };
  });
  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  for (const [what, language, client, script, said] of [
    ["google-auth for Python", "python", googlePython, ofGooglePython, red],
    ["azure-identity for Python", "python", azurePython, ofAzurePython, "red"],
    ["google-auth-library for Node", "node", googleNode, ofGoogleNode, red],
    ["@azure/identity for Node", "node", azureNode, ofAzureNode, "3"],
  ] as const)
    test(`finds them by ${what}, unchanged`, async (t) => {
      const missing = await client.missing();
      if (missing !== undefined) {
        t.skip(missing);
        return;
      }
      const variables = { ...env, ...sandbox.front?.environment(language) };
      const { code, out, err } =
        "program" in client
          ? await runProgram(client.program("python"), ["-c", script], variables)
          : await client.run(script, variables);
      assert.equal(code, 0, err);
      assert.equal(out.trim(), said);
    });
});
