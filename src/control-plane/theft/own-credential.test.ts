import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { TLSSocket } from "node:tls";
import { testAuthority } from "../../../test/support/certificates.ts";
import type { ClusterSource } from "../../config/index.ts";
import { type ClientCertificate, openKubernetes } from "../../providers/kubernetes/index.ts";
import { endingCredential, replacement } from "./own-credential.ts";

const { signal } = new AbortController();

/** An API server that says who asks, by certificate or token, and refuses a token once the key has ended. */
async function apiServer(t: TestContext) {
  const authority = await testAuthority();
  const world = { isOver: false, tokens: 0, source: undefined as unknown as ClusterSource, authority };
  const { certificate: cert, key } = await authority.issue(["127.0.0.1"]);
  const tls = { cert, key, ca: authority.root, requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    const isToken = request.headers.authorization !== undefined;
    if (isToken) world.tokens += 1;
    const username = isToken ? "system:serviceaccount:ci:deployer" : subject?.CN;
    const refused = isToken && world.isOver;
    response.writeHead(refused ? 401 : 201, { "content-type": "application/json" });
    const review = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
    response.end(
      JSON.stringify(
        refused
          ? { kind: "Status", code: 401, reason: "Unauthorized" }
          : { ...review, status: { userInfo: { username } } },
      ),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const folder = await mkdtemp(join(tmpdir(), "podtrust-own-"));
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  const [caFile, tokenFile] = [join(folder, "ca.pem"), join(folder, "token")];
  await writeFile(caFile, authority.root);
  await writeFile(tokenFile, "a.b.c", { mode: 0o600 });
  const { port } = server.address() as AddressInfo;
  world.source = { server: `https://127.0.0.1:${port}`, caFile, tokenFile };
  return world;
}

const machine = (certificate?: ClientCertificate) => ({
  adminCertificate: () => Promise.resolve(certificate),
});

describe("the credential of a run that answers a theft", () => {
  test("is said to end with the key where it is a ServiceAccount's token, also after a run of before ended it", async (t) => {
    const world = await apiServer(t);
    const byToken = await openKubernetes(world.source);
    assert.equal(await endingCredential(byToken, signal), "a token of system:serviceaccount:ci:deployer");
    world.isOver = true;
    assert.equal(await endingCredential(byToken, signal), "one that the cluster refuses");
  });

  test("is replaced by a machine's client certificate, and the token is shown to nobody from then on", async (t) => {
    const world = await apiServer(t);
    const { certificate: cert, key } = await world.authority.issue(["kubernetes-admin"]);
    const own = { from: "/etc/kubernetes/admin.conf of cp-2", cert, key };
    const certificate = await replacement("a token", [machine(), machine(own)], signal);
    const byCertificate = await openKubernetes(world.source, { certificate });
    assert.equal((await byCertificate.selfSubject({ signal })).username, "kubernetes-admin");
    assert.equal(await endingCredential(byCertificate, signal), undefined);
    assert.equal(world.tokens, 0);
  });

  test("has the run refused, with whose it is, where no machine has such a certificate", async () => {
    const credential = "a token of system:serviceaccount:ci:deployer";
    await assert.rejects(replacement(credential, [machine()], signal), {
      code: "theft-own-credential",
      message: `the config's credential is ${credential}`,
    });
  });
});
