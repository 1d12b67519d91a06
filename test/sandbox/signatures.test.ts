import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { TestClock } from "../support/clock.ts";
import { refused } from "../support/iam.ts";

const doesNotMatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

async function started(t: TestContext): Promise<Sandbox> {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  return sandbox;
}

interface Signed {
  path: string;
  body: string;
  headers: Record<string, string>;
}

/** A client whose requests are changed after they were signed. */
function tampering(t: TestContext, sandbox: Sandbox, change: (request: Signed) => void): IAMClient {
  const client = new IAMClient({
    endpoint: sandbox.url,
    region: "eu-central-1",
    credentials: sandbox.admin,
    maxAttempts: 1,
  });
  client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Signed);
      return next(args);
    },
    { step: "deserialize", priority: "low" },
  );
  t.after(() => client.destroy());
  return client;
}

describe("the sandbox's check of signatures", () => {
  test("the SDK's own signatures are accepted, by all three services", async (t) => {
    const sandbox = await started(t);
    const config = {
      endpoint: sandbox.url,
      region: "eu-central-1",
      credentials: sandbox.admin,
      maxAttempts: 1,
    };
    const [iam, sts, ssm] = [new IAMClient(config), new STSClient(config), new SSMClient(config)];
    t.after(() => {
      for (const client of [iam, sts, ssm]) client.destroy();
    });
    await iam.send(new ListRolesCommand({}));
    const caller = await sts.send(new GetCallerIdentityCommand({}));
    assert.equal(caller.Arn, `arn:aws:iam::${sandbox.account}:user/podtrust-admin`);
    await assert.rejects(ssm.send(new GetParameterCommand({ Name: "absent" })), {
      name: "ParameterNotFound",
    });
  });

  test("an altered body, another path, a dropped date and a dropped signature are refused", async (t) => {
    const sandbox = await started(t);
    const list = (change: (request: Signed) => void): Promise<unknown> =>
      tampering(t, sandbox, change).send(new ListRolesCommand({ PathPrefix: "/a/" }));
    await list(() => undefined);
    const body = list((request) => {
      request.body = request.body.replace("%2Fa%2F", "%2Fb%2F");
    });
    await refused(body, "SignatureDoesNotMatch", doesNotMatch, 403);
    const path = list((request) => {
      request.path = "/other/";
    });
    await refused(path, "SignatureDoesNotMatch", doesNotMatch, 403);
    const date = list((request) => {
      delete request.headers["x-amz-date"];
    });
    await refused(date, "IncompleteSignature", /either a 'X-Amz-Date' or a 'Date' header/u);
    const unsigned = list((request) => {
      delete request.headers["authorization"];
    });
    await refused(unsigned, "MissingAuthenticationToken", "Request is missing Authentication Token", 403);
    assert.deepEqual(
      sandbox.decisions().map(({ decision, rule }) => [decision, rule]),
      [
        ["allow", "admin-key"],
        ["deny", "signature-matches"],
        ["deny", "signature-matches"],
        ["deny", "signature-complete"],
        ["deny", "request-signed"],
      ],
    );
  });

  test("a recorded request is good for its 15 minutes only, and for nothing else", async (t) => {
    const sandbox = await started(t);
    let recorded: Signed | undefined;
    await tampering(t, sandbox, (request) => {
      recorded = { ...request, headers: { ...request.headers } };
    }).send(new ListRolesCommand({}));
    assert.ok(recorded);
    const replay = (path: string): Promise<Response> => {
      const { host: _host, "content-length": _length, ...headers } = recorded?.headers ?? {};
      return fetch(`${sandbox.url}${path}`, { method: "POST", headers, body: recorded?.body ?? "" });
    };
    assert.equal((await replay("/")).status, 200);
    const elsewhere = await replay("/elsewhere");
    assert.equal(elsewhere.status, 403);
    assert.match(await elsewhere.text(), /<Code>SignatureDoesNotMatch<\/Code>/u);
  });

  /** The answer to a recorded request with another request line; `fetch` would normalise its path. */
  async function replayed(
    sandbox: Sandbox,
    recorded: Signed,
    line: { path: string; body?: string },
  ): Promise<{ status: number | undefined; code: string | undefined }> {
    const answer = Promise.withResolvers<{ status: number | undefined; code: string | undefined }>();
    const { "content-length": _length, ...headers } = recorded.headers;
    const asked = httpRequest(sandbox.url, { method: "POST", path: line.path, headers, agent: false });
    asked.on("error", answer.reject).on("response", (response) => {
      textOf(response).then(
        (body) => answer.resolve({ status: response.statusCode, code: /<Code>(\w+)</u.exec(body)?.[1] }),
        answer.reject,
      );
    });
    asked.end(line.body ?? recorded.body);
    return answer.promise;
  }

  async function recordedListRoles(t: TestContext, sandbox: Sandbox): Promise<Signed> {
    const seen: Signed[] = [];
    await tampering(t, sandbox, (request) => {
      seen.push({ ...request, headers: { ...request.headers } });
    }).send(new ListRolesCommand({}));
    const [recorded] = seen;
    assert.ok(recorded);
    return recorded;
  }

  test("a path that only normalises to the signed one names no operation", async (t) => {
    const sandbox = await started(t);
    const recorded = await recordedListRoles(t, sandbox);
    assert.deepEqual(await replayed(sandbox, recorded, { path: "/" }), { status: 200, code: undefined });
    for (const path of ["//", "/./", "/a/../", "/..", "/./?"]) {
      assert.deepEqual(
        await replayed(sandbox, recorded, { path }),
        { status: 404, code: "UnknownOperationException" },
        path,
      );
    }
    const last = sandbox.decisions().at(-1);
    assert.deepEqual([last?.decision, last?.rule], ["invalid", "path-known"]);
  });

  test("a query that was added to a signed request is refused, whatever it is called", async (t) => {
    const sandbox = await started(t);
    const recorded = await recordedListRoles(t, sandbox);
    for (const path of ["/?X-Amz-Signature=", "/?X-Amz-Signature=00", "/?x=1"]) {
      assert.deepEqual(
        await replayed(sandbox, recorded, { path }),
        { status: 403, code: "SignatureDoesNotMatch" },
        path,
      );
    }
  });

  test("a parameter that is given twice is refused, in the query, in the body and in both", async (t) => {
    const sandbox = await started(t);
    const recorded = await recordedListRoles(t, sandbox);
    const both: readonly { path: string; body?: string }[] = [
      { path: "/?PathPrefix=%2Fa%2F&PathPrefix=%2Fb%2F" },
      { path: "/", body: `${recorded.body}&Action=GetRole` },
      { path: "/?Action=GetRole" },
    ];
    for (const line of both) {
      assert.deepEqual(await replayed(sandbox, recorded, line), { status: 400, code: "MalformedInput" });
    }
  });

  test("a wrong secret, an unknown key and a token that is nobody's are refused", async (t) => {
    const sandbox = await started(t);
    const ask = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) => {
      const client = new IAMClient({
        endpoint: sandbox.url,
        region: "eu-central-1",
        credentials,
        maxAttempts: 1,
      });
      t.after(() => client.destroy());
      return client.send(new ListRolesCommand({}));
    };
    const invalid = "The security token included in the request is invalid.";
    await refused(
      ask({ ...sandbox.admin, secretAccessKey: "wrong" }),
      "SignatureDoesNotMatch",
      doesNotMatch,
      403,
    );
    await refused(ask({ ...sandbox.admin, accessKeyId: "AKIANOBODY" }), "InvalidClientTokenId", invalid, 403);
    await refused(ask({ ...sandbox.admin, sessionToken: "x" }), "InvalidClientTokenId", invalid, 403);
    assert.ok(!JSON.stringify(sandbox.decisions()).includes(sandbox.admin.secretAccessKey));
  });

  test("the JSON protocol has its own names for the same refusals", async (t) => {
    const sandbox = await started(t);
    const ask = (credentials: { accessKeyId: string; secretAccessKey: string }) => {
      const client = new SSMClient({
        endpoint: sandbox.url,
        region: "eu-central-1",
        credentials,
        maxAttempts: 1,
      });
      t.after(() => client.destroy());
      return client.send(new GetParameterCommand({ Name: "a" }));
    };
    await refused(
      ask({ ...sandbox.admin, secretAccessKey: "wrong" }),
      "InvalidSignatureException",
      doesNotMatch,
    );
    await refused(
      ask({ ...sandbox.admin, accessKeyId: "AKIANOBODY" }),
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
    );
  });

  test("a client whose clock is an hour off is told so, and sets itself right by our Date", async (t) => {
    for (const hours of [1, -1]) {
      const sandbox = await startSandbox({ clock: new TestClock(Date.now() + hours * 3_600_000) });
      t.after(() => sandbox.close());
      const client = (maxAttempts: number): IAMClient => {
        const config = {
          endpoint: sandbox.url,
          region: "eu-central-1",
          credentials: sandbox.admin,
          maxAttempts,
        };
        const made = new IAMClient(config);
        t.after(() => made.destroy());
        return made;
      };
      const stamp = String.raw`\d{8}T\d{6}Z`;
      const text =
        hours === 1
          ? String.raw`^Signature expired: ${stamp} is now earlier than ${stamp} \(${stamp} - 15 min\.\)$`
          : String.raw`^Signature not yet current: ${stamp} is still later than ${stamp} \(${stamp} \+ 15 min\.\)$`;
      await refused(
        client(1).send(new ListRolesCommand({})),
        "SignatureDoesNotMatch",
        new RegExp(text, "u"),
        403,
      );
      await client(2).send(new ListRolesCommand({}));
    }
  });
});
