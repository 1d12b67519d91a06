import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { defined, mapped, type PodtrustError } from "../../src/core/base/index.ts";
import { controlRoutes } from "../../src/sandbox/control/index.ts";
import { lineFor } from "../support/raw-request.ts";
import { connectSandbox, type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/index.ts";

interface Answer {
  readonly status: number;
  readonly body: {
    readonly error?: { readonly code: string; readonly message: string; readonly next: string };
    readonly [name: string]: unknown;
  };
}

async function started(t: TestContext, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  t.after(() => sandbox.close());
  return sandbox;
}

/** Asks the control API with the token, unless the headers say otherwise. */
function ask(
  { url, controlToken }: Sandbox,
  method: string,
  path: string,
  { body, headers = {}, host }: { body?: string; headers?: Record<string, string>; host?: string } = {},
): Promise<Answer> {
  const { port, hostname } = new URL(url);
  const all = { authorization: `Bearer ${controlToken}`, ...headers };
  const at = { host: host ?? hostname, port, method, path: `/_podtrust/${path}`, headers: all };
  return new Promise((resolve, reject) => {
    const asked = request(at, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer["body"] }),
      );
    });
    asked.on("error", reject).end(body);
  });
}

describe("the control API of a sandbox", () => {
  test("every example of its page is taken, and answered in the form that the page shows", async (t) => {
    const frontFolder = await mkdtemp(join(tmpdir(), "podtrust-control-"));
    t.after(() => rm(frontFolder, { recursive: true }));
    const sandbox = await started(t, { azure: {}, gcp: {}, frontFolder });
    let id = "";
    for (const { method, path, body, more, answer = {} } of controlRoutes) {
      for (const sent of more === undefined ? [body] : [body, more[1]]) {
        const options = defined({ body: mapped(sent, JSON.stringify) });
        const answered = await ask(sandbox, method, path.replace("ID", id), options);
        assert.equal(answered.status, 200, `${method} ${path}: ${JSON.stringify(answered.body)}`);
        assert.deepEqual(Object.keys(answered.body), Object.keys(answer), `${method} ${path}`);
        if (path === "accounts") id = String(answered.body["account"]);
      }
    }
  });

  test("below an account's number there is all that is of an account, and nothing else", async (t) => {
    const sandbox = await started(t);
    const { account } = (await ask(sandbox, "POST", "accounts")).body;
    for (const { method, path, body, whole } of controlRoutes) {
      if (path === "accounts/ID") continue;
      const sent = defined({ body: mapped(body, JSON.stringify) });
      const { status } = await ask(sandbox, method, `accounts/${String(account)}/${path}`, sent);
      assert.equal(status, whole === true ? 400 : 200, `${method} ${path}`);
    }
    const answer = await ask(sandbox, "GET", `accounts/${String(account)}/state`);
    assert.equal(answer.body["account"], account);
  });

  test("without its token nothing is done, and only health and front are told", async (t) => {
    const sandbox = await started(t);
    const wrong = [
      "",
      "Bearer ",
      "Bearer wrong",
      `Basic ${sandbox.controlToken}`,
      `Bearer ${"x".repeat(5000)}`,
    ];
    for (const authorization of [...wrong, sandbox.controlToken.slice(0, -1)]) {
      for (const { method, path, open } of controlRoutes) {
        const { status, body } = await ask(sandbox, method, path, { headers: { authorization } });
        assert.equal(status, open === true ? 200 : 401, `${method} ${path}`);
        if (open !== true) assert.equal(body.error?.code, "sandbox-control-denied");
        assert.ok(!JSON.stringify(body).includes(sandbox.controlToken));
      }
    }
  });

  test("a name that was pointed at the sandbox from outside gets nothing, whatever token it shows", async (t) => {
    const sandbox = await started(t);
    const { status, body } = await ask(sandbox, "GET", "state", { headers: { host: "evil.example" } });
    assert.deepEqual([status, body.error?.code], [401, "sandbox-control-denied"]);
    const headers = [`authorization: Bearer ${sandbox.controlToken}`];
    for (const [target, first] of [
      ["/_podtrust/state", "HTTP/1.1 401 Unauthorized"],
      ["/decisions.json", "HTTP/1.1 421 Misdirected Request"],
    ] as const) {
      assert.equal(await lineFor(sandbox.url, { target, hosts: ["127.0.0.1"], headers }), "HTTP/1.1 200 OK");
      const hosts = ["127.0.0.1", "evil.example"];
      assert.equal(await lineFor(sandbox.url, { target, hosts, headers }), first);
    }
  });

  test("a token may be chosen for it, but not one that somebody could guess or that an error shows", async (t) => {
    const controlToken = randomUUID();
    const sandbox = await started(t, { controlToken });
    assert.equal((await ask(sandbox, "GET", "state")).status, 200);
    assert.equal(sandbox.controlToken, controlToken);
    for (const weak of ["", "secret", "x".repeat(31), `${"x".repeat(32)} `, "x".repeat(201)])
      await assert.rejects(
        startSandbox({ controlToken: weak }),
        (error: PodtrustError) =>
          error.code === "usage" &&
          error.message.includes(`${weak.length} characters`) &&
          (weak === "" || !error.message.includes(weak)),
      );
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  const skip = outside === undefined ? { skip: "this machine has no address beside loopback" } : {};
  test("another machine gets nothing, unless the sandbox allows it", skip, async (t) => {
    const host = outside?.address ?? "";
    const shut = await started(t, { listen: "0.0.0.0" });
    assert.equal((await ask(shut, "GET", "state", { host })).status, 401);
    assert.equal((await ask(shut, "GET", "health", { host })).status, 401);
    const open = await started(t, { listen: "0.0.0.0", controlFromAnywhere: true });
    assert.equal((await ask(open, "GET", "state", { host })).status, 200);
    const headers = { authorization: "Bearer wrong" };
    assert.equal((await ask(open, "GET", "state", { host, headers })).status, 401);
  });

  const refusals: readonly [string, string, string, string | undefined, RegExp, number][] = [
    [
      "a path that there is not",
      "GET",
      "nothing",
      undefined,
      /there is nothing at \/_podtrust\/nothing/u,
      400,
    ],
    ["another method", "DELETE", "seed", undefined, /does not take DELETE/u, 400],
    ["no body", "POST", "clock", undefined, /the body is not a JSON object/u, 400],
    ["a body that is not JSON", "POST", "clock", "{", /the body is not JSON/u, 400],
    ["a clock moved back", "POST", "clock", '{"advanceSeconds":-1}', /moves forward/u, 400],
    ["a clock moved by a word", "POST", "clock", '{"advanceSeconds":"1h"}', /is not a number/u, 400],
    ["a filter that there is not", "GET", "decisions?verdict=deny", undefined, /no filter verdict/u, 400],
    ["a fault that there is not", "PUT", "issuer/fault", '{"fault":"tired"}', /no fault "tired"/u, 400],
    ["a token without a subject", "POST", "issuer/token", "{}", /the token has no subject/u, 400],
    ["half a ServiceAccount", "POST", "issuer/token", '{"namespace":"a"}', /go together/u, 400],
    ["a token's misspelt member", "POST", "issuer/token", '{"claim":{}}', /a token has no claim$/u, 400],
    [
      "a token by a key that there is not",
      "POST",
      "issuer/token",
      '{"claims":{"sub":"a"},"signedBy":{"kid":"none"}}',
      /has no key none/u,
      400,
    ],
    ["claims that are no object", "POST", "issuer/token", '{"claims":[]}', /claims is not an object/u, 400],
    ["an issuer that cannot be one", "POST", "issuers", '{"url":"http://a.test"}', /https/u, 422],
    [
      "an account that there is not",
      "GET",
      "accounts/999988887777/state",
      undefined,
      /has no account 999988887777/u,
      400,
    ],
    ["the end of the first account", "DELETE", "accounts/111122223333", undefined, /ends with the/u, 400],
    ["an account's accounts", "POST", "accounts/111122223333/accounts", undefined, /nothing at/u, 400],
    [
      "a token for no list",
      "POST",
      "issuer/token",
      '{"namespace":"a","serviceAccount":"b","audiences":"c"}',
      /audiences is not a list/u,
      400,
    ],
    [
      "a token that is too short",
      "POST",
      "issuer/token",
      '{"namespace":"a","serviceAccount":"b","expirationSeconds":1}',
      /less than 10 minutes/u,
      400,
    ],
    [
      "a seed that AWS refuses",
      "POST",
      "seed",
      '{"parameters":[{"name":"aws","value":"x"}]}',
      /^parameter aws: /u,
      422,
    ],
  ];
  for (const [what, method, path, body, sentence, status] of refusals) {
    test(`a request is refused by name: ${what}`, async (t) => {
      const sandbox = await started(t);
      const answered = await ask(sandbox, method, path, defined({ body }));
      assert.equal(answered.status, status);
      assert.match(answered.body.error?.message ?? "", sentence);
      assert.ok((answered.body.error?.next ?? "") !== "");
    });
  }

  test("a body larger than a megabyte is not read", async (t) => {
    const sandbox = await started(t);
    const { port } = new URL(sandbox.url);
    const response = await fetch(`http://127.0.0.1:${port}/_podtrust/seed`, {
      method: "POST",
      body: "x".repeat(1024 * 1024 + 1),
    }).catch((error: Error) => error);
    if (response instanceof Response) assert.equal(response.status, 413);
    else assert.match(String(response.cause), /reset|closed|EPIPE/u);
  });

  test("what is asked of it is no decision of AWS's, and is not recorded", async (t) => {
    const sandbox = await started(t);
    await ask(sandbox, "GET", "state");
    await ask(sandbox, "GET", "decisions");
    assert.deepEqual(sandbox.decisions(), []);
  });
});

describe("a sandbox of another process, connected to", () => {
  test("does what one in this process does: seed, tokens, decisions, clock, faults, reset", async (t) => {
    const here = await started(t);
    const there = await connectSandbox({ url: here.url, token: here.controlToken });
    assert.equal(there.account, "111122223333");
    assert.deepEqual(there.admin, here.admin);
    const issuer = await there.issuer();
    assert.equal(issuer.url, "https://oidc.podtrust.test");
    assert.match(issuer.ca, /^-----BEGIN CERTIFICATE-----/u);
    assert.equal(issuer.connectTo[0]?.host, "oidc.podtrust.test");
    await there.seed({ providers: [{ url: issuer.url }], parameters: [{ name: "/a", value: "b" }] });
    const token = await issuer.token({ namespace: "shop", name: "cart", audiences: ["x"] });
    assert.equal(token.split(".").length, 3);
    await fetch(`${here.url}/?Action=Fly&Version=2011-06-15`);
    assert.deepEqual(
      (await there.decisions({ decision: "invalid" })).map(({ action }) => action),
      ["sts:Fly"],
    );
    await there.clock.advance(90_000);
    assert.equal(here.clock.ahead, 90_000);
    assert.ok(Math.abs((await there.clock.now()) - here.clock.now()) < 30_000);
    await issuer.fail("key-gone");
    await issuer.fail(undefined);
    await there.spread();
    await there.reset();
    assert.deepEqual([here.clock.ahead, await there.decisions()], [0, []]);
  });

  test("throws the refusals of the sandbox as that throws them, and tells of a wrong token", async (t) => {
    const here = await started(t);
    const there = await connectSandbox({ url: here.url, token: here.controlToken });
    await assert.rejects(
      there.seed({ parameters: [{ name: "aws", value: "x" }] }),
      (error: PodtrustError) => error.code === "sandbox-seed" && error.detail["awsCode"] !== undefined,
    );
    await assert.rejects(
      connectSandbox({ url: here.url, token: "wrong" }),
      (error: PodtrustError) =>
        error.code === "sandbox-control-denied" && error.message === "the control token is missing or wrong",
    );
  });

  test("tells that something else answers at the URL", async (t) => {
    const other = createServer((_, response) => void response.end("<html>")).listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await assert.rejects(
      connectSandbox({ url: `http://127.0.0.1:${port}`, token: "any" }),
      (error: PodtrustError) =>
        error.code === "sandbox-control-request" && /another program may answer there/u.test(error.next),
    );
  });
});
