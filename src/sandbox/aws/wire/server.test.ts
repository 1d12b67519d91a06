import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { XMLParser } from "fast-xml-parser";
import { TestClock } from "../../../../test/support/clock.ts";
import { type Logger, silentLogger } from "../../../core/base/index.ts";
import type { Caller } from "../state/records.ts";
import { action, type Decision, type Service } from "./service.ts";
import { AwsError } from "./error.ts";
import type { Gate } from "./gate.ts";
import { required, text } from "./input.ts";
import { startWire, type WireOptions } from "./server.ts";
import type { Tenant } from "./tenant.ts";
import { until } from "../../../../test/support/until.ts";

const caller: Caller = {
  kind: "admin",
  arn: "arn:aws:iam::111122223333:user/tester",
  userId: "AIDATESTER",
  account: "111122223333",
  accessKeyId: "AKIATESTER",
};

const query: Service = {
  name: "iam",
  protocol: "query",
  version: "2010-05-08",
  namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
  validationCode: "ValidationError",
  actions: {
    Echo: action({
      input: { Text: required(text({ max: 20 })) },
      access: (params) => [{ action: "iam:Echo", resource: `arn:${params.Text}` }],
      run: ({ Text }) => ({
        Text,
        Left: undefined,
        Date: new Date(1000),
        List: [{ A: 1 }, { A: 2 }],
        Map: new Map([["k", 1]]),
      }),
    }),
    Silent: action({ input: {}, access: () => [], run: () => undefined }),
    Open: action({
      input: {},
      access: () => [],
      unsigned: true,
      run(_params, call) {
        call.note({ who: "system:serviceaccount:a:b", rule: "trust-policy" });
        throw new AwsError("AccessDenied", "Not you", { status: 403, rule: "other", why: "because" });
      },
    }),
    Broken: action({
      input: {},
      access: () => [],
      run() {
        throw new TypeError("a fault with a secret in it");
      },
    }),
  },
};
let slowCalls = 0;
const json: Service = {
  ...query,
  name: "ssm",
  protocol: "json",
  namespace: "AmazonSSM",
  validationCode: "ValidationException",
  actions: {
    ...query.actions,
    Slow: action({
      input: {},
      access: () => [],
      run: (_params, call) =>
        new Promise((_resolve, reject) => {
          slowCalls += 1;
          call.signal.addEventListener("abort", () => reject(new AwsError("Aborted", "aborted")));
        }),
    }),
  },
};

interface Harness {
  url: string;
  port: number;
  decisions: Decision[];
  close(): Promise<void>;
  call(parameters: string, headers?: Record<string, string>): Promise<Response>;
  json(target: string, body: string): Promise<Response>;
}

type Change = Partial<WireOptions & Pick<Tenant, "persist">>;
const done = (): Promise<void> => Promise.resolve();
const html = { "content-type": "text/html" };
const unsigned = { status: 403, rule: "request-signed" };

async function start(t: TestContext, { persist = done, ...change }: Change = {}): Promise<Harness> {
  const decisions: Decision[] = [];
  const gate: Gate = {
    authenticate(request) {
      if (request.headers["authorization"] === undefined)
        throw new AwsError("MissingAuthenticationToken", "no signature", unsigned);
      return { caller, region: "eu-central-1" };
    },
    authorize(_call, need) {
      if (need.resource === "arn:no")
        throw new AwsError("AccessDenied", "may not", { status: 403, rule: "no-allow" });
      return "admin-key";
    },
  };
  const home: Tenant = {
    services: [query, json],
    gate,
    clock: new TestClock("2026-11-25T00:00:00Z"),
    persist,
    onDecision: (decision) => decisions.push(decision),
  };
  const server = await startWire({
    tenants: { home, find: () => undefined, ofKey: () => undefined },
    signingClock: new TestClock("2026-11-25T00:00:00Z"),
    control: () => Promise.resolve({ status: 200, headers: {}, body: "control" }),
    logger: silentLogger,
    page: ({ path, method }) => ({ status: 200, headers: html, body: `${method} ${path}` }),
    listen: "127.0.0.1",
    port: 0,
    ...change,
  });
  t.after(() => server.close());
  return {
    ...server,
    decisions,
    call: (parameters, headers = { authorization: "yes" }) =>
      fetch(server.url, {
        method: "POST",
        body: parameters,
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      }),
    json: (target, body) =>
      fetch(server.url, { method: "POST", body, headers: { "x-amz-target": target, authorization: "yes" } }),
  };
}

const parser = new XMLParser({ ignoreAttributes: false });
async function xml(response: Response): Promise<Record<string, Record<string, unknown>>> {
  return parser.parse(await response.text()) as Record<string, Record<string, unknown>>;
}

describe("the sandbox's AWS protocols", () => {
  test("an answer of the query protocol has result, metadata and name space", async (t) => {
    const sandbox = await start(t);
    const response = await sandbox.call("Action=Echo&Version=2010-05-08&Text=a%26%3Cb");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/xml");
    assert.equal(response.headers.get("date"), "Wed, 25 Nov 2026 00:00:00 GMT");
    const id = response.headers.get("x-amzn-requestid");
    const body = await xml(response);
    assert.deepEqual(body["EchoResponse"], {
      "@_xmlns": "https://iam.amazonaws.com/doc/2010-05-08/",
      EchoResult: {
        Text: "a&<b",
        Date: "1970-01-01T00:00:01Z",
        List: { member: [{ A: 1 }, { A: 2 }] },
        Map: { entry: { key: "k", value: 1 } },
      },
      ResponseMetadata: { RequestId: id },
    });
    assert.deepEqual(sandbox.decisions, [
      {
        time: Date.parse("2026-11-25T00:00:00Z"),
        requestId: id,
        action: "iam:Echo",
        who: caller.arn,
        resource: "arn:a&<b",
        decision: "allow",
        rule: "admin-key",
      },
    ]);
  });

  test("an operation without a result has none, and GET with an Action is a call", async (t) => {
    const sandbox = await start(t);
    const response = await fetch(`${sandbox.url}/?Action=Silent`, { headers: { authorization: "yes" } });
    const body = await xml(response);
    assert.deepEqual(Object.keys(body["SilentResponse"] ?? {}).sort(), ["@_xmlns", "ResponseMetadata"]);
  });

  test("an answer of AWS JSON 1.1 has numbers for dates, objects for maps, and an error's name in __type", async (t) => {
    const sandbox = await start(t);
    const response = await sandbox.json("AmazonSSM.Echo", '{"Text":"a"}');
    assert.equal(response.headers.get("content-type"), "application/x-amz-json-1.1");
    assert.deepEqual(await response.json(), {
      Text: "a",
      Date: 1,
      List: [{ A: 1 }, { A: 2 }],
      Map: { k: 1 },
    });
    const bad = await sandbox.json("AmazonSSM.Echo", "{}");
    assert.equal(bad.status, 400);
    assert.deepEqual(await bad.json(), {
      __type: "ValidationException",
      message:
        "1 validation error detected: Value at 'text' failed to satisfy constraint: Member must not be null",
    });
    const broken = await sandbox.json("AmazonSSM.Echo", "[1]");
    assert.deepEqual(await broken.json(), {
      __type: "SerializationException",
      message: "The body is not a JSON object",
    });
  });

  const refusals: readonly [
    string,
    (s: Harness) => Promise<Response>,
    number,
    string,
    string | RegExp,
    Partial<Decision>,
  ][] = [
    [
      "no signature",
      (s) => s.call("Action=Echo&Text=a", {}),
      403,
      "MissingAuthenticationToken",
      "no signature",
      { decision: "deny", rule: "request-signed", who: "anonymous", action: "iam:Echo" },
    ],
    [
      "not allowed",
      (s) => s.call("Action=Echo&Text=no"),
      403,
      "AccessDenied",
      "may not",
      { decision: "deny", rule: "no-allow", resource: "arn:no" },
    ],
    [
      "an operation that decides by itself",
      (s) => s.call("Action=Open", {}),
      403,
      "AccessDenied",
      "Not you",
      { decision: "deny", rule: "trust-policy", who: "system:serviceaccount:a:b", why: "because" },
    ],
    [
      "a broken constraint",
      (s) => s.call(`Action=Echo&Text=${"a".repeat(21)}`),
      400,
      "ValidationError",
      /less than or equal to 20/u,
      { decision: "invalid", rule: "parameters-valid" },
    ],
    [
      "an operation that is not implemented",
      (s) => s.call("Action=CreateUser&Version=2010-05-08"),
      400,
      "InvalidAction",
      "Could not find operation CreateUser for version 2010-05-08: this sandbox does not implement iam:CreateUser",
      { decision: "invalid", rule: "action-implemented", action: "iam:CreateUser" },
    ],
    [
      "a name of every object",
      (s) => s.call("Action=toString&Version=2010-05-08"),
      400,
      "InvalidAction",
      /iam:toString/u,
      {},
    ],
    [
      "a service that is not implemented",
      (s) => s.call("Action=ListQueues&Version=2012-11-05"),
      400,
      "InvalidAction",
      /ListQueues for version 2012-11-05/u,
      { decision: "invalid", rule: "service-implemented" },
    ],
    [
      "no operation",
      (s) => s.call("Version=2010-05-08"),
      400,
      "MissingAction",
      "The request names no Action",
      { decision: "invalid" },
    ],
    [
      "bad escapes",
      (s) => s.call("Action=%zz"),
      400,
      "MalformedInput",
      /percent encoding/u,
      { decision: "invalid" },
    ],
    [
      "another protocol of AWS",
      (s) => s.call("x", { "smithy-protocol": "rpc-v2-cbor" }),
      400,
      "InvalidAction",
      /not rpc-v2-cbor/u,
      {},
    ],
    [
      "a fault of ours, without its text",
      (s) => s.call("Action=Broken"),
      500,
      "InternalFailure",
      "The sandbox met a fault of its own",
      { decision: "allow", code: "InternalFailure" },
    ],
  ];

  for (const [name, ask, status, code, message, decision] of refusals) {
    test(`${name} is refused by name`, async (t) => {
      const sandbox = await start(t);
      const response = await ask(sandbox);
      assert.equal(response.status, status);
      const { Error: error, RequestId } = (await xml(response))["ErrorResponse"] as {
        Error: { Type: string; Code: string; Message: string };
        RequestId: string;
      };
      assert.equal(error.Code, code);
      assert.equal(error.Type, status >= 500 ? "Receiver" : "Sender");
      if (typeof message === "string") assert.equal(error.Message, message);
      else assert.match(error.Message, message);
      assert.equal(RequestId, response.headers.get("x-amzn-requestid"));
      assert.equal(sandbox.decisions.length, 1);
      for (const [key, value] of Object.entries(decision)) {
        assert.equal(sandbox.decisions[0]?.[key as keyof Decision], value, key);
      }
    });
  }

  test("an unknown target of the JSON protocol is refused by name", async (t) => {
    const sandbox = await start(t);
    const unknown = await sandbox.json("AmazonSSM.StartSession", "{}");
    const body = (await unknown.json()) as { __type: string; message: string };
    assert.equal(body.__type, "InvalidAction");
    assert.match(body.message, /ssm:StartSession/u);
    const service = (await (await sandbox.json("DynamoDB_20120810.ListTables", "{}")).json()) as {
      message: string;
    };
    assert.match(service.message, /DynamoDB_20120810\.ListTables/u);
  });

  test("other methods are refused, GET and HEAD without an Action are the page's", async (t) => {
    const sandbox = await start(t);
    assert.equal((await fetch(sandbox.url, { method: "DELETE" })).status, 405);
    assert.equal(await (await fetch(`${sandbox.url}/some?x=1`)).text(), "GET /some");
    const head = await fetch(sandbox.url, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
  });

  test("decisions remember a part of what a client sent, and not all of it", async (t) => {
    const sandbox = await start(t);
    const { decisions } = sandbox;
    const long = "x".repeat(100_000);
    await sandbox.call(`Action=${long}&Version=2010-05-08`);
    const said = await sandbox.call(`Action=Echo&Version=2010-05-08&Text=${long}`);
    assert.match(await said.text(), /x{100000}/u, "the answer itself says all, as AWS's does");
    assert.equal(decisions.length, 2);
    for (const decision of decisions) assert.ok(JSON.stringify(decision).length < 10_000);
    assert.match(decisions[1]?.message ?? "", /… \(100\d{3} characters\)$/u);
  });

  test("a body over the bound is cut off", async (t) => {
    const sandbox = await start(t);
    const response = await sandbox.call(`Action=Echo&Text=${"a".repeat(1024 * 1024)}`);
    assert.equal(response.status, 413);
    assert.equal(sandbox.decisions.length, 0);
  });

  test("state that cannot be written is said, and the change is tried again with the next call", async (t) => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, error: (message) => lines.push(message) };
    let full = true;
    const persist = (): Promise<void> =>
      full ? Promise.reject(new Error("no space left")) : Promise.resolve();
    const sandbox = await start(t, { persist, logger });
    const response = await sandbox.call("Action=Silent");
    assert.equal(response.status, 500);
    assert.match(await response.text(), /<Code>ServiceFailure<\/Code>/u);
    assert.deepEqual(lines, ["the state could not be written"]);
    full = false;
    assert.equal((await sandbox.call("Action=Silent")).status, 200);
  });

  test("closing ends requests that are under way, and a second server cannot take the same port", async (t) => {
    const sandbox = await start(t);
    const slow = sandbox.json("AmazonSSM.Slow", "{}");
    connect(sandbox.port, "127.0.0.1").on("error", assert.ifError);
    await assert.rejects(start(t, { port: sandbox.port }), /EADDRINUSE/u);
    await until("the slow call is under way", () => slowCalls === 1);
    await sandbox.close();
    assert.deepEqual(await (await slow).json(), { __type: "Aborted", message: "aborted" });
    await assert.rejects(fetch(sandbox.url));
  });
});
