/** Keys in AWS KMS by packages/kms, with moto in place of AWS, whose signatures are real ones. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createPublicKey, verify } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { shellWord } from "../../src/core/base/index.ts";
import { ProgramHolder } from "../../src/signer/index.ts";
import { freePort } from "../support/free-port.ts";
import { pythonVenv } from "../support/python-venv.ts";
import { rememberingLogger } from "../support/remembering-logger.ts";
import { until } from "../support/until.ts";

const venv = pythonVenv("moto", "5.2.5", { also: ["moto[server,kms]==5.2.5"] });
const program = join(import.meta.dirname, "..", "..", "packages", "kms", "main.mjs");

async function missing(): Promise<string | false> {
  const reason = existsSync("packages/kms/node_modules/@aws-sdk/client-kms")
    ? await venv.missing()
    : "its packages are not installed: npm ci --ignore-scripts in packages/kms";
  if (reason !== undefined && process.env["CI"] === "true") throw new Error(reason);
  return reason ?? false;
}

const skip = await missing();

describe("the keys of AWS KMS", { skip }, () => {
  let folder: string;
  let server: ChildProcess;
  let url: string;
  let holder: ProgramHolder;
  const never = new AbortController().signal;

  /** A call of KMS's API; moto takes the region of the header and looks at no signature. */
  async function call(target: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const scope = "Credential=test/20260101/eu-central-1/kms/aws4_request";
    const headers = {
      "X-Amz-Target": `TrentService.${target}`,
      "Content-Type": "application/x-amz-json-1.1",
      Authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`,
    };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    return (await answer.json()) as Readonly<Record<string, unknown>>;
  }

  async function createKey(KeySpec: string): Promise<string> {
    const { KeyMetadata } = await call("CreateKey", { KeySpec, KeyUsage: "SIGN_VERIFY" });
    return String((KeyMetadata as { readonly KeyId: unknown }).KeyId);
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-kms-"));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
    server = spawn(venv.program("moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
      env,
      stdio: "ignore",
    });
    await until("moto answers", async () => (await fetch(`${url}/moto-api/`).catch(() => undefined))?.ok);
    const helper = join(folder, "podtrust-kms");
    const settings = {
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: url,
    };
    const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${shellWord(value)}`);
    const exec = `exec ${shellWord(process.execPath)} ${shellWord(program)}`;
    writeFileSync(helper, ["#!/bin/sh", ...lines, exec, ""].join("\n"));
    chmodSync(helper, 0o755);
    holder = new ProgramHolder("kms", helper, rememberingLogger());
  });

  after(async () => {
    await holder.close();
    const gone = once(server, "exit");
    server.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [spec, alg, hash] of [
    ["RSA_2048", "RS256", "sha256"],
    ["ECC_NIST_P256", "ES256", "sha256"],
    ["ECC_NIST_P384", "ES384", "sha384"],
    ["ECC_NIST_P521", "ES512", "sha512"],
  ] as const)
    test(`a key of ${alg} is named by its public half, and signs as a token has it`, async () => {
      const id = await createKey(spec);
      const spki = Buffer.from(await holder.publicKey(id, never));
      const key = createPublicKey({ key: spki, type: "spki", format: "der" });
      const held = await holder.open(id, alg);
      const input = Buffer.from("header.claims");
      // R or S of ECDSA begins with a zero now and then.
      const signatures = await Promise.all(Array.from({ length: 20 }, () => held.sign(input, never)));
      for (const signature of signatures)
        assert.ok(verify(hash, input, { key, dsaEncoding: "ieee-p1363" }, signature));
    });

  test("a key that is not there is told in the service's words", async () => {
    await assert.rejects(
      holder.publicKey("00000000-0000-0000-0000-000000000000", never),
      /podtrust-kms says: /u,
    );
  });
});
