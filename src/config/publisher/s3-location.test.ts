import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { S3Config } from "./s3.ts";
import { parseConfig } from "../load.ts";
import type { ConfigProblem } from "../mistakes/problem.ts";
import { s3Keys, s3Problems, type S3Spec } from "./s3-location.ts";

const spec = (issuer: string, change: Partial<S3Spec> = {}): S3Spec => ({
  issuer,
  bucket: "example-oidc",
  region: "eu-central-1",
  prefix: "",
  ...change,
});

describe("the two documents' places in S3", () => {
  test("the URL's path is the object's key, the bucket's name in it is not", () => {
    const keys = (issuer: string, change?: Partial<S3Spec>) => s3Keys(spec(issuer, change));
    const usual = { discovery: ".well-known/openid-configuration", jwks: "openid/v1/jwks" };
    assert.deepEqual(keys("https://example-oidc.s3.eu-central-1.amazonaws.com"), usual);
    assert.deepEqual(keys("https://s3.eu-central-1.amazonaws.com/example-oidc"), usual);
    assert.deepEqual(keys("https://d111111abcdef8.cloudfront.net"), usual);
    assert.deepEqual(keys("https://oidc.example.com/prod", { prefix: "oidc/" }), {
      discovery: "oidc/prod/.well-known/openid-configuration",
      jwks: "oidc/prod/openid/v1/jwks",
    });
    assert.deepEqual(keys("https://oidc.example.com", { jwksUri: "https://keys.example.com/k/v1" }), {
      discovery: ".well-known/openid-configuration",
      jwks: "k/v1",
    });
  });

  test("URLs that lead into the bucket have no problem", () => {
    const good: [string, Partial<S3Spec>?][] = [
      ["https://example-oidc.s3.eu-central-1.amazonaws.com"],
      ["https://example-oidc.s3.dualstack.eu-central-1.amazonaws.com/prod"],
      ["https://example-oidc.s3-eu-central-1.amazonaws.com"],
      ["https://s3.eu-central-1.amazonaws.com/example-oidc/prod"],
      ["https://s3.eu-central-1.amazonaws.com/a.dotted.name", { bucket: "a.dotted.name" }],
      ["https://example-oidc.s3.amazonaws.com", { region: "us-east-1" }],
      ["https://example-oidc.s3.cn-north-1.amazonaws.com.cn", { region: "cn-north-1" }],
      ["https://oidc.example.com", { bucket: "a.dotted.name", prefix: "oidc/" }],
    ];
    for (const [issuer, change] of good) assert.deepEqual(s3Problems(spec(issuer, change)), [], issuer);
  });

  test("URLs that do not lead there are reported with one that does", () => {
    const bad: [string, Partial<S3Spec>, RegExp, RegExp][] = [
      [
        "https://other.s3.eu-central-1.amazonaws.com",
        {},
        /the bucket other, and s3\.bucket/u,
        /example-oidc\.s3\./u,
      ],
      ["https://s3.eu-central-1.amazonaws.com", {}, /leads to the bucket /u, /example-oidc\.s3\./u],
      [
        "https://example-oidc.s3.us-east-2.amazonaws.com",
        {},
        /is in us-east-2, and s3\.region/u,
        /eu-central-1/u,
      ],
      ["https://example-oidc.s3.amazonaws.com", {}, /names no region/u, /eu-central-1/u],
      [
        "https://example-oidc.s3-website.eu-central-1.amazonaws.com",
        {},
        /speaks no HTTPS/u,
        /example-oidc\.s3\./u,
      ],
      [
        "https://a.b.s3.eu-central-1.amazonaws.com",
        { bucket: "a.b" },
        /covers no bucket name with a dot/u,
        /https:\/\/s3\.eu-central-1\.amazonaws\.com\/a\.b,/u,
      ],
      [
        "https://example-oidc.s3.eu-central-1.amazonaws.com",
        { prefix: "x/" },
        /nothing puts x\/ before/u,
        /Leave prefix out/u,
      ],
    ];
    for (const [issuer, change, message, next] of bad) {
      const [problem, ...rest] = s3Problems(spec(issuer, change));
      assert.deepEqual(rest, [], issuer);
      assert.match(problem?.message ?? "", message);
      assert.match(problem?.next ?? "", next);
    }
  });

  test("two documents under one key are refused", () => {
    const jwksUri = "https://keys.example.com/.well-known/openid-configuration";
    assert.match(s3Problems(spec("https://oidc.example.com", { jwksUri }))[0]?.message ?? "", /same object/u);
  });

  const text = (issuer: string, publisher: string): string =>
    `stack: prod\nissuer: ${issuer}\npublisher: ${publisher}\n`;
  const parse = (yaml: string) => parseConfig(yaml, "/etc/podtrust/podtrust.yaml", { HOME: "/home/a" });

  async function problemsOf(yaml: string): Promise<readonly ConfigProblem[]> {
    try {
      await parse(yaml);
    } catch (error) {
      assert.ok(error instanceof PodtrustError);
      return error.detail["problems"] as readonly ConfigProblem[];
    }
    return [];
  }

  test("a config with s3 has its keys, and who is asked for what", async () => {
    const config = await parse(
      text(
        "https://d111111abcdef8.cloudfront.net",
        '{s3: {bucket: example-oidc, region: eu-central-1, account: "111122223333", profile: pub}}',
      ),
    );
    assert.deepEqual(config.publisher?.serve, {
      kind: "s3",
      bucket: "example-oidc",
      region: "eu-central-1",
      prefix: "",
      keys: { discovery: ".well-known/openid-configuration", jwks: "openid/v1/jwks" },
      account: "111122223333",
      profile: "pub",
    } satisfies S3Config);
  });

  test("mistakes of the s3 section are reported where they stand", async () => {
    const s3 = "{s3: {bucket: example-oidc, region: eu-central-1}}";
    const [mismatch] = await problemsOf(text("https://other.s3.eu-central-1.amazonaws.com", s3));
    assert.equal(mismatch?.key, "issuer");
    assert.equal(mismatch?.line, 2);
    const [both] = await problemsOf(
      text("https://oidc.example.com", "{s3: {bucket: abc, region: eu-central-1}, https: {acme: {}}}"),
    );
    assert.match(both?.message ?? "", /both https and s3/u);
    const [name] = await problemsOf(
      text("https://oidc.example.com", "{s3: {bucket: No_Bucket, region: eu-central-1}}"),
    );
    assert.equal(name?.key, "publisher.s3.bucket");
    const [secret] = await problemsOf(
      text("https://oidc.example.com", "{s3: {bucket: abc, region: eu-central-1, secretAccessKey: x}}"),
    );
    assert.equal(secret?.key, "publisher.s3.secretAccessKey");
  });

  test("a second certificate needs a second host", async () => {
    const https = "https: {certificateFile: a, keyFile: b, jwks: {certificateFile: c, keyFile: d}}";
    const [problem] = await problemsOf(text("https://oidc.example.com", `{${https}}`));
    assert.equal(problem?.key, "publisher.https.jwks");
    const config = await parse(
      text("https://oidc.example.com", `{jwksUri: "https://keys.example.com/jwks", ${https}}`),
    );
    const serve = config.publisher?.serve;
    assert.ok(serve?.kind === "files");
    assert.deepEqual(serve.jwks, { certificateFile: "/etc/podtrust/c", keyFile: "/etc/podtrust/d" });
  });
});
