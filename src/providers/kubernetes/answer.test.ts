import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { statusFault } from "./answer.ts";

const asked = { server: "https://192.0.2.1", what: "read /x", right: "get /x" };

function faultOf(status: number, body: string): { code: string; message: string } {
  return statusFault(asked, { status, headers: {}, body: Buffer.from(body) });
}

describe("an API server's answer", () => {
  test("the API server's own sentence is repeated, bounded and on one line", () => {
    const long = JSON.stringify({ message: `a\nerror: b\u001B[2J${"c".repeat(1000)}` });
    const { message } = faultOf(403, long);
    assert.match(message, /it answered 403: a error: b \[2Jc+$/u);
    assert.ok(message.length < 600 && !/\p{Cc}/u.test(message));
  });

  test("a refusal of a policy is final, whatever kept the policy from being judged", () => {
    const refusals = [
      "ValidatingAdmissionPolicy 'podtrust-grants' denied request: no grant",
      "failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Limit'",
    ];
    for (const message of refusals)
      assert.equal(faultOf(422, JSON.stringify({ message })).code, "cluster-refused");
  });

  test("each status has its code, whatever the body holds", () => {
    const codes = [401, 403, 404, 418, 429, 500, 503].flatMap((status) =>
      ["null", "[]", "<html>", ""].map((body) => faultOf(status, body).code),
    );
    const expected = [
      "unauthenticated",
      "forbidden",
      "not-found",
      "answer-invalid",
      "not-ready",
      "not-ready",
      "not-ready",
    ];
    assert.deepEqual(
      codes,
      expected.flatMap((code) => Array<string>(4).fill(`cluster-${code}`)),
    );
  });
});
