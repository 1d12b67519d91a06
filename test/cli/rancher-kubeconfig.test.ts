/** A kubeconfig as Rancher gives it out: its server is Rancher, which looks at its own tokens, and no API server. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { podtrustHere } from "../support/cli.ts";

const server = "https://rancher.example.com/k8s/clusters/c-m-4xq7zv2k";
const machines = `  servers: [{ssh: {address: 192.0.2.1, user: root, hostKey: "SHA256:${"A".repeat(43)}"}}]\n`;
const config = (servers: string): string => `stack: prod
issuer: https://oidc.example.com
cluster:
  kubeconfig: kubeconfig
${servers}publisher: {source: {kubeconfig: kubeconfig}, https: {acme: {}}}
`;

describe("with a kubeconfig of Rancher's", () => {
  let cwd = "";
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), "podtrust-rancher-"));
    const kubeconfig = {
      clusters: [{ name: "c", cluster: { server } }],
      users: [{ name: "u", user: { token: "kubeconfig-user-abcde:of-rancher" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await writeFile(join(cwd, "kubeconfig"), JSON.stringify(kubeconfig), { mode: 0o600 });
  });
  after(() => rm(cwd, { recursive: true }));

  const podtrust = async (servers: string, words: string): Promise<{ code: number | null; said: string }> => {
    await writeFile(join(cwd, "podtrust.yaml"), config(servers));
    const { code, out, err } = await podtrustHere(words.split(" "), { cwd, env: { HOME: cwd } });
    return { code, said: (out + err).replaceAll(/\s+/gu, " ") };
  };

  for (const words of [
    "rotate status",
    "rotate prepare --yes",
    "rotate run --yes",
    "rotate stolen kid --at-once --yes",
    "rotate stolen kid --thief-reaches-no-api --yes",
    "adopt plan",
    "adopt run --yes",
  ])
    test(`${words} says that its address is no API server, and by what each is reached, before any machine is`, async () => {
      const { code, said } = await podtrust(machines, words);
      assert.equal(code, 1, said);
      assert.match(said, /code: server-proxied/u);
      assert.ok(said.includes(`${server} is Rancher's proxy`), said);
      assert.match(said, /cluster\.kubeconfig .*cluster\.servers/u);
    });

  test("adopt plan notes it where the config lists no machines", async () => {
    const { said } = await podtrust("", "adopt plan");
    assert.match(said, /is Rancher's proxy, and not an API server.*cluster\.servers/u);
  });
});
