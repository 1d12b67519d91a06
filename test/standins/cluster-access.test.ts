import assert from "node:assert/strict";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { request } from "../../src/core/http/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import type { StandInCluster } from "../../src/sandbox/cluster/index.ts";
import { audience, ClusterWorld, issuer, mint, reason } from "./cluster-world.ts";

const { world, cluster, admin } = await ClusterWorld.withDemo();
describe("the stand-in cluster", () => {
  after(() => world.close());

  test("a ServiceAccount's own token is known until it expires, its key is dropped or it is made anew", async () => {
    const home = await world.cluster();
    home.addServiceAccount("podtrust", "publisher");
    const owner = await world.connect(home);
    const ask = async (): Promise<string> =>
      (await owner.requestToken("podtrust", "publisher", { audiences: [issuer], expirationSeconds: 600 }))
        .token;
    const { api, tokenFile } = await world.byToken(home, `${await ask()}\n`);
    assert.equal((await api.selfSubject()).username, "system:serviceaccount:podtrust:publisher");

    await writeFile(
      tokenFile,
      home.forgeToken({ namespace: "podtrust", name: "publisher", signedBy: "foreign-key" }),
    );
    await assert.rejects(api.oidcDocuments(), reason("unauthenticated"));
    await writeFile(tokenFile, home.forgeToken({ namespace: "podtrust", name: "nobody" }));
    await assert.rejects(api.oidcDocuments(), reason("unauthenticated"));
    await writeFile(
      tokenFile,
      home.forgeToken({ namespace: "podtrust", name: "publisher", audiences: [audience] }),
    );
    await assert.rejects(api.oidcDocuments(), reason("unauthenticated"));
    await writeFile(tokenFile, await ask());
    await api.oidcDocuments();
    await world.clock.advance(600_000);
    await assert.rejects(api.oidcDocuments(), reason("unauthenticated"));
    await writeFile(tokenFile, await ask());
    await api.oidcDocuments();
    const [first] = home.keys.list();
    home.keys.promote((await home.keys.create()).kid);
    home.keys.drop(first?.kid ?? "");
    await assert.rejects(api.oidcDocuments(), reason("unauthenticated"));
  });

  test("the publisher and every ServiceAccount read the two paths and nothing else", async () => {
    const token = (
      await admin.requestToken("aws-test", "demo", { audiences: [issuer], expirationSeconds: 600 })
    ).token;
    for (const api of [
      await world.connect(cluster, "publisher"),
      (await world.byToken(cluster, token)).api,
    ]) {
      assert.ok((await api.oidcDocuments()).jwks.length > 0);
      assert.equal(await api.canDoAnything(), false);
      for (const path of [
        "/api/v1/namespaces",
        "/api/v1/namespaces/aws-test/serviceaccounts/demo",
        "/metrics",
      ]) {
        assert.equal((await api.get(path)).status, 403, path);
      }
      await assert.rejects(mint(api), (error: { code: string; next: string; message: string }) => {
        assert.equal(error.code, "cluster-forbidden");
        assert.match(error.next, /create serviceaccounts\/token in the namespace aws-test/u);
        assert.match(error.message, /cannot create resource "serviceaccounts\/token" in API group ""/u);
        return true;
      });
    }
    assert.equal(await admin.canDoAnything(), true);
    assert.deepEqual((await admin.selfSubject()).groups, ["system:masters", "system:authenticated"]);
  });

  test("lets a pod in by the kubelet's files, read anew, as the ServiceAccount that they are of", async () => {
    const pod = await mkdtemp(join(world.folder, "pod-"));
    await writeFile(join(pod, "ca.crt"), cluster.ca);
    const { hostname, port } = new URL(cluster.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const api = await openKubernetes({ inCluster: true }, { env, serviceAccountDirectory: pod });
    await assert.rejects(api.oidcDocuments(), reason("credentials"));
    for (const name of ["demo", "default"]) {
      await writeFile(join(pod, "token"), cluster.forgeToken({ namespace: "aws-test", name }));
      assert.equal((await api.selfSubject()).username, `system:serviceaccount:aws-test:${name}`);
    }
  });

  test("is checked for the name of tls-server-name, wherever the server is", async () => {
    const named = async (name: string): Promise<KubernetesApi> => {
      const line = `server: ${cluster.url}\n      tls-server-name: ${name}`;
      const kubeconfig = await world.file(cluster.kubeconfig().replace(/server: .*/u, line));
      return openKubernetes({ kubeconfig });
    };
    assert.equal((await (await named("kubernetes.default.svc")).get("/readyz")).body.toString(), "ok");
    await assert.rejects((await named("other.example.com")).get("/readyz"), reason("tls"));
  });

  test("answers strangers 401, or 403 where it knows system:anonymous", async () => {
    const { api } = await world.byToken(cluster, "not.a.token");
    await assert.rejects(api.oidcDocuments(), { code: "cluster-unauthenticated" });
    const url = (of: StandInCluster) => `${of.url}/openid/v1/jwks`;
    assert.equal((await request(url(cluster), { ca: cluster.ca })).status, 401);
    const lax = await world.cluster({ anonymousAuth: true });
    const answer = await request(url(lax), { ca: lax.ca });
    assert.equal(answer.status, 403);
    assert.equal(
      (JSON.parse(answer.body.toString()) as { message: string }).message,
      'forbidden: User "system:anonymous" cannot get path "/openid/v1/jwks"',
    );
  });

  test("lets a call say what the credential says of itself, and never the credential", async () => {
    const { token } = await admin.requestToken("aws-test", "demo", {
      audiences: [issuer],
      expirationSeconds: 3600,
    });
    const { api, tokenFile } = await world.byToken(cluster, token);
    assert.equal(api.sentCredential(), undefined);
    await chmod(tokenFile, 0o644);
    await api.get("/version");
    const { claims, kid } = parseJws(token);
    assert.deepEqual(api.sentCredential(), {
      kind: "token",
      from: `token file ${tokenFile}`,
      file: tokenFile,
      exposed: true,
      issuer,
      kid,
      subject: "system:serviceaccount:aws-test:demo",
      audiences: [issuer],
      issuedAt: Number(claims["iat"]) * 1000,
      expiresAt: Number(claims["exp"]) * 1000,
    });
    await chmod(tokenFile, 0o600);
    await writeFile(tokenFile, "opaque-token");
    await api.get("/version");
    assert.deepEqual(api.sentCredential(), {
      kind: "token",
      from: `token file ${tokenFile}`,
      file: tokenFile,
      exposed: false,
    });
    await admin.get("/version");
    const { kind, expiresAt = 0, issuedAt = 0 } = admin.sentCredential() ?? {};
    assert.equal(kind, "certificate");
    assert.ok(expiresAt > issuedAt);
  });
});
