import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { mergeKubeconfig } from "./merge-kubeconfig.ts";

const kubeconfig = (name: string, ca: string, server = "https://127.0.0.1:6443") => ({
  "current-context": name,
  clusters: [{ name, cluster: { server, "certificate-authority-data": ca } }],
  users: [{ name, user: { token: "t" } }],
  contexts: [{ name, context: { cluster: name, user: name } }],
});

async function fileWith(t: TestContext, text?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-merge-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "deep", "config");
  if (text === undefined) return file;
  await mergeKubeconfig(file, kubeconfig("work", "d29yaw=="));
  await writeFile(file, text);
  return file;
}

test("a kubeconfig that is not there is made, for its owner alone", async (t) => {
  const file = await fileWith(t);
  await mergeKubeconfig(file, kubeconfig("prod", "Y2E="));
  const made = parse(await readFile(file, "utf8")) as Record<string, unknown>;
  assert.equal(made["current-context"], "prod");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test("a context is added beside others, and the current one stays", async (t) => {
  const file = await fileWith(
    t,
    JSON.stringify({ ...kubeconfig("work", "d29yaw=="), preferences: { colors: true } }),
  );
  await mergeKubeconfig(file, kubeconfig("prod", "Y2E="));
  await mergeKubeconfig(file, kubeconfig("prod", "Y2E=", "https://127.0.0.1:7443"));
  const merged = parse(await readFile(file, "utf8")) as Record<string, { name: string }[]>;
  assert.equal(merged["current-context"], "work");
  assert.deepEqual(merged["preferences"], { colors: true });
  assert.deepEqual(
    merged["contexts"]?.map(({ name }) => name),
    ["work", "prod"],
  );
  assert.match(JSON.stringify(merged["clusters"]), /7443/u);
  assert.doesNotMatch(JSON.stringify(merged["clusters"]), /prod.*6443/u);
});

test("another cluster of the same name is not overwritten", async (t) => {
  const text = JSON.stringify(kubeconfig("prod", "b3RoZXI="));
  const file = await fileWith(t, text);
  await assert.rejects(mergeKubeconfig(file, kubeconfig("prod", "Y2E=")), {
    code: "kubeconfig-invalid",
    message: /has a cluster prod already, which is another one; nothing was written/u,
  });
  assert.equal(await readFile(file, "utf8"), text);
});

test("a file that is no kubeconfig is left as it is", async (t) => {
  const file = await fileWith(t, "- a list");
  await assert.rejects(mergeKubeconfig(file, kubeconfig("prod", "Y2E=")), { code: "kubeconfig-invalid" });
  assert.equal(await readFile(file, "utf8"), "- a list");
});
