/** A certificate that somebody else keeps in a Secret of type kubernetes.io/tls, as cert-manager does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { request } from "../../src/core/http/index.ts";
import { servePublisher, type Serving } from "../../src/publisher/configs/index.ts";
import { type TestAuthority, testAuthority, type TestCertificate } from "../support/certificates.ts";
import { MemoryLog } from "../support/publisher.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import { maxWait, until } from "../support/until.ts";

const skip = leftOut();
const host = "oidc.example.com";
const issuer = `https://${host}`;

describe("a certificate in a Secret", { skip }, () => {
  let plane: ControlPlane;
  let authority: TestAuthority;
  let folder: string;
  const ending = new AsyncDisposableStack();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-tls-secret-"));
    ending.defer(() => rmSync(folder, { recursive: true, force: true }));
    plane = await startControlPlane({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    ending.defer(() => plane.stop());
    authority = await testAuthority();
    const rbac = "rbac.authorization.k8s.io";
    const rule = { apiGroups: [""], resources: ["secrets"], resourceNames: ["oidc-tls"], verbs: ["get"] };
    const subjects = [{ apiGroup: rbac, kind: "User", name: "publisher" }];
    const metadata = { name: "oidc-tls", namespace: "default" };
    const discovery = "system:service-account-issuer-discovery";
    const items = [
      { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules: [rule] },
      {
        apiVersion: `${rbac}/v1`,
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: rbac, kind: "Role", name: "oidc-tls" },
        subjects,
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: "publisher" },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: discovery },
        subjects,
      },
    ];
    await plane.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  });
  after(() => ending.disposeAsync());

  async function put({ certificate, key }: TestCertificate): Promise<void> {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { name: "oidc-tls", namespace: "default" },
      stringData: { "tls.crt": certificate, "tls.key": key },
    };
    await plane.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(secret));
  }

  async function serve(): Promise<Serving> {
    const publisher = {
      source: { kubeconfig: await plane.kubeconfigFor("publisher") },
      stateDir: mkdtempSync(join(folder, "state-")),
      pollInterval: "1s",
      admin: false,
      https: { listen: ["127.0.0.1:0"], certificateSecret: { namespace: "default", name: "oidc-tls" } },
    };
    const text = JSON.stringify({ stack: "prod", issuer, publisher });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
    const options = { clock: systemClock, logger: new MemoryLog(), sockets: new Map(), env: {} };
    return servePublisher({ configs: [config], ...options });
  }

  async function shown({ publisher }: Serving): Promise<string> {
    const toPort = publisher.addresses.https[0]?.port ?? 0;
    const answer = await request(`${issuer}/openid/v1/jwks`, {
      ca: authority.root,
      connectTo: [{ host, port: 443, address: "127.0.0.1", toPort }],
    });
    return answer.tls?.chain[0]?.sha256 ?? "";
  }

  test("that is not there keeps the publisher from starting, with who has to make it", async () => {
    await assert.rejects(serve(), (error: Error & { code: string; next: string }) => {
      assert.deepEqual(
        [error.code, error.message],
        ["cluster-not-found", "there is no Secret default/oidc-tls"],
      );
      assert.match(error.next, /cert-manager/u);
      return true;
    });
  });

  test("is served, exchanged when it is renewed, and kept when what replaces it is no good", async () => {
    await put(await authority.issue([host]));
    const serving = await serve();
    ending.defer(() => serving.close(0));
    await serving.publisher.ready(AbortSignal.timeout(maxWait));
    const first = await shown(serving);
    await put(await authority.issue([host]));
    await until("another certificate is shown", async () => (await shown(serving)) !== first);
    const second = await shown(serving);
    assert.notEqual(second, first);
    // Of another name, then one with another's key.
    await put(await authority.issue(["other.example.com"]));
    const complaint = (): string =>
      serving.publisher.status().issuers[0]?.certificate?.failing?.message ?? "";
    await until("the publisher complains", () => complaint() !== "");
    assert.match(complaint(), /the new certificate cannot be served/u);
    assert.equal(await shown(serving), second);
    assert.equal(serving.publisher.status().ready, true);
    const { key } = await authority.issue([host]);
    await put({ ...(await authority.issue([host])), key });
    await until("it complains of the key", () => /private key/u.test(complaint()));
    assert.match(complaint(), /the private key is not that of the certificate/u);
    assert.equal(await shown(serving), second);
  });
});
