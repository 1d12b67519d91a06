import assert from "node:assert/strict";
import { generateKeyPairSync, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { assert as holds, asyncProperty, constantFrom, dictionary, jsonValue } from "fast-check";
import { PodtrustError, recordOf } from "../../src/core/base/index.ts";
import { type GoogleApi, googleApi, iamEndpoint, readCredentials } from "../../src/providers/gcp/index.ts";
import { type GoogleModel, startGoogleModel } from "../support/google-model.ts";
import { runs } from "../support/runs.ts";
import { SwiftClock } from "../support/swift-clock.ts";

// Google's API is on this machine, and so may be the addresses of a file of credentials.
const here = { CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: "http://127.0.0.1:1" };

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" });
const ecPem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});
const folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-"));

const { signal } = new AbortController();
const audience =
  "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod";
const poolPath = "/v1/projects/1/locations/global/workloadIdentityPools/absent";

/** Writes a file of credentials and reads it as a run does. */
async function given(file: unknown) {
  const path = join(folder, "credentials.json");
  await writeFile(path, typeof file === "string" ? file : JSON.stringify(file));
  return readCredentials({ env: { ...here, GOOGLE_APPLICATION_CREDENTIALS: path } });
}

async function model(t: TestContext): Promise<GoogleModel> {
  const google = await startGoogleModel();
  t.after(() => google.close());
  return google;
}

async function apiFor(google: GoogleModel, file: object, clock = new SwiftClock()): Promise<GoogleApi> {
  return googleApi({ endpoint: google.url, credentials: await given(file), clock });
}

/** A call that needs a token; what it asks for is not there. */
async function call(api: GoogleApi): Promise<void> {
  await assert.rejects(api.read({ method: "GET", path: poolPath, what: "looking" }, signal), {
    status: 404,
  });
}

const serviceAccount = (google: GoogleModel): object => ({
  type: "service_account",
  client_email: "deployer@shop.iam.gserviceaccount.com",
  private_key_id: "key-1",
  private_key: pem,
  token_uri: `${google.url}/token`,
});

const external = (more: object = {}): Record<string, unknown> => ({
  type: "external_account",
  audience,
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  token_url: "https://sts.googleapis.com/v1/token",
  credential_source: { file: join(folder, "token") },
  ...more,
});

describe("a file of credentials for Google", () => {
  test("with a service account's key gives a token for an assertion that the key has signed", async (t) => {
    const google = await model(t);
    await call(await apiFor(google, serviceAccount(google)));
    const [grant] = google.grants;
    assert.equal(grant?.form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [header = "", claims = "", signature = ""] = (grant?.form["assertion"] ?? "").split(".");
    const signed = Buffer.from(`${header}.${claims}`);
    assert.ok(verify("sha256", signed, publicKey, Buffer.from(signature, "base64url")));
    const { iss, aud, scope, iat, exp } = recordOf(JSON.parse(Buffer.from(claims, "base64url").toString()));
    assert.deepEqual(
      [iss, aud, scope, Number(exp) - Number(iat)],
      [
        "deployer@shop.iam.gserviceaccount.com",
        `${google.url}/token`,
        "https://www.googleapis.com/auth/cloud-platform",
        3600,
      ],
    );
    assert.equal(recordOf(JSON.parse(Buffer.from(header, "base64url").toString()))["kid"], "key-1");
  });

  test("of a person gives a token for the refresh token, and names the project whose quota is used", async (t) => {
    const google = await model(t);
    await call(await apiFor(google, { ...google.credentials(), quota_project_id: "shop" }));
    const [grant] = google.grants;
    assert.deepEqual(
      [grant?.form["grant_type"], grant?.form["refresh_token"], grant?.authorization],
      ["refresh_token", "refresh-token-of-a-test", ""],
    );
  });

  test("of a federated identity exchanges the token of its file, and becomes the service account that it names", async (t) => {
    const google = await model(t);
    await writeFile(join(folder, "token"), '{"id_token": "header.claims.signature"}\n');
    const source = {
      file: join(folder, "token"),
      format: { type: "json", subject_token_field_name: "id_token" },
    };
    const file = external({ token_url: `${google.url}/v1/token`, credential_source: source });
    await call(await apiFor(google, file));
    const url = `${google.url}/v1/projects/-/serviceAccounts/web@shop.iam.gserviceaccount.com:generateAccessToken`;
    await call(
      await apiFor(google, {
        ...file,
        service_account_impersonation_url: url,
        service_account_impersonation: { token_lifetime_seconds: 600 },
      }),
    );
    const [direct, federated, impersonated] = google.grants;
    assert.deepEqual(
      [direct?.form["subject_token"], direct?.form["audience"], direct?.form["scope"]],
      ["header.claims.signature", audience, "https://www.googleapis.com/auth/cloud-platform"],
    );
    assert.equal(federated?.form["scope"], "https://www.googleapis.com/auth/iam");
    assert.deepEqual(
      [impersonated?.authorization, impersonated?.form["lifetime"]],
      ["Bearer ya29.token-2", "600s"],
    );
  });

  test("may have its token behind https or on this machine, with the headers that the file names", async (t) => {
    const google = await model(t);
    google.grantAnswer = {
      status: 200,
      body: { access_token: "ya29.x", expires_in: 60, token: "from.a.url" },
    };
    // The model's own token endpoint answers any method: what it says is what a metadata server would.
    const source = {
      url: `${google.url}/token`,
      headers: { "metadata-flavor": "x" },
      format: { type: "json", subject_token_field_name: "token" },
    };
    const api = await apiFor(
      google,
      external({ token_url: `${google.url}/v1/token`, credential_source: source }),
    );
    await api.checkCredentials(signal);
    assert.equal(google.grants.find(({ path }) => path === "/v1/token")?.form["subject_token"], "from.a.url");
  });
});

const impersonate = (url: string): object => external({ service_account_impersonation_url: url });
const tokenOf = (host: string): string => `https://${host}/v1/token`;

const refusedFiles: readonly (readonly [what: string, code: string, file: unknown])[] = [
  ["no JSON", "invalid", "secret-that-is-no-json"],
  ["a list", "invalid", []],
  ["no type", "unsupported", {}],
  ["a type of another tool", "unsupported", { type: "impersonated_service_account" }],
  ["a type that is a member of every object", "unsupported", { type: "constructor" }],
  ["another cloud", "unsupported", external({ universe_domain: "example.com" })],
  ["a program", "unsupported", external({ credential_source: { executable: { command: "/bin/sh" } } })],
  ["a program beside a file", "unsupported", external({ credential_source: { file: "/x", executable: {} } })],
  [
    "AWS's metadata",
    "unsupported",
    external({ credential_source: { environment_id: "aws1", url: "http://169.254.169.254" } }),
  ],
  ["a client certificate", "unsupported", external({ credential_source: { certificate: {} } })],
  [
    "a token over plain http",
    "unsupported",
    external({ credential_source: { url: "http://10.0.0.1/token" } }),
  ],
  ["a token at a file: URL", "unsupported", external({ credential_source: { url: "file:///etc/passwd" } })],
  ["no source", "invalid", external({ credential_source: {} })],
  [
    "a header with a line break",
    "invalid",
    external({ credential_source: { url: "https://x.example", headers: { a: "b\r\nc: d" } } }),
  ],
  ["somebody else's exchange", "invalid", external({ token_url: tokenOf("sts.example.com") })],
  [
    "an exchange that only begins as Google's",
    "invalid",
    external({ token_url: tokenOf("sts.googleapis.com.example.com") }),
  ],
  [
    "an exchange behind a name",
    "invalid",
    external({ token_url: tokenOf("sts.googleapis.com@example.com") }),
  ],
  ["a bucket at Google", "invalid", external({ token_url: tokenOf("storage.googleapis.com") })],
  ["another port", "invalid", external({ token_url: tokenOf("sts.googleapis.com:8443") })],
  ["plain http", "invalid", external({ token_url: "http://sts.googleapis.com/v1/token" })],
  [
    "somebody else's impersonation",
    "invalid",
    impersonate("https://example.com/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken"),
  ],
  [
    "another method of impersonation",
    "invalid",
    impersonate("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.c:signBlob"),
  ],
  ["an audience that is no provider's", "invalid", external({ audience: "https://example.com" })],
  [
    "somebody else's token service",
    "invalid",
    {
      type: "service_account",
      client_email: "a@b.c",
      private_key: pem,
      token_uri: "https://example.com/token",
    },
  ],
  [
    "a key that is none",
    "invalid",
    { type: "service_account", client_email: "a@b.c", private_key: "secret-that-is-no-key" },
  ],
  ["an EC key", "invalid", { type: "service_account", client_email: "a@b.c", private_key: ecPem }],
  [
    "a name with a line break",
    "invalid",
    { type: "service_account", client_email: "a@b.c\nx", private_key: pem },
  ],
  ["no refresh token", "invalid", { type: "authorized_user", client_id: "a", client_secret: "secret-b" }],
];

describe("a file of credentials for Google is refused before anything is sent, and is not quoted", () => {
  for (const [what, code, file] of refusedFiles) {
    test(`with ${what}`, async () => {
      await assert.rejects(given(file), (error: PodtrustError) => {
        assert.equal(error.code, `gcp-credentials-${code}`);
        assert.doesNotMatch(JSON.stringify(error), /secret-|BEGIN|passwd|bin\/sh/u);
        return true;
      });
    });
  }

  test("whatever JSON it is", async () => {
    const kinds = constantFrom("service_account", "authorized_user", "external_account");
    await holds(
      asyncProperty(
        kinds,
        dictionary(
          constantFrom("audience", "token_url", "credential_source", "client_email", "client_secret"),
          jsonValue(),
        ),
        async (type, file) => {
          await assert.rejects(given({ ...file, type }), PodtrustError);
        },
      ),
      { numRuns: runs(50) },
    );
  });

  test("that is not named or not there", async () => {
    await assert.rejects(readCredentials({ env: {} }), { code: "gcp-credentials-missing" });
    const path = join(folder, "absent.json");
    await assert.rejects(readCredentials({ env: { ...here, GOOGLE_APPLICATION_CREDENTIALS: path } }), {
      code: "gcp-credentials-missing",
    });
  });
});

describe("the address of Google's IAM API", () => {
  test("is Google's own, or one that gcloud's variable names: https, or of this machine", () => {
    assert.equal(iamEndpoint(undefined), "https://iam.googleapis.com");
    assert.equal(iamEndpoint("https://iam.example.com/"), "https://iam.example.com");
    assert.equal(iamEndpoint("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    for (const text of [
      "http://iam.example.com",
      "nothing",
      "https://user:secret@iam.example.com",
      "file:///x",
    ])
      assert.throws(() => iamEndpoint(text), { code: "gcp-endpoint" });
  });
});

describe("a token of Google's", () => {
  after(() => rm(folder, { recursive: true }));

  test("is asked for once for many calls, anew before it ends, and anew when it is refused", async (t) => {
    const google = await model(t);
    const clock = new SwiftClock();
    const api = await apiFor(google, google.credentials(), clock);
    await Promise.all(Array.from({ length: 5 }, () => call(api)));
    assert.equal(google.grants.length, 1);
    await clock.sleep(3_400_000);
    await call(api);
    assert.equal(google.grants.length, 1);
    await clock.sleep(200_000);
    await call(api);
    assert.equal(google.grants.length, 2);
    google.revoke();
    await call(api);
    assert.equal(google.grants.length, 3);
  });

  test("that is refused again with a new one is an error, and not asked for for ever", async (t) => {
    const google = await model(t);
    const api = await apiFor(google, google.credentials());
    google.grantAnswer = { status: 200, body: { access_token: "ya29.unknown", expires_in: 3600 } };
    await assert.rejects(api.read({ method: "GET", path: poolPath, what: "looking" }, signal), {
      status: 401,
    });
    assert.equal(google.grants.length, 2);
  });

  test("is never in an error, nor is what it was asked for with, whatever the other side sends back", async (t) => {
    const google = await model(t);
    const said = "refresh-token-of-a-test client-secret-of-a-test \u001B[31m";
    google.grantAnswer = { status: 400, body: { error: "invalid_grant", error_description: said } };
    const api = await apiFor(google, google.credentials());
    await assert.rejects(api.checkCredentials(signal), (error: PodtrustError) => {
      assert.equal(error.code, "gcp-credentials-refused");
      assert.match(error.message, /invalid_grant/u);
      assert.doesNotMatch(JSON.stringify(error), /-of-a-test|\\u001b/iu);
      return true;
    });
    const account = await apiFor(google, serviceAccount(google));
    google.grantAnswer = {
      status: 400,
      body: { error: "invalid_grant", error_description: `x${"a".repeat(30)}.${"b".repeat(900)}` },
    };
    await assert.rejects(account.checkCredentials(signal), (error: Error) => error.message.length < 200);
  });

  test("is waited for while the token service is in trouble, and not for ever", async (t) => {
    const google = await model(t);
    const clock = new SwiftClock();
    google.grantAnswer = { status: 503, body: {} };
    const api = await apiFor(google, google.credentials(), clock);
    await assert.rejects(api.checkCredentials(signal), { code: "gcp-unavailable" });
    assert.ok(google.grants.length > 2 && clock.elapsed() <= 30_000);
  });

  for (const body of [
    {},
    { access_token: "" },
    { access_token: "a b" },
    { access_token: "x".repeat(20_000) },
  ]) {
    test(`of another form is no token: ${JSON.stringify(body).slice(0, 40)}`, async (t) => {
      const google = await model(t);
      google.grantAnswer = { status: 200, body: { expires_in: 60, ...body } };
      const api = await apiFor(google, google.credentials());
      await assert.rejects(api.checkCredentials(signal), { code: "gcp-answer-invalid" });
    });
  }
});
