import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { systemClock } from "../base/index.ts";
import { parseJws, publicJwk, verifyJws } from "../oidc/index.ts";
import { signedByForeignKey } from "./foreign-token.ts";
import { jobEnvironment } from "./job.ts";
import { type RotationStage, showRotation } from "./rotation.ts";
import type { Story } from "./story.ts";
import { type Paint, tellEvent, wrap } from "./telling.ts";

const plain: Paint = { bold: String, dim: String, red: String, green: String, yellow: String };

for (const [alg, key] of [
  ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
] as const) {
  test(`a foreign key signs the same words of an ${alg} token, and the issuer's key does not verify them`, async () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const input = `${encode({ alg, kid: "k" })}.${encode({ sub: "x" })}`;
    const signature = sign(`sha${alg.slice(2)}`, Buffer.from(input), {
      key: key.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    const good = `${input}.${signature.toString("base64url")}`;
    const forged = await signedByForeignKey(good);
    const jwk = publicJwk(key.publicKey, "k");
    assert.equal(verifyJws(parseJws(good), jwk), true);
    assert.equal(verifyJws(parseJws(forged), jwk), false);
    assert.equal(parseJws(forged).signingInput, input);
  });
}

test("the job's environment is the guide's four variables, AWS's address, and nothing of ours", () => {
  const workload = {
    program: [],
    folder: "/f",
    endpoint: "http://127.0.0.1:1",
    region: "eu-central-1",
    roleArn: "arn:aws:iam::1:role/r",
    sessionName: "s",
    signal: new AbortController().signal,
  };
  const names = Object.keys(jobEnvironment(workload, "/home", "/home/token")).sort();
  assert.deepEqual(names, [
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HOME",
  ]);
  assert.equal(jobEnvironment(workload, "/home", undefined)["AWS_WEB_IDENTITY_TOKEN_FILE"], undefined);
});

function rotationStage(
  accepted: (token: string, kid: string) => boolean,
): RotationStage & { order: string[] } {
  const order: string[] = [];
  let signing = "old";
  return {
    order,
    clock: systemClock,
    keys: {
      create: () => {
        order.push("create");
        return Promise.resolve({ kid: "new" });
      },
      promote: (kid) => {
        order.push(`promote ${kid}`);
        signing = kid;
      },
      drop: (kid) => void order.push(`drop ${kid}`),
      signing: () => signing,
    },
    published: () => {
      order.push("published");
      return Promise.resolve();
    },
    cacheMs: 50,
    mint: () => Promise.resolve(`token of ${signing}`),
    accepted: (token) => Promise.resolve(accepted(token, signing)),
    signal: new AbortController().signal,
  };
}

test("a rotation publishes first and signs after, and its checker asks with tokens of both keys", async () => {
  const seen = new Set<string>();
  const stage = rotationStage((token) => Boolean(seen.add(token)));
  const { tokensChecked, refused } = await showRotation(stage, () => {});
  assert.deepEqual(stage.order, ["create", "published", "promote new", "drop old", "published"]);
  assert.deepEqual([...seen].sort(), ["token of new", "token of old"]);
  assert.ok(tokensChecked > 5);
  assert.equal(refused, 0);
});

test("a checker that is refused says so", async () => {
  const { refused } = await showRotation(
    rotationStage((token) => token !== "token of old"),
    () => {},
  );
  assert.ok(refused > 0);
});

test("each event is told in lines that fit", () => {
  const long = "word ".repeat(60).trim();
  const story: Story = {
    links: [],
    identity: { arn: "a" },
    parameters: [],
    refusals: [{ what: "w", code: "c", message: long, why: "y" }],
    notShown: [],
    seconds: 1.25,
  };
  const told = [
    tellEvent({ kind: "opening", issuer: "https://x", standIns: [long] }, plain, 80),
    tellEvent({ kind: "link", link: { name: "tls", ok: false, detail: long } }, plain, 80),
    tellEvent({ kind: "waiting", reason: long, seconds: 3 }, plain, 80),
    tellEvent({ kind: "refusal", refusal: { what: "w", code: "c", message: long, why: long } }, plain, 80),
    tellEvent({ kind: "not-shown", notShown: { what: long, why: long } }, plain, 80),
    tellEvent({ kind: "step", text: long }, plain, 80),
    tellEvent({ kind: "chapter", title: "t" }, plain, 80),
    tellEvent({ kind: "closing", story }, plain, 80),
  ];
  for (const lines of told) for (const line of lines) assert.ok(line.length <= 80, line);
  assert.match(told[1]?.[0] ?? "", /✖ tls/u);
  assert.match(told[7]?.join("\n") ?? "", /1 were turned away[\s\S]*1\.3 s/u);
  assert.deepEqual(wrap("a", 1, "  "), ["  a"]);
});
