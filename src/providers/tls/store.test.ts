import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { storeContract } from "../../../test/support/store-contract.ts";
import { systemClock } from "../../core/base/index.ts";
import { memoryStore } from "../../../test/support/memory-store.ts";
import { fileStore } from "./index.ts";

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "podtrust-store-"));
  folders.push(made);
  return join(made, "state");
}
storeContract("memory store", memoryStore);
storeContract("file store", () => fileStore({ directory: folder(), clock: systemClock }));

const address = { directory: "https://ca.example/d", account: "", names: ["a.example"] };

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("the store of certificates", () => {
  after(() => {
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  });

  test("files are for their owner alone, and nothing temporary stays behind", async () => {
    const directory = folder();
    const store = fileStore({ directory, clock: systemClock });
    const pair = await (await testAuthority()).issue(["a.example"]);
    await store.save(address, pair);
    await store.saveAccount("https://ca.example/d", "", { key: pair.key });
    const lock = await store.lock("certificate a.example");
    const files = filesUnder(directory);
    assert.equal(files.length, 3, files.join("\n"));
    for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    for (const name of ["", "certificates", "accounts", "locks"]) {
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o700, name);
    }
    await lock.release();
    assert.equal(filesUnder(directory).length, 2);
  });

  test("a file that is not what was written is an error that names it, and another save repairs it", async () => {
    const directory = folder();
    const store = fileStore({ directory, clock: systemClock });
    const authority = await testAuthority();
    const [pair, other] = [await authority.issue(["a.example"]), await authority.issue(["a.example"])];
    await store.save(address, pair);
    const [file = ""] = filesUnder(directory);
    const good = readFileSync(file, "utf8");
    const bad = [
      "",
      "[]",
      good.slice(0, -50),
      good.replace('"format": 1', '"format": 2'),
      good.replace(JSON.stringify(pair.key), JSON.stringify(other.key)),
      good.replace(JSON.stringify(pair.certificate), '"none"'),
      good.replace('"key"', '"quay"'),
    ];
    for (const text of bad) {
      writeFileSync(file, text);
      await assert.rejects(store.load(address), (error: Error & { code?: string }) => {
        return (
          error.code === "certificate-store-invalid" &&
          error.message.includes(file) &&
          !error.message.includes("BEGIN")
        );
      });
    }
    await store.save(address, pair);
    assert.deepEqual(await store.load(address), pair);
  });
});
