import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { AwsError } from "../wire/error.ts";
import type { WireRequest } from "../wire/gate.ts";
import { type KnownAccessKey, verifyRequest, type VerifySignatureOptions } from "./verify.ts";

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const now = Date.UTC(2015, 7, 30, 12, 36, 0);
const date = "20150830T123600Z";
const keys: Record<string, KnownAccessKey> = {
  AKIDEXAMPLE: { secret, session: undefined },
  ASIAEXAMPLE: { secret, session: { token: "the-token", expires: now + 60_000 } },
};

function options(change: Partial<VerifySignatureOptions> = {}): VerifySignatureOptions {
  return {
    service: "iam",
    protocol: "query",
    now,
    signedAt: change.now ?? now,
    findKey: (id) => keys[id],
    ...change,
  };
}

interface Signing {
  method?: string;
  target?: string;
  body?: string;
  key?: string;
  secret?: string;
  scope?: string;
  date?: string;
  headers?: Record<string, string>;
  signed?: string[];
}

/** A signer of its own, written from the specification, so that verifier and signer share no code. */
function sign(input: Signing = {}): WireRequest {
  const at = input.date ?? date;
  const scope = input.scope ?? `${at.slice(0, 8)}/us-east-1/iam/aws4_request`;
  const headers: Record<string, string> = { host: "iam.amazonaws.com", "x-amz-date": at, ...input.headers };
  const names = (input.signed ?? Object.keys(headers)).sort();
  const target = input.target ?? "/";
  const [path = "/", query = ""] = target.split("?", 2);
  const body = input.body ?? "";
  const hex = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = [
    input.method ?? "POST",
    path,
    query.split("&").sort().join("&"),
    ...names.map((name) => `${name}:${headers[name] ?? ""}`),
    "",
    names.join(";"),
    hex(body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", at, scope, hex(canonical)].join("\n");
  let key: Buffer = Buffer.from(`AWS4${input.secret ?? secret}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  const credential = `${input.key ?? "AKIDEXAMPLE"}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  const all = Object.entries({ ...headers, authorization }).map(([name, value]) => [name, [value]]);
  return {
    method: input.method ?? "POST",
    target,
    headers: Object.fromEntries(all) as Record<string, string[]>,
    body: Buffer.from(body),
  };
}

function refused(
  request: WireRequest,
  code: string,
  message: string | RegExp,
  change: Partial<VerifySignatureOptions> = {},
): void {
  assert.throws(
    () => verifyRequest(request, options(change)),
    (error) => {
      assert.ok(error instanceof AwsError);
      assert.equal(error.code, code);
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );
}

const doesNotMatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

describe("Signature Version 4", () => {
  test("AWS's own example signature (ListUsers, in the General Reference) is accepted", () => {
    const request: WireRequest = {
      method: "GET",
      target: "/?Action=ListUsers&Version=2010-05-08",
      headers: {
        "content-type": ["application/x-www-form-urlencoded; charset=utf-8"],
        host: ["iam.amazonaws.com"],
        "x-amz-date": [date],
        authorization: [
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ],
      },
      body: new Uint8Array(),
    };
    assert.equal(verifyRequest(request, options()).accessKeyId, "AKIDEXAMPLE");
  });

  // From AWS's Signature Version 4 test suite: path, query order, header folding.
  const suite: readonly [string, Omit<WireRequest, "body">, string, string][] = [
    [
      "get-vanilla",
      { method: "GET", target: "/", headers: {} },
      "host;x-amz-date",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ],
    [
      "get-vanilla-query-order-key-case",
      { method: "GET", target: "/?Param2=value2&Param1=value1", headers: {} },
      "host;x-amz-date",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "post-vanilla",
      { method: "POST", target: "/", headers: {} },
      "host;x-amz-date",
      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ],
  ];

  for (const [name, request, signedHeaders, signature] of suite) {
    test(`AWS's test suite, ${name}, is accepted`, () => {
      const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;
      const headers = {
        host: ["example.amazonaws.com"],
        "x-amz-date": [date],
        ...request.headers,
        authorization: [authorization],
      };
      const whole = { ...request, headers, body: new Uint8Array() };
      assert.equal(verifyRequest(whole, options({ service: "service" })).scope.region, "us-east-1");
    });
  }

  test("a body, a path, a query, a method or a header that was altered is refused", () => {
    const request = sign({ target: "/?A=1&B=2", body: "Action=GetRole", headers: { "x-amz-other": "a" } });
    assert.equal(verifyRequest(request, options()).signature.length, 64);
    refused({ ...request, body: Buffer.from("Action=DeleteRole") }, "SignatureDoesNotMatch", doesNotMatch);
    refused({ ...request, target: "/other?A=1&B=2" }, "SignatureDoesNotMatch", doesNotMatch);
    refused({ ...request, target: "/?A=1&B=3" }, "SignatureDoesNotMatch", doesNotMatch);
    refused({ ...request, method: "GET" }, "SignatureDoesNotMatch", doesNotMatch);
    const headers = { ...request.headers, "x-amz-other": ["b"] };
    refused({ ...request, headers }, "SignatureDoesNotMatch", doesNotMatch);
    refused(
      { ...request, headers: { ...request.headers, host: ["evil"] } },
      "SignatureDoesNotMatch",
      doesNotMatch,
    );
  });

  test("a header's signature covers the whole query, X-Amz-Signature and its like included", () => {
    const request = sign({ target: "/?A=1" });
    for (const added of ["X-Amz-Signature=", "X-Amz-Signature=00", "X-Amz-Algorithm=AWS4-HMAC-SHA256"]) {
      refused({ ...request, target: `${request.target}&${added}` }, "SignatureDoesNotMatch", doesNotMatch);
    }
  });

  test("a header that SignedHeaders names twice is refused, before it is copied as often as it is named", () => {
    const request = sign({ headers: { "x-long": "x".repeat(30_000) } });
    const names = `${"x-long;".repeat(5000)}host`;
    const header = request.headers["authorization"]?.[0]?.replace(
      /SignedHeaders=[^,]*/u,
      `SignedHeaders=${names}`,
    );
    const flooded = { ...request, headers: { ...request.headers, authorization: [header ?? ""] } };
    refused(flooded, "SignatureDoesNotMatch", doesNotMatch);
  });

  test("a plus in the query is signed as the space that it means", () => {
    const space = sign({ target: "/?A=a%20b" });
    assert.ok(verifyRequest({ ...space, target: "/?A=a+b" }, options()));
    const plus = sign({ target: "/?A=a%2Bb" });
    assert.ok(verifyRequest(plus, options()));
    refused({ ...plus, target: "/?A=a+b" }, "SignatureDoesNotMatch", doesNotMatch);
  });

  test("another secret, a cut signature and one that is no hexadecimal are refused", () => {
    refused(sign({ secret: "another" }), "SignatureDoesNotMatch", doesNotMatch);
    const request = sign();
    const header = request.headers["authorization"]?.[0] ?? "";
    for (const changed of [header.slice(0, -1), header.replace(/Signature=../u, "Signature=zz")]) {
      refused(
        { ...request, headers: { ...request.headers, authorization: [changed] } },
        "SignatureDoesNotMatch",
        doesNotMatch,
      );
    }
  });

  test("a date may be 15 minutes off, and not more", () => {
    const minutes = (count: number): { now: number } => ({ now: now + count * 60_000 });
    assert.ok(verifyRequest(sign(), options(minutes(15))));
    assert.ok(verifyRequest(sign(), options(minutes(-15))));
    refused(
      sign(),
      "SignatureDoesNotMatch",
      "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T125200Z - 15 min.)",
      minutes(16),
    );
    refused(
      sign(),
      "SignatureDoesNotMatch",
      "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T122000Z + 15 min.)",
      minutes(-16),
    );
  });

  test("a scope must be this service's, of the same day, and end in aws4_request", () => {
    refused(
      sign({ scope: "20150830/us-east-1/s3/aws4_request" }),
      "SignatureDoesNotMatch",
      "Credential should be scoped to correct service: 'iam'. ",
    );
    refused(
      sign({ scope: "20150830/US/iam/aws4_request" }),
      "SignatureDoesNotMatch",
      "Credential should be scoped to a valid region, not 'US'. ",
    );
    refused(
      sign({ scope: "20150830/us-east-1/iam/aws5" }),
      "SignatureDoesNotMatch",
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. ",
    );
    refused(
      sign({ scope: "20150829/us-east-1/iam/aws4_request" }),
      "SignatureDoesNotMatch",
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'.",
    );
    refused(
      sign({ scope: "20150830/us-east-1/aws4_request" }),
      "IncompleteSignature",
      /exactly 5 slash-delimited/u,
    );
  });

  test("host and the name of the operation must be signed", () => {
    refused(
      sign({ signed: ["x-amz-date"] }),
      "SignatureDoesNotMatch",
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    const target = { "x-amz-target": "AmazonSSM.GetParameter" };
    refused(
      sign({ headers: target, signed: ["host", "x-amz-date"] }),
      "InvalidSignatureException",
      /'X-Amz-Target' must be a 'SignedHeader'/u,
      { protocol: "json" },
    );
    assert.ok(verifyRequest(sign({ headers: target }), options()));
  });

  test("a request without a signature, and a signature that lacks parts, are refused", () => {
    const request = sign();
    const { authorization, ...rest } = request.headers;
    const header = authorization?.[0] ?? "";
    refused(
      { ...request, headers: rest },
      "MissingAuthenticationToken",
      "Request is missing Authentication Token",
    );
    refused(
      { ...request, headers: rest },
      "MissingAuthenticationTokenException",
      "Missing Authentication Token",
      {
        protocol: "json",
      },
    );
    const changed = (text: string): WireRequest => ({
      ...request,
      headers: { ...rest, authorization: [text] },
    });
    refused(
      changed(header.replace(/SignedHeaders=[^,]*, /u, "")),
      "IncompleteSignature",
      /^Authorization header requires 'SignedHeaders' parameter\. \(Hashed with SHA-256/u,
    );
    refused(changed("Bearer abc"), "IncompleteSignature", /^Unsupported AWS 'algorithm': 'Bearer'/u);
    const { "x-amz-date": _date, ...undated } = request.headers;
    refused(
      { ...request, headers: undated },
      "IncompleteSignature",
      /either a 'X-Amz-Date' or a 'Date' header/u,
    );
    refused(sign({ date: "2015-08-30" }), "IncompleteSignature", /Date must be in ISO-8601 'basic format'/u);
    assert.doesNotMatch(header, /wJalr/u);
  });

  test("an unknown key, and session tokens that are missing, wrong, needless or expired, are refused", () => {
    const invalid = "The security token included in the request is invalid.";
    const session = { "x-amz-security-token": "the-token" };
    refused(sign({ key: "AKIDNOBODY" }), "InvalidClientTokenId", invalid);
    refused(sign({ key: "AKIDNOBODY" }), "UnrecognizedClientException", invalid, { protocol: "json" });
    assert.ok(verifyRequest(sign({ key: "ASIAEXAMPLE", headers: session }), options()));
    refused(sign({ key: "ASIAEXAMPLE" }), "InvalidClientTokenId", invalid);
    refused(
      sign({ key: "ASIAEXAMPLE", headers: { "x-amz-security-token": "x" } }),
      "InvalidClientTokenId",
      invalid,
    );
    refused(sign({ headers: session }), "InvalidClientTokenId", invalid);
    const expired = "The security token included in the request is expired";
    const later = { now: now + 60_000 };
    refused(sign({ key: "ASIAEXAMPLE", headers: session }), "ExpiredToken", expired, later);
    refused(sign({ key: "ASIAEXAMPLE", headers: session }), "ExpiredTokenException", expired, {
      ...later,
      protocol: "json",
    });
  });

  test("a presigned URL is good for as long as it says", () => {
    const query = (expires: string): string =>
      [
        "Action=GetCallerIdentity",
        "Version=2011-06-15",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        `X-Amz-Credential=${encodeURIComponent("AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request")}`,
        `X-Amz-Date=${date}`,
        `X-Amz-Expires=${expires}`,
        "X-Amz-SignedHeaders=host",
      ].join("&");
    const presigned = (expires: string): WireRequest => {
      const target = `/?${query(expires)}`;
      const scope = "20150830/us-east-1/sts/aws4_request";
      const whole = sign({ method: "GET", target, scope, signed: ["host"] });
      const signature = /Signature=([0-9a-f]+)/u.exec(whole.headers["authorization"]?.[0] ?? "")?.[1];
      return {
        ...whole,
        target: `${target}&X-Amz-Signature=${signature}`,
        headers: { host: ["iam.amazonaws.com"] },
      };
    };
    const sts = { service: "sts" };
    assert.equal(verifyRequest(presigned("60"), options(sts)).expires, 60);
    assert.ok(verifyRequest(presigned("3600"), options({ ...sts, now: now + 3_600_000 })));
    refused(presigned("60"), "SignatureDoesNotMatch", /^Signature expired: 20150830T123701Z/u, {
      ...sts,
      now: now + 61_000,
    });
    for (const [text, fault] of [
      ["1e9", "X-Amz-Expires should be a number"],
      ["60.0", "X-Amz-Expires should be a number"],
      ["0x10", "X-Amz-Expires should be a number"],
      ["", "X-Amz-Expires should be a number"],
      ["-1", "X-Amz-Expires must be non-negative"],
      ["604801", /^X-Amz-Expires must be less than a week/u],
    ] as const)
      refused(presigned(text), "IncompleteSignature", fault, sts);
    assert.equal(verifyRequest(presigned("604800"), options(sts)).expires, 604_800);
    const twice = presigned("60");
    refused(
      { ...twice, target: twice.target.replace("&X-Amz-Date", "&X-Amz-Expires=3600&X-Amz-Date") },
      "IncompleteSignature",
      "AWS query-string parameters must include 'X-Amz-Expires' once.",
      sts,
    );
    const altered = presigned("60");
    refused(
      { ...altered, target: altered.target.replace("Expires=60", "Expires=99") },
      "SignatureDoesNotMatch",
      doesNotMatch,
      sts,
    );
    refused(
      { ...altered, target: altered.target.replace(/&X-Amz-Date=[^&]*/u, "") },
      "IncompleteSignature",
      "AWS query-string parameters must include 'X-Amz-Date'.",
      sts,
    );
  });
});
