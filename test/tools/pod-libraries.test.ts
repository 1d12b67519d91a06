/**
 * Google's and Azure's own libraries for Python and Node, unchanged, each in one process whose token file changes as a kubelet
 * changes it: by each rule that a token can meet it is refused, and through a rotation of the issuer's keys it goes on.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import type { Language } from "../../src/sandbox/front/index.ts";
import { type Conversation, openConversation } from "../support/conversation.ts";
import { npmPackage } from "../support/npm-package.ts";
import { openPodAtFront, type PodAtFront, red } from "../support/pod-at-front.ts";
import { pythonVenv } from "../support/python-venv.ts";
import { meetRefusals } from "../support/refused-tokens.ts";

const googlePython = pythonVenv("google-api-python-client", "2.202.0", {
  also: ["google-auth==2.63.0", "requests==2.32.5"],
});
const azurePython = pythonVenv("azure-identity", "1.27.0", {
  also: ["azure-mgmt-msi==7.1.0", "azure-keyvault-secrets==4.12.0"],
});
const googleNode = npmPackage("google-auth-library", "10.9.1");
const azureNode = npmPackage("@azure/identity", "4.13.1");

/** One object of credentials for the whole life of the process: its access tokens end within a minute. */
const googleInPython = `
import json, os, sys
import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = AuthorizedSession(credentials)
for _ in sys.stdin:
    try:
        said = session.get(os.environ["SECRET_URL"]).json()["payload"]["data"]
    except GoogleAuthError as error:
        said = str(error)
    print(json.dumps(said), flush=True)
`;

const googleInNode = `
import { createInterface } from "node:readline";
import { GoogleAuth } from "google-auth-library";
const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" });
const client = await auth.getClient();
for await (const _ of createInterface({ input: process.stdin })) {
  const said = await client.request({ url: process.env.SECRET_URL }).then(
    ({ data }) => data.payload.data,
    (error) => String(error.message),
  );
  console.log(JSON.stringify(said));
}
`;

/** Azure's libraries keep what they read of the file for five or ten minutes: what comes after that is a new object. */
const azureInPython = `
import json, sys
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import WorkloadIdentityCredential
for _ in sys.stdin:
    try:
        said = len(WorkloadIdentityCredential().get_token("https://vault.azure.net/.default").token.split("."))
    except ClientAuthenticationError as error:
        said = error.message
    print(json.dumps(said), flush=True)
`;

const azureInNode = `
import { createInterface } from "node:readline";
import { WorkloadIdentityCredential } from "@azure/identity";
for await (const _ of createInterface({ input: process.stdin })) {
  const said = await new WorkloadIdentityCredential().getToken("https://vault.azure.net/.default").then(
    ({ token }) => token.split(".").length,
    (error) => error.message,
  );
  console.log(JSON.stringify(said));
}
`;

type Start = (env: Readonly<Record<string, string>>) => Promise<Conversation>;

interface Library {
  readonly what: string;
  readonly cloud: "azure" | "google";
  readonly language: Language;
  readonly missing: string | undefined;
  readonly start: Start;
}

const inPython =
  (venv: typeof googlePython, script: string): Start =>
  (env) =>
    Promise.resolve(openConversation(venv.program("python"), ["-c", script], env));
const inNode =
  (npm: typeof googleNode, script: string): Start =>
  async (env) =>
    openConversation(process.execPath, [await npm.write(script)], env);

const libraries: readonly Library[] = [
  {
    what: "google-auth for Python",
    cloud: "google",
    language: "python",
    missing: await googlePython.missing(),
    start: inPython(googlePython, googleInPython),
  },
  {
    what: "google-auth-library for Node",
    cloud: "google",
    language: "node",
    missing: await googleNode.missing(),
    start: inNode(googleNode, googleInNode),
  },
  {
    what: "azure-identity for Python",
    cloud: "azure",
    language: "python",
    missing: await azurePython.missing(),
    start: inPython(azurePython, azureInPython),
  },
  {
    what: "@azure/identity for Node",
    cloud: "azure",
    language: "node",
    missing: await azureNode.missing(),
    start: inNode(azureNode, azureInNode),
  },
];

const granted = { google: red, azure: 3 };
const keyGone = { google: /Error connecting to the given credential's issuer/u, azure: /AADSTS7000272/u };

for (const { what, cloud, language, missing, start } of libraries)
  describe(`${what} in a pod`, { skip: missing ?? false }, () => {
    let pod: PodAtFront;
    let client: Conversation;
    before(async () => {
      pod = await openPodAtFront();
      client = await start(pod.environment(language));
    });
    after(async () => {
      await client?.end();
      await pod?.close();
    });

    test("shows the refusal of each rule that its token can meet, and is granted by a right one", async () => {
      await meetRefusals(pod, { [what]: cloud }, () => client.ask());
      await pod.write();
      assert.equal(await client.ask(), granted[cloud]);
    });

    test("lives through a rotation: granted before, meanwhile and after, and not by a key that is out", async () => {
      const { keys } = pod.issuer.cluster;
      const old = pod.tokens({ expirationSeconds: 3600 });
      await pod.write();
      assert.equal(await client.ask(), granted[cloud]);

      const [first] = keys.list();
      const { kid } = await keys.create();
      keys.promote(kid);
      await pod.write();
      assert.equal(await client.ask(), granted[cloud], "by the new key");
      await pod.write(pod.tokens({ signedBy: { kid: first?.kid ?? "" } }));
      assert.equal(await client.ask(), granted[cloud], "by the old key, which is still published");

      keys.drop(first?.kid ?? "");
      await pod.write(old);
      assert.match(String(await client.ask()), keyGone[cloud]);
      await pod.write();
      assert.equal(await client.ask(), granted[cloud], "after the old key is out");
    });
  });
