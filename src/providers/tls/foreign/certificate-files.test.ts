import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  type ChainMistakes,
  type TestAuthority,
  testAuthority,
  testHierarchy,
} from "../../../../test/support/certificates.ts";
import { TestClock } from "../../../../test/support/clock.ts";
import { stepUntil } from "../../../../test/support/steps.ts";
import type { CertificateSource } from "../contract.ts";
import { watchCertificateFiles } from "./index.ts";

let authority: TestAuthority;
let clock: TestClock;
let folder: string;
let source: CertificateSource | undefined;

const at = (name: string): string => join(folder, name);

function put(pair: { certificate?: string; key?: string }): void {
  if (pair.certificate !== undefined) writeFileSync(at("tls.crt"), pair.certificate);
  if (pair.key !== undefined) writeFileSync(at("tls.key"), pair.key);
}

async function watch(): Promise<CertificateSource> {
  const files = { certificateFile: at("tls.crt"), keyFile: at("tls.key") };
  source = await watchCertificateFiles({ ...files, names: ["a.example"], clock });
  return source;
}

describe("a certificate from files", () => {
  beforeEach(async () => {
    authority = await testAuthority();
    clock = new TestClock(Date.now());
    folder = mkdtempSync(join(tmpdir(), "podtrust-pair-"));
    source = undefined;
  });

  afterEach(async () => {
    await source?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a pair is served, and a changed one within one look", async () => {
    const two = ["a.example", "b.example"];
    const [first, second] = [await authority.issue(["a.example"]), await authority.issue(two)];
    put(first);
    const files = await watch();
    assert.equal(files.current()?.certificate, first.certificate);
    assert.deepEqual(
      [files.status().state, files.status().ready, files.status().names],
      ["valid", true, ["a.example"]],
    );
    let changes = 0;
    files.onChange(() => (changes += 1));
    await clock.advance(60_000);
    put(second);
    await stepUntil(clock, () => changes === 1, { limit: 11_000 });
    assert.equal(files.current()?.key, second.key);
    assert.deepEqual([files.status().names, files.status().renewals], [two, 1]);
  });

  test("half of a change is not served: the old pair is, until both files have changed", async () => {
    const [first, second] = [await authority.issue(["a.example"]), await authority.issue(["a.example"])];
    put(first);
    const files = await watch();
    put({ certificate: second.certificate });
    await stepUntil(clock, () => files.status().state === "failing");
    assert.match(
      files.status().lastError?.message ?? "",
      /private key is not that of the certificate for a\.example/u,
    );
    assert.equal(files.current()?.certificate, first.certificate);
    put({ key: second.key });
    await stepUntil(clock, () => files.status().state === "valid");
    assert.equal(files.current()?.certificate, second.certificate);
    assert.equal(files.status().lastError, undefined);
  });

  test("files that hold no certificate or key, are gone or expired, are refused, and the old certificate stays in use", async () => {
    const first = await authority.issue(["a.example"]);
    const past = { notBefore: new Date(Date.now() - 9e6), notAfter: new Date(Date.now() - 1e6) };
    const expired = await authority.issue(["a.example"], past);
    put(first);
    const files = await watch();
    const bad = [
      { certificate: "nonsense" },
      { certificate: "" },
      { key: "nonsense" },
      { certificate: `${first.certificate}${first.key}` },
      expired,
    ];
    for (const pair of bad) {
      put(pair);
      await stepUntil(clock, () => files.status().state === "failing", { limit: 11_000 });
      assert.equal(files.current()?.certificate, first.certificate);
      assert.equal(files.status().ready, true);
      assert.equal(files.status().lastError?.code, "certificate-invalid");
      put(first);
      await stepUntil(clock, () => files.status().state === "valid", { limit: 11_000 });
    }
    rmSync(at("tls.key"));
    await stepUntil(clock, () => files.status().state === "failing", { limit: 11_000 });
    assert.equal(files.status().lastError?.code, "file-unreadable");
    put(first);
    await stepUntil(clock, () => files.status().state === "valid", { limit: 11_000 });
  });

  const badPairs: Readonly<Record<string, readonly [ChainMistakes, RegExp]>> = {
    "whose intermediate has expired": [
      { intermediate: { notAfter: new Date(Date.now() - 1e6) } },
      /Test Intermediate has expired/u,
    ],
    "whose intermediate is missing": [{ give: ["leaf"] }, /an intermediate is missing/u],
    "that is for clients only": [{ leaf: { usage: "client" } }, /not for servers/u],
  };
  for (const [which, [mistakes, words]] of Object.entries(badPairs)) {
    test(`a changed pair ${which} is refused while the one before is good`, async () => {
      const hierarchy = await testHierarchy();
      const good = await hierarchy.chain(["a.example"]);
      put(good);
      const files = await watch();
      put(await hierarchy.chain(["a.example"], mistakes));
      await stepUntil(clock, () => files.status().state === "failing", { limit: 11_000 });
      assert.match(files.status().lastError?.message ?? "", words);
      assert.deepEqual([files.current()?.key, files.status().ready], [good.key, true]);
      put(await hierarchy.chain(["a.example"]));
      await stepUntil(clock, () => files.status().state === "valid", { limit: 11_000 });
      assert.notEqual(files.current()?.key, good.key);
    });
  }

  test("a changed pair that does not name the issuer's host is refused", async () => {
    const [first, second] = [await authority.issue(["a.example"]), await authority.issue(["b.example"])];
    put(first);
    const files = await watch();
    put(second);
    await stepUntil(clock, () => files.status().state === "failing", { limit: 11_000 });
    assert.match(files.status().lastError?.message ?? "", /is for b\.example, not for a\.example/u);
    assert.equal(files.current()?.key, first.key);
  });

  test("a bad pair is served where there is no better one, is reported as bad, and is replaced by any other", async () => {
    const hierarchy = await testHierarchy();
    const bad = await hierarchy.chain(["a.example"], { leaf: { usage: "client" } });
    put(bad);
    const files = await watch();
    assert.equal(files.current()?.key, bad.key);
    const { state, lastError, attempts } = files.status();
    assert.deepEqual([state, lastError?.code, attempts], ["failing", "certificate-invalid", 1]);
    put(await hierarchy.chain(["b.example"]));
    await stepUntil(clock, () => /not for a\.example/u.test(files.status().lastError?.message ?? ""), {
      limit: 11_000,
    });
    assert.notEqual(files.current()?.key, bad.key);
    put(await hierarchy.chain(["a.example"]));
    await stepUntil(clock, () => files.status().state === "valid", { limit: 11_000 });
  });

  test("a private root that issues by itself: its leaf alone is served, and the next one", async () => {
    const [first, second] = [await authority.issue(["a.example"]), await authority.issue(["a.example"])];
    const leafOf = (pair: { certificate: string }): string =>
      new X509Certificate(pair.certificate).toString();
    put({ ...first, certificate: leafOf(first) });
    const files = await watch();
    assert.equal(files.status().state, "valid");
    put({ ...second, certificate: leafOf(second) });
    await stepUntil(clock, () => files.current()?.key === second.key, { limit: 11_000 });
    assert.equal(files.status().state, "valid");
  });

  test("at the start there must be a pair; an expired one is served and not called ready", async () => {
    await assert.rejects(watch(), { code: "file-unreadable", message: /tls\.crt/u });
    put({ certificate: "x", key: "y" });
    await assert.rejects(watch(), { code: "certificate-invalid" });
    const past = { notBefore: new Date(Date.now() - 9e6), notAfter: new Date(Date.now() - 1e6) };
    const expired = await authority.issue(["a.example"], past);
    put(expired);
    const files = await watch();
    assert.equal(files.current()?.certificate, expired.certificate);
    assert.equal(files.status().ready, false);
  });
});
