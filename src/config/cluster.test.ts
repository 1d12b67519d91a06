import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, parse, problemsOf } from "../../test/support/config-text.ts";

describe("cluster.servers in a config", () => {
  const fingerprint = `SHA256:${"a".repeat(43)}`;
  const entry = `{ssh: {address: 10.0.0.11, user: root, hostKey: "${fingerprint}"}, sshKey: id.pub}`;

  test("names the control plane nodes, whatever way the cluster is reached", async () => {
    const { servers } = await parse(`${minimal}cluster: {kubeconfig: a, servers: [${entry}]}\n`);
    assert.deepEqual(servers, [
      {
        ssh: { address: "10.0.0.11", user: "root", port: 22, hostKey: fingerprint },
        sshKey: "/etc/podtrust/id.pub",
      },
    ]);
    const inside = await parse(
      `${minimal}cluster: {inCluster: true, servers: [{ssh: {address: a, user: k8s}}]}\n`,
    );
    assert.deepEqual(inside.servers, [{ ssh: { address: "a", user: "k8s", port: 22 } }]);
    assert.equal((await parse(`${minimal}cluster: {kubeconfig: a}\n`)).servers, undefined);
  });

  test("is no member of a publisher's source, whose rights are less", async () => {
    const body = `publisher: {source: {kubeconfig: a, servers: [${entry}]}, https: {certificateFile: a, keyFile: b}}`;
    assert.ok((await problemsOf(`${minimal}${body}\n`)).length > 0);
  });

  test("is never empty", async () => {
    assert.ok((await problemsOf(`${minimal}cluster: {kubeconfig: a, servers: []}\n`)).length > 0);
  });
});
