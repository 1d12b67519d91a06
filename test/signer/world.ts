import assert from "node:assert/strict";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { PodtrustError, systemClock } from "../../src/core/base/index.ts";
import { algorithms, type Algorithm } from "../../src/rules/oidc/index.ts";
import { KeyFolder, serveSigner } from "../../src/signer/index.ts";
import { type RememberingLogger, rememberingLogger } from "../support/remembering-logger.ts";
import { claimsOfToken, GrpcClient, signRequest, tokenIssuer, valuesOf } from "./grpc-client.ts";

/** A folder for a signer, what serves it, and clients of its socket. */
export interface SignerWorld {
  readonly folder: string;
  readonly state: string;
  readonly socket: string;
  readonly keys: KeyFolder;
  readonly log: RememberingLogger;
  readonly serve: (more?: Partial<Parameters<typeof serveSigner>[0]>) => ReturnType<typeof serveSigner>;
  readonly client: () => GrpcClient;
}

/** Prepares it; ends with the test. */
export async function signerWorld(t: TestContext): Promise<SignerWorld> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-signer-"));
  const [state, socket] = [join(folder, "state"), join(folder, "run", "signer.sock")];
  const log = rememberingLogger();
  const clients: GrpcClient[] = [];
  t.after(() => rm(folder, { recursive: true, force: true }));
  return {
    folder,
    state,
    socket,
    log,
    keys: new KeyFolder(state, systemClock),
    async serve(more = {}) {
      const serving = await serveSigner({
        stateDir: state,
        socket,
        listen: { host: "127.0.0.1", port: 0 },
        refreshSeconds: 10,
        issuers: [tokenIssuer],
        allowed: [],
        maxSeconds: 31_536_000,
        clock: systemClock,
        logger: log,
        signal: t.signal,
        ...more,
      });
      t.after(async () => {
        for (const client of clients) client.close();
        await serving.close();
      });
      return serving;
    },
    client() {
      const client = new GrpcClient(socket);
      clients.push(client);
      return client;
    },
  };
}

/** A private key as PEM. */
export const pemOf = (key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string =>
  key.export({ type, format: "pem" } as { type: "pkcs8"; format: "pem" });

export interface Token {
  readonly header: { readonly alg: Algorithm; readonly kid: string; readonly typ: string };
  readonly isGood: (publicKey: Buffer) => boolean;
}

/** What a Sign call gave, as a token of its claims. */
export async function signed(client: GrpcClient, claims: string = claimsOfToken()): Promise<Token> {
  const { status, message, body } = await client.call("Sign", signRequest(claims));
  assert.equal(status, "0", message);
  const [header = "", signature = ""] = [1, 2].map((field) => String(valuesOf(body, field)[0]));
  const read = JSON.parse(Buffer.from(header, "base64url").toString()) as Token["header"];
  const isGood = (spki: Buffer): boolean => {
    const key = createPublicKey({ key: spki, type: "spki", format: "der" });
    const how = { key, dsaEncoding: "ieee-p1363" } as const;
    const input = Buffer.from(`${header}.${claims}`);
    return verify(algorithms[read.alg].hash, input, how, Buffer.from(signature, "base64url"));
  };
  return { header: read, isGood };
}

export interface Served {
  readonly keys: readonly { readonly kid: string; readonly spki: Buffer; readonly excluded: boolean }[];
  readonly refresh: unknown;
}

/** The keys that an API server is given. */
export async function fetched(client: GrpcClient): Promise<Served> {
  const { status, body } = await client.call("FetchKeys");
  assert.equal(status, "0");
  const keys = valuesOf(body, 1).map((key) => ({
    kid: String(valuesOf(key as Buffer, 1)[0]),
    spki: valuesOf(key as Buffer, 2)[0] as Buffer,
    excluded: valuesOf(key as Buffer, 3)[0] === 1,
  }));
  assert.equal(valuesOf(body, 2).length, 1);
  return { keys, refresh: valuesOf(body, 3)[0] };
}

/** That a promise rejects with an error of podtrust of this code. */
export const rejectsCode = (code: string, promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof PodtrustError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
