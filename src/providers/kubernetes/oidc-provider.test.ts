import assert from "node:assert/strict";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { TestClock } from "../../../test/support/clock.ts";
import type { KubeconfigContext } from "./kubeconfig.ts";
import type { Credentials } from "./identity.ts";
import { oidcCredentials } from "./oidc-provider.ts";

const clock = new TestClock();
const seconds = (): number => Math.floor(clock.now() / 1000);

/** What the provider was asked, and how it answers. */
let asked: { path: string; authorization: string | undefined; form: Record<string, string> }[] = [];
let discovery: Record<string, unknown> = {};
let answer: { status: number; body: unknown };

let server: Server;
let issuer = "";
let root = "";

function idToken(name: string, exp: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part({ sub: name, exp })}.AAAA`;
}

function credentials(config: Record<string, string>): Credentials {
  const all = {
    "idp-issuer-url": issuer,
    "idp-certificate-authority-data": Buffer.from(root).toString("base64"),
    "client-id": "kubectl",
    ...config,
  };
  const values = { "auth-provider": { name: "oidc", config: all } };
  const source = { path: "/config", realPath: "/config", digest: "0" };
  const context: KubeconfigContext = {
    file: "/config",
    context: "main",
    namespace: undefined,
    cluster: { name: "c", values: {}, folder: "/", source },
    user: { name: "u", values, folder: "/", source },
  };
  return oidcCredentials(context, { env: {}, clock });
}

const shown = async (from: Credentials): Promise<string | undefined> =>
  (await from.identity()).headers["authorization"];

describe("kubectl's OIDC provider in a kubeconfig", () => {
  before(async () => {
    const authority = await testAuthority();
    const { certificate, key } = await authority.issue(["127.0.0.1"]);
    root = authority.root;
    server = createServer({ cert: certificate, key }, (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const path = request.url ?? "";
        const { authorization } = request.headers;
        if (path === "/token") {
          const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
          asked.push({ path, authorization, form });
        }
        const { status, body } = path === "/token" ? answer : { status: 200, body: discovery };
        response.writeHead(status, { "content-type": "application/json" });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    asked = [];
    discovery = { issuer, token_endpoint: `${issuer}/token` };
    answer = { status: 200, body: { id_token: idToken("new", seconds() + 60), refresh_token: "second" } };
  });

  after(() => new Promise((resolve) => void server.close(resolve)));

  test("an id-token is sent while it is valid, and the provider is not asked", async () => {
    const good = idToken("old", seconds() + 10);
    assert.equal(await shown(credentials({ "id-token": good, "refresh-token": "first" })), `Bearer ${good}`);
    assert.deepEqual(asked, []);
  });

  test("an expired one is renewed once for all who wait, and the refresh token follows its successor", async () => {
    const provider = credentials({ "id-token": idToken("old", seconds() - 1), "refresh-token": "first" });
    const expected = `Bearer ${(answer.body as { id_token: string }).id_token}`;
    assert.deepEqual(await Promise.all([shown(provider), shown(provider)]), [expected, expected]);
    assert.deepEqual(asked, [
      {
        path: "/token",
        authorization: undefined,
        form: { grant_type: "refresh_token", refresh_token: "first", client_id: "kubectl" },
      },
    ]);
    clock.jump(61_000);
    answer = { status: 200, body: { id_token: idToken("newer", seconds() + 60) } };
    await shown(provider);
    clock.jump(61_000);
    answer = { status: 200, body: { id_token: idToken("newest", seconds() + 60) } };
    await shown(provider);
    assert.deepEqual(
      asked.map(({ form }) => form["refresh_token"]),
      ["first", "second", "second"],
    );
  });

  test("a client with a secret authenticates by it, in the header or where the provider wants it", async () => {
    const secret = { "refresh-token": "first", "client-secret": "a b:&" };
    await shown(credentials(secret));
    const basic = `Basic ${Buffer.from("kubectl:a+b%3A%26").toString("base64")}`;
    assert.deepEqual([asked[0]?.authorization, asked[0]?.form["client_id"]], [basic, undefined]);
    discovery = { ...discovery, token_endpoint_auth_methods_supported: ["client_secret_post"] };
    await shown(credentials(secret));
    const { authorization, form } = asked[1] ?? assert.fail();
    assert.deepEqual(
      [authorization, form["client_id"], form["client_secret"]],
      [undefined, "kubectl", "a b:&"],
    );
  });

  test("a token that the cluster refuses although it seems valid is renewed, but not again and again", async () => {
    const good = idToken("old", seconds() + 10);
    const provider = credentials({ "id-token": good, "refresh-token": "first" });
    provider.refused();
    assert.notEqual(await shown(provider), `Bearer ${good}`);
    provider.refused();
    await shown(provider);
    assert.equal(asked.length, 1);
  });

  test("the reason that keeps a token from being renewed is said in one line and without a secret", async () => {
    const stale = { "id-token": idToken("old", seconds() - 1), "refresh-token": "hunter2" };
    const cases: readonly (readonly [
      message: RegExp,
      change: () => void,
      config?: Record<string, string>,
    ])[] = [
      [
        /\/token answers 400: invalid_grant: gone \[31mbad$/u,
        () =>
          (answer = {
            status: 400,
            body: { error: "invalid_grant", error_description: "gone\n\u001B[31mbad" },
          }),
      ],
      [/\/token answers 500$/u, () => (answer = { status: 500, body: "oops" })],
      [/does not answer with a JSON object$/u, () => (answer = { status: 200, body: "[]" })],
      [/\/token gives no id_token$/u, () => (answer = { status: 200, body: {} })],
      [/no id-token that is still valid$/u, () => (answer = { status: 200, body: { id_token: "x.y.z" } })],
      [/is of another issuer$/u, () => (discovery = { ...discovery, issuer: "https://elsewhere" })],
      [/http:\/\/127/u, () => (discovery = { ...discovery, token_endpoint: "http://127.0.0.1:1/token" })],
      [/no id-token that is still valid$/u, () => {}, { "client-id": "" }],
      [/no id-token that is still valid$/u, () => {}, { "refresh-token": "" }],
      [/certificate/iu, () => {}, { "idp-certificate-authority-data": "" }],
    ];
    for (const [message, change, config] of cases) {
      discovery = { issuer, token_endpoint: `${issuer}/token` };
      change();
      await assert.rejects(
        credentials({ ...stale, ...config }).identity(),
        (error: Error & { code: string }) => {
          assert.equal(error.code, "cluster-credentials");
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /\p{Cc}|hunter2/u);
          return true;
        },
      );
    }
  });
});
