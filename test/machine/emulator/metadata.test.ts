import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { maxWait } from "../max-wait.ts";

const program = fileURLToPath(new URL("metadata.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "podtrust-metadata-"));
writeFileSync(join(folder, "userdata"), "#cloud-config\n");
const answer = (input: string): string =>
  spawnSync(process.execPath, [program, folder], { input, encoding: "utf8", timeout: maxWait }).stdout;

describe("the metadata server of an emulated machine", () => {
  after(() => rmSync(folder, { recursive: true }));

  test("a machine finds its user data at the address of Hetzner's metadata, and nothing of other names", () => {
    assert.match(
      answer("GET /hetzner/v1/userdata HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n"),
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 14\r\n[^]*\r\n\r\n#cloud-config\n$/u,
    );
    for (const path of ["/", "/hetzner/v1/../../etc/passwd", "/constructor", "userdata"])
      assert.match(answer(`GET ${path} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 404 Not Found\r\n/u);
  });

  test("a request that goes on without an end gets no answer", () => {
    assert.equal(answer(`GET /hetzner/v1/userdata HTTP/1.1\r\nX: ${"x".repeat(64 * 1024)}`), "");
  });
});
