import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { freePort } from "./free-port.ts";
import { motoVenv } from "./moto.ts";
import { helperProgram } from "./soft-hsm.ts";
import { until } from "./until.ts";

const program = join(import.meta.dirname, "..", "..", "packages", "kms", "main.mjs");

/** AWS KMS by moto, whose signatures are real ones. */
export interface MotoKms {
  readonly url: string;
  /** The program of @podtrust/kms, pointed at it. */
  readonly program: string;
  /** Makes a key that signs, of this KeySpec; gives its ID. */
  createKey(spec: string): Promise<string>;
  close(): Promise<void>;
}

/** Why it cannot be had on this machine, or undefined. */
export async function whyNoMotoKms(): Promise<string | undefined> {
  return existsSync("packages/kms/node_modules/@aws-sdk/client-kms")
    ? motoVenv.missing()
    : "its packages are not installed: npm ci --ignore-scripts in packages/kms";
}

/** A call of KMS's API; moto takes the region of the header and looks at no signature. */
async function call(url: string, target: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const scope = "Credential=test/20260101/eu-central-1/kms/aws4_request";
  const headers = {
    "X-Amz-Target": `TrentService.${target}`,
    "Content-Type": "application/x-amz-json-1.1",
    Authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`,
  };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}

export async function startMotoKms(folder: string): Promise<MotoKms> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const args = ["-H", "127.0.0.1", "-p", String(port)];
  const server = spawn(motoVenv.program("moto_server"), args, { env, stdio: "ignore" });
  await until("moto answers", async () => (await fetch(`${url}/moto-api/`).catch(() => undefined))?.ok);
  return {
    url,
    program: helperProgram(join(folder, "podtrust-kms"), program, {
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: url,
    }),
    async createKey(KeySpec) {
      const { KeyMetadata } = await call(url, "CreateKey", { KeySpec, KeyUsage: "SIGN_VERIFY" });
      return String((KeyMetadata as { readonly KeyId: unknown }).KeyId);
    },
    async close() {
      const gone = once(server, "exit");
      server.kill();
      await gone;
    },
  };
}
