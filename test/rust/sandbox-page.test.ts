/** The page of the sandbox for Rust: its program is compiled and run as it stands, with the versions of Cargo.lock. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { atSandbox, environmentOf, programOf, projectWith, whyNot } from "../support/sandbox-page.ts";

const missing = await whyNot(["cargo", "--version"]);
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

describe("the sandbox's page of Rust", { skip: missing ?? false }, () => {
  test("shows tests that pass with AWS's SDK for Rust", async (t) => {
    const folder = await projectWith(t, {
      "Cargo.toml": await programOf("rust.md", "toml"),
      "Cargo.lock": await readFile(join(import.meta.dirname, "Cargo.lock"), "utf8"),
      "src/lib.rs": "",
      "tests/shop.rs": await programOf("rust.md", "rust"),
    });
    const { code, out, err } = await atSandbox(t, {
      page: "rust.md",
      folder,
      line: ["cargo", "test", "--locked", "--test", "shop"],
      // Compiled once: what is kept outlives the folder.
      env: {
        ...environmentOf("CARGO_", "RUSTUP_"),
        CARGO_TARGET_DIR: join(import.meta.dirname, "../../.cache/rust"),
      },
      timeout: 1_800_000,
    });
    assert.equal(code, 0, out + err);
    assert.match(out, /^test result: ok\. 2 passed; 0 failed; 0 ignored/mu);
  });
});
