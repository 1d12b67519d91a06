import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import type { PodtrustError } from "../../src/base/index.ts";
import { request } from "../../src/http/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/kubernetes/index.ts";
import { kubernetesKid, parseJwkSet, parseJws } from "../../src/oidc/index.ts";
import {
  type StandInCluster,
  type StandInClusterOptions,
  startStandInCluster,
} from "../../src/sandbox/cluster/index.ts";
import { TestClock } from "../support/clock.ts";

const issuer = "https://oidc.example.com";
const audience = "sts.amazonaws.com";
const clock = new TestClock();
const open: StandInCluster[] = [];
let folder = "";
let cluster: StandInCluster;
let admin: KubernetesApi;
let files = 0;

async function start(options: Partial<StandInClusterOptions> = {}): Promise<StandInCluster> {
  const started = await startStandInCluster({ issuer, clock, ...options });
  open.push(started);
  return started;
}

async function connect(to: StandInCluster, user?: "admin" | "publisher"): Promise<KubernetesApi> {
  const kubeconfig = join(folder, `kubeconfig-${(files += 1)}`);
  await writeFile(kubeconfig, to.kubeconfig(user));
  return openKubernetes({ kubeconfig }, { clock, timeoutMs: 2000 });
}

/** The API by a token in a file, as a publisher outside the cluster reads it. */
async function byToken(
  to: StandInCluster,
  token: string,
): Promise<{ api: KubernetesApi; tokenFile: string }> {
  const [tokenFile, caFile] = [join(folder, `token-${(files += 1)}`), join(folder, `ca-${files}`)];
  await writeFile(tokenFile, token);
  await writeFile(caFile, to.ca);
  return { api: await openKubernetes({ server: to.url, tokenFile, caFile }), tokenFile };
}

async function jwks(of: StandInCluster): Promise<JSONWebKeySet> {
  const { jwks: document } = await (await connect(of)).oidcDocuments();
  return JSON.parse(document.toString()) as JSONWebKeySet;
}

const mint = async (api: KubernetesApi): Promise<string> =>
  (await api.requestToken("aws-test", "demo", { audiences: [audience], expirationSeconds: 3600 })).token;

/** Whether a token verifies against a JWK Set by another library than ours. */
async function verifies(token: string, set: JSONWebKeySet): Promise<boolean> {
  const options = { issuer, audience, currentDate: new Date(clock.now()) };
  return jwtVerify(token, createLocalJWKSet(set), options).then(
    () => true,
    () => false,
  );
}

const reason = (expected: string) => (error: unknown) => {
  assert.equal((error as { detail?: { reason?: unknown } }).detail?.reason, expected, String(error));
  return true;
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-cluster-"));
  cluster = await start();
  cluster.addServiceAccount("aws-test", "demo");
  admin = await connect(cluster);
});

after(async () => {
  for (const one of open) await one.close();
  await rm(folder, { recursive: true });
});

describe("the stand-in cluster", () => {
  test("renders the two documents as Kubernetes does", async () => {
    const answer = await admin.get("/.well-known/openid-configuration");
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers["cache-control"], "public, max-age=3600");
    assert.equal(
      answer.body.toString(),
      `{"issuer":"${issuer}","jwks_uri":"${issuer}/openid/v1/jwks","response_types_supported":["id_token"],` +
        `"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`,
    );
    const keys = await admin.get("/openid/v1/jwks");
    assert.equal(keys.headers["content-type"], "application/jwk-set+json");
    const set = parseJwkSet(keys.body);
    assert.deepEqual([set.warnings, set.leftOut], [[], []]);
    const [key] = set.keys;
    assert.equal(key?.kid, kubernetesKid(key ?? {}));
    assert.deepEqual(Object.keys(key ?? {}).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
  });

  test("an issuer that is not https has no documents, and the error says which flags", async () => {
    const plain = await connect(await start({ issuer: "http://oidc.example.com" }));
    await assert.rejects(plain.oidcDocuments(), (error: { code: string; next: string }) => {
      assert.equal(error.code, "cluster-not-found");
      assert.match(error.next, /--service-account-issuer/u);
      return true;
    });
  });

  test("TokenRequest gives Kubernetes' claims, and another library verifies the token", async () => {
    const { token, expirationTimestamp } = await admin.requestToken("aws-test", "demo", {
      audiences: [audience],
      expirationSeconds: 900,
    });
    const now = clock.now() / 1000;
    const { header, claims } = parseJws(token);
    assert.deepEqual(header, { alg: "RS256", kid: cluster.keys.list()[0]?.kid });
    const { jti, "kubernetes.io": own, ...rest } = claims;
    assert.match(String(jti), /^[0-9a-f-]{36}$/u);
    assert.deepEqual(rest, {
      aud: [audience],
      exp: now + 900,
      iat: now,
      iss: issuer,
      nbf: now,
      sub: "system:serviceaccount:aws-test:demo",
    });
    const { namespace, serviceaccount } = own as { namespace: string; serviceaccount: { name: string } };
    assert.deepEqual([namespace, serviceaccount.name], ["aws-test", "demo"]);
    assert.equal(Date.parse(expirationTimestamp), (now + 900) * 1000);
    assert.equal(await verifies(token, await jwks(cluster)), true);
  });

  test("signs by EC P-256 keys too, beside RSA", async () => {
    const ec = await start({ algorithm: "ES256" });
    ec.addServiceAccount("aws-test", "demo");
    const api = await connect(ec);
    const first = await mint(api);
    const rsa = await ec.keys.create("RS256");
    ec.keys.promote(rsa.kid);
    const second = await mint(api);
    assert.deepEqual([parseJws(first).alg, parseJws(second).alg], ["ES256", "RS256"]);
    const set = await jwks(ec);
    assert.deepEqual([await verifies(first, set), await verifies(second, set)], [true, true]);
  });

  test("refuses a token's lifetime below ten minutes, as our client does, and cuts it to the cluster's longest", async () => {
    const ask = (expirationSeconds: number) =>
      admin.requestToken("aws-test", "demo", { audiences: [audience], expirationSeconds });
    await assert.rejects(ask(599), { code: "token-lifetime", message: /600 at least/u });
    await assert.rejects(ask(2 ** 32 + 1), { code: "token-lifetime", message: /2\^32/u });
    const short = await start({ maxTokenSeconds: 3600 });
    short.addServiceAccount("aws-test", "demo");
    const { token } = await (
      await connect(short)
    ).requestToken("aws-test", "demo", { audiences: [audience], expirationSeconds: 86_400 });
    const { exp, iat } = parseJws(token).claims as { exp: number; iat: number };
    assert.equal(exp - iat, 3600);
  });

  test("verifies old tokens through a rotation until their key is dropped, and no longer", async () => {
    const rotating = await start();
    rotating.addServiceAccount("aws-test", "demo");
    const api = await connect(rotating);
    const [first] = rotating.keys.list();
    const old = await mint(api);
    const second = await rotating.keys.create();
    assert.deepEqual(
      rotating.keys.list().map((key) => key.state),
      ["signing", "published"],
    );
    assert.equal((await jwks(rotating)).keys.length, 2);
    assert.equal(parseJws(await mint(api)).kid, first?.kid);
    rotating.keys.promote(second.kid);
    const fresh = await mint(api);
    assert.equal(parseJws(fresh).kid, second.kid);
    const overlap = await jwks(rotating);
    assert.deepEqual([await verifies(old, overlap), await verifies(fresh, overlap)], [true, true]);
    assert.throws(() => rotating.keys.drop(second.kid), TypeError);
    rotating.keys.drop(first?.kid ?? "");
    const later = await jwks(rotating);
    assert.deepEqual([await verifies(old, later), await verifies(fresh, later)], [false, true]);
    assert.throws(() => rotating.keys.promote(first?.kid ?? ""), TypeError);
  });

  test("a ServiceAccount's own token is known until it expires, its key is dropped or it is made anew", async () => {
    const home = await start();
    home.addServiceAccount("podtrust", "publisher");
    const owner = await connect(home);
    const ask = async (): Promise<string> =>
      (await owner.requestToken("podtrust", "publisher", { audiences: [issuer], expirationSeconds: 600 }))
        .token;
    const { api, tokenFile } = await byToken(home, `${await ask()}\n`);
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
    await clock.advance(600_000);
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
    for (const api of [await connect(cluster, "publisher"), (await byToken(cluster, token)).api]) {
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
    const pod = await mkdtemp(join(folder, "pod-"));
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
      const kubeconfig = join(folder, `kubeconfig-${(files += 1)}`);
      const line = `server: ${cluster.url}\n      tls-server-name: ${name}`;
      await writeFile(kubeconfig, cluster.kubeconfig().replace(/server: .*/u, line));
      return openKubernetes({ kubeconfig });
    };
    assert.equal((await (await named("kubernetes.default.svc")).get("/readyz")).body.toString(), "ok");
    await assert.rejects((await named("other.example.com")).get("/readyz"), reason("tls"));
  });

  test("answers strangers 401, or 403 where it knows system:anonymous", async () => {
    const { api } = await byToken(cluster, "not.a.token");
    await assert.rejects(api.oidcDocuments(), { code: "cluster-unauthenticated" });
    const url = (of: StandInCluster) => `${of.url}/openid/v1/jwks`;
    assert.equal((await request(url(cluster), { ca: cluster.ca })).status, 401);
    const lax = await start({ anonymousAuth: true });
    const answer = await request(url(lax), { ca: lax.ca });
    assert.equal(answer.status, 403);
    assert.equal(
      (JSON.parse(answer.body.toString()) as { message: string }).message,
      'forbidden: User "system:anonymous" cannot get path "/openid/v1/jwks"',
    );
  });

  test("namespaces and ServiceAccounts are made where absent, and a missing one is named", async () => {
    assert.equal(await admin.createNamespace("made"), "created");
    assert.equal(await admin.createNamespace("made"), "exists");
    assert.equal(await admin.createServiceAccount("made", "job"), "created");
    assert.equal(await admin.createServiceAccount("made", "job"), "exists");
    await assert.rejects(admin.createServiceAccount("absent", "job"), { code: "cluster-not-found" });
    await assert.rejects(
      admin.requestToken("made", "absent", { audiences: [audience], expirationSeconds: 600 }),
      { code: "cluster-not-found", message: /serviceaccounts "absent" not found/u },
    );
    await assert.rejects(admin.createNamespace("Not_Legal"), { code: "usage" });
  });

  test("gives the reader each of its faults under its own reason", async () => {
    const bad = await start();
    const api = await connect(bad, "publisher");
    const faults = [
      ["gone", "connect"],
      ["error", "not-ready"],
      ["starting", "not-ready"],
      ["forbidden", "forbidden"],
      ["truncated", "truncated"],
      ["nonsense", "status"],
      ["hang", "timeout"],
    ] as const;
    for (const [fault, expected] of faults) {
      bad.misbehave(fault);
      await assert.rejects(api.oidcDocuments(), reason(expected), fault);
    }
    bad.misbehave("empty-jwks");
    assert.equal((await api.oidcDocuments()).jwks.toString(), '{"keys":[]}');
    bad.misbehave("wrong-issuer");
    assert.match((await api.oidcDocuments()).discovery.toString(), /somebody-else/u);
    bad.misbehave(undefined);
    await api.oidcDocuments();
  });

  test("is waited for while it is starting, and not said to lack rights", async () => {
    const bad = await start({ anonymousAuth: true });
    bad.misbehave("starting");
    const refused = (api: KubernetesApi): Promise<PodtrustError> =>
      api.oidcDocuments().then(
        () => assert.fail("it was let in"),
        (error: unknown) => error as PodtrustError,
      );
    const connected = await connect(bad);
    const wish = { audiences: [issuer], expirationSeconds: 600 };
    const starting = await Promise.all([
      refused(await connect(bad, "publisher")),
      refused((await byToken(bad, "of.no.body")).api),
      ...[
        connected.requestToken("aws-test", "demo", wish),
        connected.selfSubject(),
        connected.read({ kind: "Namespace", name: "default" }),
        connected.list({ kind: "Pod", namespace: "default" }),
      ].map((call) =>
        call.then(
          () => assert.fail("it was let in"),
          (error: unknown) => error as PodtrustError,
        ),
      ),
    ]);
    for (const error of starting) {
      assert.equal(error.code, "cluster-not-ready");
      assert.match(error.message, /is not ready \(\/readyz answered 500\)/u);
      assert.doesNotMatch(error.next, /right/u);
    }
    bad.misbehave("forbidden");
    assert.equal((await refused(await connect(bad, "publisher"))).code, "cluster-forbidden");
    assert.equal((await refused((await byToken(bad, "of.no.body")).api)).code, "cluster-unauthenticated");
  });

  test("lets a call say what the credential says of itself, and never the credential", async () => {
    const { token } = await admin.requestToken("aws-test", "demo", {
      audiences: [issuer],
      expirationSeconds: 3600,
    });
    const { api, tokenFile } = await byToken(cluster, token);
    assert.equal(api.sentCredential(), undefined);
    await chmod(tokenFile, 0o644);
    await api.get("/version");
    const { claims, kid } = parseJws(token);
    assert.deepEqual(api.sentCredential(), {
      kind: "token",
      from: `token file ${tokenFile}`,
      file: tokenFile,
      exposed: true,
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

  test("shows the newest key to every other connection only when told to be two API servers", async () => {
    const split = await start();
    const api = await connect(split);
    await split.keys.create();
    split.misbehave("split");
    const counts: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      counts.push(parseJwkSet((await api.get("/openid/v1/jwks")).body).keys.length);
    }
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      [1, 1, 2, 2],
    );
  });

  test("forges tokens that are expired, foreign, or with claims of one's choice", async () => {
    const set = await jwks(cluster);
    const who = { namespace: "aws-test", name: "demo", audiences: [audience] };
    assert.equal(await verifies(cluster.forgeToken(who), set), true);
    assert.equal(await verifies(cluster.forgeToken({ ...who, expirationSeconds: -60 }), set), false);
    assert.equal(await verifies(cluster.forgeToken({ ...who, signedBy: "foreign-key" }), set), false);
    const odd = parseJws(
      cluster.forgeToken({
        ...who,
        claims: { sub: "system:node:x", jti: undefined },
        header: { typ: "JWT" },
      }),
    );
    assert.deepEqual(
      [odd.claims["sub"], "jti" in odd.claims, odd.header["typ"]],
      ["system:node:x", false, "JWT"],
    );
  });

  test("a path that reads like another host, and one that is none, get answers and not a cut connection", async () => {
    assert.equal((await admin.get("//")).status, 404);
    assert.equal((await admin.get("//kubernetes.example/version")).status, 404);
    assert.equal((await admin.get("/%zz")).status, 404);
  });
});
