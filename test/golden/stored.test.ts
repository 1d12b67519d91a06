/** What podtrust keeps between two runs, byte for byte, of inputs that do not change. */
import assert from "node:assert/strict";
import { createHash, createPrivateKey } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { packed } from "../../src/backup/archive/index.ts";
import { signerOfStoreKey, signedBackup } from "../../src/backup/signature.ts";
import { ServersRecord, TheftsRecord } from "../../src/control-plane/record/index.ts";
import { recordOf } from "../../src/core/base/index.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import { fileStore } from "../../src/providers/tls/index.ts";
import { documentStore } from "../../src/publisher/source/store.ts";
import { emptyRecord } from "../../src/rules/rotation/index.ts";
import { KeyFolder } from "../../src/signer/index.ts";
import { pemOf } from "../signer/world.ts";
import { TestClock } from "../support/clock.ts";
import { MemoryRecord } from "../support/memory-record.ts";
import { golden } from "./golden.ts";

const { signal } = new AbortController();
const earlier = join(import.meta.dirname, "../vectors/earlier/0b0af9b");
const publisherState = readFileSync(join(earlier, "publisher.json.txt"), "utf8");
const issuer = "https://oidc.example.test";
const time = Date.parse("2026-11-25T00:00:00Z");

/** The key of RFC 7515, appendix A.3, which everybody has. */
const published = createPrivateKey({
  format: "jwk",
  key: {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
  },
});

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-stored-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe("the golden files of what is kept", () => {
  test("have a publisher's documents and keys as it writes what it read", async (t) => {
    const folder = folderOf(t);
    writeFileSync(join(folder, "prod.json"), publisherState, { mode: 0o600 });
    const store = documentStore(folder, "prod", issuer);
    await store.save((await store.load()).state);
    golden("stored/publisher.json.txt", readFileSync(join(folder, "prod.json"), "utf8"));
  });

  test("have the list of a signer's keys", async (t) => {
    const folder = folderOf(t);
    const keys = new KeyFolder(folder, new TestClock(time));
    await keys.importSigner(pemOf(published, "pkcs8"), "sa.key");
    golden("stored/signer-keys.json", readFileSync(join(folder, "keys.json"), "utf8"));
  });

  test("have an account at a CA and a certificate, by the names of their files", async (t) => {
    const directory = folderOf(t);
    const store = fileStore({ directory, clock: new TestClock(time) });
    const [ca, account] = ["https://acme.example.com/directory", "mailto:ops@example.com"];
    const key = "-----BEGIN PRIVATE KEY-----\n";
    await store.saveAccount(ca, account, {
      key,
      uri: `${ca}/1`,
      externalAccount: "k1",
      caaIdentities: ["example.com"],
    });
    const renewal = { start: time, end: time + 2, selected: time + 1, checkAt: time, explanationUrl: ca };
    const names = ["www.example.com", "OIDC.example.com"];
    const certificate = "-----BEGIN CERTIFICATE-----\n";
    await store.save({ directory: ca, account, names }, { certificate, key, renewal });
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".json"),
    );
    const sections = files
      .sort()
      .map((name) => `### ${name}\n${readFileSync(join(directory, name), "utf8")}`);
    golden("stored/certificates.txt", sections.join("\n"));
  });

  test("have what servers remember of a rotation and a theft, and what the cluster is shown of it", async () => {
    const servers = ["a", "b"].map((name, index) => ({ name, record: new MemoryRecord(() => time + index) }));
    let secret: KubernetesObject | undefined;
    const cluster = {
      read: () => Promise.resolve(secret),
      apply: (object: KubernetesObject) => Promise.resolve((secret = object)),
    };
    const record = new ServersRecord(servers, cluster);
    await record.read(signal);
    const key = { kid: "k2", everywhereSince: time - 60_000, signsSince: time - 30_000 };
    const old = { kid: "k1", retiredAt: time - 20_000, distrustedAt: time - 10_000 };
    const quiet = { server: "a", count: 3, startedAt: time - 50_000, since: time - 5000 };
    await record.keep({ ...emptyRecord, next: "k2", before: "k1", keys: [old, key], quiet: [quiet] }, signal);
    await new TheftsRecord(servers).keep(
      {
        stolen: "k1",
        way: "at-once",
        fresh: "k3",
        tainted: [{ kid: "k1", why: "stolen" }],
        publishedAt: time - 1000,
        servers: { a: "tokens", b: "files" },
        endedAt: time,
      },
      signal,
    );
    const [copy, other] = servers.map((server) => server.record.text ?? "");
    assert.equal(copy, other);
    golden("stored/record.json", copy ?? "");
    const shown = Buffer.from(String(recordOf(secret?.["data"])["record.json"]), "base64").toString();
    golden(
      "stored/record-shown.json",
      `${JSON.stringify({ ...secret, data: JSON.parse(shown) as unknown }, undefined, 2)}\n`,
    );
  });

  test("have a backup of a publisher and one of signing keys, by sums, labels and signature", () => {
    const label = { stack: "prod", issuer, madeAt: time };
    const publisher = {
      ...label,
      kind: "publisher" as const,
      files: new Map([["documents.json", Buffer.from(publisherState)] as const]),
    };
    const signing = {
      ...label,
      kind: "signing" as const,
      files: new Map([
        ["service.key", Buffer.from("key\n")] as const,
        ["signer.json", Buffer.from("{}\n")] as const,
      ]),
    };
    const signer = signerOfStoreKey("k".repeat(43));
    const shown = [publisher, signedBackup(publisher, signer), signing].map((contents) => {
      const bytes = packed(contents);
      const sum = createHash("sha256").update(bytes).digest("hex");
      const labelText = bytes
        .toString("latin1")
        .slice(512)
        .replace(/\0[^]*$/u, "");
      const signature = contents.files.get("signature.json")?.toString() ?? "";
      return `### ${bytes.length} bytes, SHA-256 ${sum}\n${labelText}${signature}`;
    });
    golden("stored/backups.txt", shown.join("\n"));
  });
});
