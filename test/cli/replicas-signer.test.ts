/** The line of the key that signs backups, as `up` says it of replicas that share a Secret. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { signerOfStoreKey } from "../../src/backup/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { configText, stackWorld } from "../support/stack-world.ts";

const storeKey = "k".repeat(43);
const name = "podtrust-publisher-store-key";
const path = `/api/v1/namespaces/podtrust/secrets/${name}`;

/** A stack whose publisher is replicas, and an API server with one Secret: theirs of keys, with this in it. */
async function replicas(t: TestContext, data: object) {
  const authority = await testAuthority();
  const { certificate: cert, key } = await authority.issue(["127.0.0.1"]);
  const server = createServer({ cert, key }, ({ url, method }, response) => {
    const isSecret = method === "GET" && url === path;
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { namespace: "podtrust", name }, data };
    response.writeHead(isSecret ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isSecret ? secret : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const world = await stackWorld(t);
  await writeFile(join(world.folder, "ca-of-cluster.pem"), authority.root);
  await writeFile(join(world.folder, "token"), "token-of-the-person");
  const { port } = server.address() as AddressInfo;
  const more = `
cluster: {server: "https://127.0.0.1:${port}", caFile: ca-of-cluster.pem, tokenFile: token}
publisher:
  store: {secret: {namespace: podtrust, name: podtrust-publisher}}
  https: {acme: {email: ops@example.com}}
  backup:
    recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]
    s3: {bucket: example-backups, region: eu-central-1}
`;
  await world.config(configText(world.issuer.issuer, "", more));
  return (...args: string[]) => world.podtrust(["up", "--yes", "--only", "provider", ...args]);
}

test("up prints the line of the key that the replicas' store has, and gives it as JSON, and nothing of the store's own key", async (t) => {
  const up = await replicas(t, { key: Buffer.from(storeKey).toString("base64") });
  const signer = signerOfStoreKey(storeKey).name;
  const { code, out, err } = await up();
  assert.equal(code, 0, out + err);
  assert.ok(out.includes(`backupSigners: [${signer}]`), out + err);
  const json = await up("--json");
  assert.equal((JSON.parse(json.out) as { backupSigner?: string }).backupSigner, signer, json.err);
  assert.ok(!(out + err + json.out + json.err).includes(storeKey));
});

test("up says that replicas do not sign whose store has no key", async (t) => {
  const up = await replicas(t, {});
  const { code, out, err } = await up();
  assert.equal(code, 0, out + err);
  assert.doesNotMatch(out, /backupSigners/u);
  assert.match(
    (out + err).replaceAll(/\s+/gu, " "),
    /note: no key of Secret podtrust\/podtrust-publisher can be read, .*--key/u,
  );
});
