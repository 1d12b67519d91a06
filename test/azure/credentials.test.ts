/** As whom podtrust asks Azure: files, Azure's own program, and the tokens that come of them. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import type { PodtrustError } from "../../src/core/base/index.ts";
import { azureEndpoints, readCredentials } from "../../src/providers/azure/index.ts";
import { relyingParties } from "../../src/rules/oidc/index.ts";
import { type AzureStackWorld, azureStackWorld } from "./stack-world.ts";

const folder = await mkdtemp(join(tmpdir(), "podtrust-azure-"));
const client = "22222222-3333-4444-5555-666666666666";

async function file(text: string): Promise<string> {
  const path = join(folder, "file");
  await writeFile(path, text);
  return path;
}

describe("the credentials for Azure", () => {
  test("are a secret in a file, or a token in a file, which goes before it", async () => {
    const secret = await file("secret-of-a-test\n");
    const env = { AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET_FILE: secret };
    assert.deepEqual(await readCredentials(env), {
      kind: "secret",
      clientId: client,
      secret: "secret-of-a-test",
    });
    const token = await file("header.claims.signature\n");
    assert.deepEqual(await readCredentials({ ...env, AZURE_FEDERATED_TOKEN_FILE: token }), {
      kind: "assertion",
      clientId: client,
      tokenFile: token,
    });
  });

  const wrong: readonly (readonly [
    what: string,
    code: string,
    env: () => Promise<Readonly<Record<string, string>>>,
  ])[] = [
    ["nothing", "missing", () => Promise.resolve({})],
    [
      "a secret in a variable alone",
      "missing",
      () => Promise.resolve({ AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: "secret-of-a-test" }),
    ],
    [
      "a file that is not there",
      "missing",
      () => Promise.resolve({ AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET_FILE: join(folder, "absent") }),
    ],
    [
      "a client id that is none",
      "invalid",
      async () => ({ AZURE_CLIENT_ID: "secret-of-a-test", AZURE_CLIENT_SECRET_FILE: await file("x") }),
    ],
    [
      "an empty file",
      "invalid",
      async () => ({ AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET_FILE: await file("") }),
    ],
    [
      "a file of two lines",
      "invalid",
      async () => ({ AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET_FILE: await file("secret-of\na-test") }),
    ],
    [
      "a token that is none",
      "invalid",
      async () => ({ AZURE_CLIENT_ID: client, AZURE_FEDERATED_TOKEN_FILE: await file("secret-of-a-test") }),
    ],
  ];
  for (const [what, code, env] of wrong)
    test(`are refused with ${what}, and what was given is not quoted`, async () => {
      await assert.rejects(readCredentials(await env()), (error: PodtrustError) => {
        assert.equal(error.code, `azure-credentials-${code}`);
        assert.doesNotMatch(JSON.stringify(error), /secret-of|a-test/u);
        return true;
      });
    });
});

describe("the addresses of Azure", () => {
  test("are those of the config's cloud, or what the environment says: https, or of this machine", () => {
    assert.deepEqual(azureEndpoints(relyingParties.azure.clouds.usgov, {}), {
      login: "https://login.microsoftonline.us",
      management: "https://management.usgovcloudapi.net",
      graph: "https://graph.microsoft.us",
    });
    const at = (text: string): string =>
      azureEndpoints(relyingParties.azure.clouds.public, { AZURE_RESOURCE_MANAGER_ENDPOINT: text })
        .management;
    assert.equal(at("https://arm.example.com/"), "https://arm.example.com");
    assert.equal(at("http://127.0.0.1:8080/arm"), "http://127.0.0.1:8080/arm");
    for (const text of [
      "http://arm.example.com",
      "nothing",
      "https://user:secret@arm.example.com",
      "file:///x",
    ])
      assert.throws(() => at(text), { code: "azure-endpoint" });
  });
});

describe("an access token of Azure's", () => {
  let world: AzureStackWorld;
  before(async () => {
    world = await azureStackWorld();
  });
  beforeEach(async () => {
    await world.reset();
    await world.config("- {name: web, serviceAccounts: [shop/web]}\n");
  });
  after(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  test("is asked for once for many calls, by the client credentials grant, for Resource Manager alone", async () => {
    await world.must(["up", "--yes"]);
    assert.deepEqual(
      world.relay.grants.map((form) => [form.get("grant_type"), form.get("scope")]),
      [["client_credentials", "https://management.azure.com/.default"]],
    );
  });

  test("and what it was asked for with are in no plan and on no screen", async () => {
    const said = [await world.must(["plan", "-v"]), await world.must(["up", "--yes", "-v"])];
    const { out } = await world.podtrust(["plan", "--json", "-v"]);
    const secret = world.azure.admin.clientSecret;
    for (const text of [...said, out]) assert.ok(!text.includes(secret) && !/eyJ[\w-]{20}/u.test(text), text);
    assert.ok(world.relay.grants.some((form) => form.get("client_secret") === secret));
  });

  test("that is refused is asked for anew, once", async () => {
    world.relay.grantAnswer = { status: 200, body: { access_token: "unknown", expires_in: 3599 } };
    const { err } = await world.podtrust(["plan"]);
    assert.match(err, /^code: {2}azure-credentials-refused$/mu);
    assert.equal(world.relay.grants.length, 2);
  });

  test("that Entra refuses is told with Entra's number, and nothing of what was sent", async () => {
    const secretFile = await file("wrong-secret-of-a-test");
    const said = `AADSTS7000215: Invalid client secret provided: wrong-secret-of-a-test \u001B[31m`;
    world.relay.grantAnswer = { status: 401, body: { error: "invalid_client", error_description: said } };
    const { code, err } = await world.podtrust(["plan", "-v"], {
      env: { ...world.env, AZURE_CLIENT_SECRET_FILE: secretFile },
    });
    assert.equal(code, 1);
    assert.match(err, /Entra refused a token for application \S+: invalid_client: AADSTS7000215/u);
    assert.match(err, /^code: {2}azure-credentials-refused$/mu);
    assert.doesNotMatch(err, /secret-of-a-test|\p{Cc}\[31m/u);
  });

  test("is waited for while Entra is in trouble, and not for ever", async () => {
    world.relay.grantAnswer = { status: 503, body: {} };
    const { err } = await world.podtrust(["plan"]);
    assert.match(err, /^code: {2}azure-unavailable$/mu);
    assert.ok(world.relay.grants.length > 2);
  });

  for (const body of [
    {},
    { access_token: "" },
    { access_token: "a b" },
    { access_token: "x", expires_in: -1 },
  ])
    test(`of another form is none: ${JSON.stringify(body)}`, async () => {
      world.relay.grantAnswer = { status: 200, body: { expires_in: 3599, ...body } };
      assert.match((await world.podtrust(["plan"])).err, /^code: {2}azure-answer-invalid$/mu);
    });

  describe("of az", () => {
    const bin = join(folder, "az");

    /** A shell that has this program as its az, and secrets that are none of its business. */
    async function withAz(script: string): Promise<Readonly<Record<string, string>>> {
      await writeFile(bin, `#!/bin/sh\n${script}\n`);
      await chmod(bin, 0o755);
      const secrets = { AWS_SECRET_ACCESS_KEY: "x", AZURE_CLIENT_SECRET: "x" };
      return {
        ...world.relay.environment,
        ...secrets,
        PATH: [folder, process.env["PATH"] ?? ""].join(delimiter),
      };
    }

    /** A token of the administrator, as the program would print it. */
    async function printed(): Promise<string> {
      const ends = Math.floor(world.clock.now() / 1000) + 3600;
      return JSON.stringify({ accessToken: await world.token(), expires_on: ends });
    }

    test("is taken where --azure-cli says so, by a program that gets no secret, and its arguments are ours", async () => {
      const seen = join(folder, "seen");
      const env = await withAz(
        `printf '%s\\n' "$@" > '${seen}'; env >> '${seen}'\ncat <<'END'\n${await printed()}\nEND`,
      );
      const out = await world.must(["plan", "--azure-cli"], { env });
      assert.match(out, /, as the account that az is logged in with$/mu);
      const text = await readFile(seen, "utf8");
      assert.ok(
        text.startsWith(
          `account\nget-access-token\n--tenant\n${world.azure.tenant}\n--resource\nhttps://management.azure.com\n--output\njson\n`,
        ),
        text,
      );
      assert.doesNotMatch(text, /SECRET/u);
    });

    test("is not looked for without it", async () => {
      const { err } = await world.podtrust(["plan"], { env: await withAz("exit 9") });
      assert.match(err, /^code: {2}azure-credentials-missing$/mu);
      assert.match(err, /^next: {2}.*--azure-cli/mu);
    });

    for (const [what, script, message] of [
      ["fails", "echo 'Please run az login' >&2; exit 1", /failed: Please run az login/u],
      ["prints no JSON", "echo token-of-a-test", /is no JSON object/u],
    ] as const)
      test(`is an error where the program ${what}, and what it printed is not quoted`, async () => {
        const { err } = await world.podtrust(["plan", "--azure-cli"], { env: await withAz(script) });
        assert.match(err, message);
        assert.match(err, /^code: {2}azure-cli-failed$/mu);
        assert.doesNotMatch(err, /token-of-a-test/u);
      });

    test("is an error where there is no such program", async () => {
      const { err } = await world.podtrust(["plan", "--azure-cli"], { env: { PATH: "/nowhere" } });
      assert.match(err, /there is no program az in PATH/u);
    });
  });
});
