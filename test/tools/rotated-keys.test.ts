/**
 * A key rotation as Google's and Azure's own libraries live through it, unchanged, in one process each: the kubelet writes a
 * token of the new key into the file, and the next call is granted; a token of the old key is refused once that is out.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import type { Language } from "../../src/sandbox/front/index.ts";
import { type Conversation, conversation } from "../support/conversation.ts";
import { npmPackage } from "../support/npm-package.ts";
import { podAtFront, red } from "../support/pod-at-front.ts";
import { pythonVenv } from "../support/python-venv.ts";

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

type Start = (t: TestContext, env: Readonly<Record<string, string>>) => Promise<Conversation>;

interface Library {
  readonly what: string;
  readonly language: Language;
  readonly missing: string | undefined;
  readonly start: Start;
  readonly granted: unknown;
  readonly refused: RegExp;
}

const inPython =
  (venv: typeof googlePython, script: string): Start =>
  (t, env) =>
    Promise.resolve(conversation(t, venv.program("python"), ["-c", script], env));
const inNode =
  (npm: typeof googleNode, script: string): Start =>
  async (t, env) =>
    conversation(t, process.execPath, [await npm.write(script)], env);

const ofGoogle = { granted: red, refused: /Error connecting to the given credential's issuer/u };
const ofAzure = { granted: 3, refused: /AADSTS7000272/u };

const libraries: readonly Library[] = [
  {
    what: "google-auth for Python",
    language: "python",
    missing: await googlePython.missing(),
    start: inPython(googlePython, googleInPython),
    ...ofGoogle,
  },
  {
    what: "google-auth-library for Node",
    language: "node",
    missing: await googleNode.missing(),
    start: inNode(googleNode, googleInNode),
    ...ofGoogle,
  },
  {
    what: "azure-identity for Python",
    language: "python",
    missing: await azurePython.missing(),
    start: inPython(azurePython, azureInPython),
    ...ofAzure,
  },
  {
    what: "@azure/identity for Node",
    language: "node",
    missing: await azureNode.missing(),
    start: inNode(azureNode, azureInNode),
    ...ofAzure,
  },
];

describe("a rotation of the issuer's keys", () => {
  for (const { what, language, missing, start, granted, refused } of libraries)
    test(
      `is lived through by ${what}: granted before, meanwhile and after, and an old token is refused once its key is out`,
      { skip: missing ?? false },
      async (t) => {
        const pod = await podAtFront(t);
        const { keys } = pod.issuer.cluster;
        const old = pod.tokens();
        await pod.write(old);
        const client = await start(t, pod.environment(language));
        assert.equal(await client.ask(), granted);

        const [first] = keys.list();
        const { kid } = await keys.create();
        keys.promote(kid);
        await pod.write();
        assert.equal(await client.ask(), granted, "by the new key");
        await pod.write(old);
        assert.equal(await client.ask(), granted, "by the old key, which is still published");

        keys.drop(first?.kid ?? "");
        assert.match(String(await client.ask()), refused);
        await pod.write();
        assert.equal(await client.ask(), granted, "after the old key is out");
      },
    );
});
