/** The stand-in for Google Cloud, driven by Google's own clients of PyPI and npm, none of which knows that it is one. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { languages } from "../../src/sandbox/front/index.ts";
import { type Front, startSandbox, type StandInGoogle } from "../../src/sandbox/index.ts";
import { audience, cart, cartEmail, cartMember, jwksOf, shop } from "../support/google-world.ts";
import { npmPackage } from "../support/npm-package.ts";
import { noHome } from "../support/nowhere.ts";
import { type ProgramRun, pythonVenv, runProgram } from "../support/python-venv.ts";

const python = pythonVenv("google-api-python-client", "2.202.0", {
  also: ["google-auth==2.63.0", "requests==2.32.5"],
});
const node = npmPackage("google-auth-library", "10.9.1");

const noPython = await python.missing();
const noNode = await node.missing();

/** The control plane by the API descriptions that the client brings: it checks names and parameters by them. */
const controlPlane = `
import json, os
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

def api(name, version, token):
    return build(name, version, static_discovery=True, credentials=Credentials(token),
        client_options={"api_endpoint": os.environ["URL"]})

iam = api("iam", "v1", os.environ["TOKEN"])
project = "projects/podtrust-sandbox"
parent = project + "/locations/global"
pools = iam.projects().locations().workloadIdentityPools()
providers = pools.providers()
accounts = iam.projects().serviceAccounts()

def done(operation):
    return pools.operations().get(name=operation["name"]).execute()["done"]

def refusal(request):
    try:
        request.execute()
    except HttpError as error:
        return [error.status_code, error.reason]

seen = {}
seen["pool"] = done(pools.create(parent=parent, workloadIdentityPoolId="prod", body={"displayName": "Prod"}).execute())
pool = parent + "/workloadIdentityPools/prod"
oidc = {"issuerUri": "https://oidc.podtrust.test", "jwksJson": os.environ["JWKS"]}
body = {"attributeMapping": {"google.subject": "assertion.sub"}, "oidc": oidc}
made = providers.create(parent=pool, workloadIdentityPoolProviderId="cluster", body=body).execute()
seen["provider"] = providers.operations().get(name=made["name"]).execute()["done"]
provider = pool + "/providers/cluster"
providers.patch(name=provider, updateMask="description", body={"description": "new"}).execute()
seen["description"] = providers.get(name=provider).execute()["description"]
providers.delete(name=provider).execute()
seen["listed"] = [len(providers.list(parent=pool, showDeleted=one).execute().get("workloadIdentityPoolProviders", [])) for one in (False, True)]
seen["taken"] = refusal(providers.create(parent=pool, workloadIdentityPoolProviderId="cluster", body=body))
providers.undelete(name=provider, body={}).execute()
seen["state"] = providers.get(name=provider).execute()["state"]
account = accounts.create(name=project, body={"accountId": "cart-prod"}).execute()["name"]
policy = accounts.getIamPolicy(resource=account, options_requestedPolicyVersion=3).execute()
stale = policy["etag"]
policy["bindings"] = [{"role": "roles/iam.workloadIdentityUser", "members": [os.environ["MEMBER"]]}]
seen["bindings"] = accounts.setIamPolicy(resource=account, body={"policy": policy}).execute()["bindings"][0]["members"]
seen["stale"] = refusal(accounts.setIamPolicy(resource=account, body={"policy": {"etag": stale}}))[0]
sts = build("sts", "v1", static_discovery=True, credentials=AnonymousCredentials(),
    client_options={"api_endpoint": os.environ["URL"]})
exchanged = sts.v1().token(body={
    "grantType": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": os.environ["TARGET"],
    "scope": "https://www.googleapis.com/auth/cloud-platform", "subjectToken": os.environ["SUBJECT_TOKEN"],
    "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
    "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt"}).execute()
seen["exchanged"] = exchanged["expires_in"]
print(json.dumps(seen))
`;

/** The exchange by google-auth, and the secret that it opens. */
const pythonWorkload = `
import json
import google.auth, os
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
url = os.environ["URL"] + "/v1/projects/podtrust-sandbox/secrets/color/versions/latest:access"
try:
    print(json.dumps(AuthorizedSession(credentials).get(url).json()["payload"]["data"]))
except GoogleAuthError as error:
    print(json.dumps(str(error)))
`;

const nodeWorkload = `
import { GoogleAuth } from "google-auth-library";
const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" });
try {
  const url = process.env.URL + "/v1/projects/podtrust-sandbox/secrets/color/versions/latest:access";
  const client = await auth.getClient();
  const { data } = await client.request({ url });
  console.log(JSON.stringify(data.payload.data));
} catch (error) {
  console.log(JSON.stringify(String(error.message)));
}
`;

interface Workload {
  readonly google: StandInGoogle;
  readonly front: Front;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes what the workload's token is. */
  readonly token: (audiences?: readonly string[]) => Promise<void>;
}

const cluster = { pool: "prod", provider: "cluster", serviceAccount: cartEmail, lifetime: 1200 };

/** A pod's two files: its token, and the credential file that names it. */
async function workload(t: TestContext): Promise<Workload> {
  const sandbox = await startSandbox({ gcp: {} });
  t.after(() => sandbox.close());
  const { gcp: google, front } = sandbox;
  assert.ok(google !== undefined && front !== undefined);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-google-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const issuer = await sandbox.issuer();
  google.seed(shop);
  const tokenFile = join(folder, "token");
  const credentials = join(folder, "credentials.json");
  const file = google.credentialFile({ ...cluster, tokenFile });
  await writeFile(credentials, JSON.stringify(file));
  return {
    google,
    front,
    folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: noHome,
      URL: google.url,
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
      GOOGLE_CLOUD_PROJECT: google.project,
    },
    token: (audiences = [audience]) => writeFile(tokenFile, issuer.token({ ...cart, audiences })),
  };
}

const printed = ({ code, out, err }: ProgramRun): unknown => {
  assert.equal(code, 0, err);
  return JSON.parse(out);
};

const red = Buffer.from("red").toString("base64");

describe("Google's own clients against the sandbox's Google", () => {
  test(
    "the API client for Python makes pool, provider and grant, and meets the refusals",
    { skip: noPython ?? false },
    async (t) => {
      const sandbox = await startSandbox({ gcp: {} });
      t.after(() => sandbox.close());
      const { gcp: google } = sandbox;
      assert.ok(google !== undefined);
      const issuer = await sandbox.issuer();
      const ran = await runProgram(python.program("python"), ["-c", controlPlane], {
        PATH: process.env["PATH"] ?? "",
        HOME: noHome,
        URL: google.url,
        TOKEN: google.adminToken,
        JWKS: await jwksOf(issuer),
        MEMBER: cartMember,
        TARGET: audience.slice("https:".length),
        // Longer than the hour that an access token lives at most, so that this hour is said however slow the machine is.
        SUBJECT_TOKEN: issuer.token({ ...cart, audiences: [audience], expirationSeconds: 7200 }),
      });
      assert.deepEqual(printed(ran), {
        pool: true,
        provider: true,
        description: "new",
        listed: [0, 1],
        taken: [409, "Requested entity already exists"],
        state: "ACTIVE",
        bindings: [cartMember],
        stale: 409,
        exchanged: 3600,
      });
    },
  );

  interface Client {
    readonly language: "node" | "python";
    readonly what: string;
    readonly missing: string | undefined;
    readonly run: (env: Workload["env"]) => Promise<ProgramRun>;
  }

  const clients: readonly Client[] = [
    {
      language: "python",
      what: "google-auth for Python",
      missing: noPython,
      run: (env) => runProgram(python.program("python"), ["-c", pythonWorkload], env),
    },
    {
      language: "node",
      what: "google-auth-library for Node",
      missing: noNode,
      run: (env) => node.run(nodeWorkload, env),
    },
  ];
  for (const { language, what, missing, run } of clients) {
    const skip = missing ?? false;
    test(
      `${what} reads the secret by a credential file, and shows the refusal of a token for another audience`,
      { skip },
      async (t) => {
        const { google, env, token } = await workload(t);
        await token();
        assert.equal(printed(await run(env)), red);
        const actions = google.decisions().map(({ action, decision }) => `${action} ${decision}`);
        assert.deepEqual(actions, [
          "sts:token allow",
          "iamcredentials:generateAccessToken allow",
          "secretmanager:versions.access allow",
        ]);
        await token(["sts.amazonaws.com"]);
        assert.match(
          String(printed(await run(env))),
          /The audience in ID Token \[sts\.amazonaws\.com\] does not match the expected audience/u,
        );
      },
    );

    test(
      `${what} takes a production file through the front, with no address of the sandbox's in it`,
      { skip },
      async (t) => {
        const { google, folder, front, env, token } = await workload(t);
        const [caFile, credentials] = [join(folder, "ca.pem"), join(folder, "production.json")];
        await writeFile(caFile, front.ca);
        const file = JSON.stringify(google.credentialFile({ ...cluster, tokenFile: join(folder, "token") }));
        await writeFile(
          credentials,
          file
            .replace(`${google.url}/v1/token`, "https://sts.googleapis.com/v1/token")
            .replace(google.url, "https://iamcredentials.googleapis.com"),
        );
        await token();
        const ran = await run({
          ...env,
          ...languages[language]({ url: front.url, caFile, trustStore: "" }),
          URL: "https://secretmanager.googleapis.com",
          GOOGLE_APPLICATION_CREDENTIALS: credentials,
        });
        assert.equal(printed(ran), red);
        assert.equal(google.decisions().length, 3);
      },
    );
  }
});
