/** What status looks at where the only relying party is another than AWS. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";

describe("a config whose only relying party is given the keys", () => {
  const config = (keys: string): string =>
    `stack: prod\nissuer: https://kubernetes.default.svc\ngcp: [{project: my-project, projectNumber: "123456789012", keys: ${keys}}]\n`;
  const linksOf = async (keys: string, ...more: readonly string[]): Promise<readonly string[]> => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-uploaded-"));
    await writeFile(join(folder, "podtrust.yaml"), config(keys));
    // Nobody answers there, and nobody is looked for by name.
    const route = ["--connect-to", "kubernetes.default.svc:443:127.0.0.1:1"];
    const { out } = await podtrustHere(["status", "--json", ...route, ...more], {
      cwd: folder,
      clock: systemClock,
    });
    await rm(folder, { recursive: true });
    return (JSON.parse(out) as { links: { name: string }[] }).links.map(({ name }) => name);
  };

  test("has no status of documents that nobody fetches, unless one asks for them", async () => {
    const served = ["discovery", "jwks", "dns", "tls", "reachability"];
    const uploaded = await linksOf("upload");
    assert.deepEqual(
      uploaded.filter((name) => served.includes(name)),
      [],
    );
    assert.ok(uploaded.includes("cluster"));
    assert.deepEqual(await linksOf("upload", "--only", "dns"), ["dns"]);
    assert.deepEqual((await linksOf("fetch")).slice(1, 6), served);
  });
});
