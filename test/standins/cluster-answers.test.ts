import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { PodtrustError } from "../../src/core/base/index.ts";
import type { KubernetesApi } from "../../src/providers/kubernetes/index.ts";
import { kubernetesKid, parseJwkSet } from "../../src/rules/keys/index.ts";
import { audience, ClusterWorld, issuer, reason } from "./cluster-world.ts";

const { world, admin } = await ClusterWorld.withDemo();
describe("the stand-in cluster", () => {
  after(() => world.close());

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
    const plain = await world.connect(await world.cluster({ issuer: "http://oidc.example.com" }));
    await assert.rejects(plain.oidcDocuments(), (error: { code: string; next: string }) => {
      assert.equal(error.code, "cluster-not-found");
      assert.match(error.next, /--service-account-issuer/u);
      return true;
    });
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

  test("names the resources of a group and version that it knows, and none of another", async () => {
    assert.deepEqual(await admin.servedResources("authentication.k8s.io/v1"), ["selfsubjectreviews"]);
    assert.deepEqual(await admin.servedResources("podtrust.dev/v1alpha1"), []);
  });

  test("gives the reader each of its faults under its own reason", async () => {
    const bad = await world.cluster();
    const api = await world.connect(bad, "publisher");
    const faults = [
      ["gone", "connect"],
      ["error", "not-ready"],
      ["starting", "not-ready"],
      ["forbidden", "forbidden"],
      ["truncated", "truncated"],
      ["nonsense", "status"],
    ] as const;
    for (const [fault, expected] of faults) {
      bad.misbehave(fault);
      await assert.rejects(api.oidcDocuments(), reason(expected), fault);
    }
    bad.misbehave("hang");
    const impatient = await world.connect(bad, "publisher", 500);
    await assert.rejects(impatient.oidcDocuments(), reason("timeout"));
    bad.misbehave("empty-jwks");
    assert.equal((await api.oidcDocuments()).jwks.toString(), '{"keys":[]}');
    bad.misbehave("wrong-issuer");
    assert.match((await api.oidcDocuments()).discovery.toString(), /somebody-else/u);
    bad.misbehave(undefined);
    await api.oidcDocuments();
  });

  test("is waited for while it is starting, and not said to lack rights", async () => {
    const bad = await world.cluster({ anonymousAuth: true });
    bad.misbehave("starting");
    const refused = (api: KubernetesApi): Promise<PodtrustError> =>
      api.oidcDocuments().then(
        () => assert.fail("it was let in"),
        (error: unknown) => error as PodtrustError,
      );
    const connected = await world.connect(bad);
    const spec = { audiences: [issuer], expirationSeconds: 600 };
    const starting = await Promise.all([
      refused(await world.connect(bad, "publisher")),
      refused((await world.byToken(bad, "of.no.body")).api),
      ...[
        connected.requestToken("aws-test", "demo", spec),
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
    assert.equal((await refused(await world.connect(bad, "publisher"))).code, "cluster-forbidden");
    assert.equal(
      (await refused((await world.byToken(bad, "of.no.body")).api)).code,
      "cluster-unauthenticated",
    );
  });

  test("shows the newest key to every other connection only when told to be two API servers", async () => {
    const split = await world.cluster();
    const api = await world.connect(split);
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

  test("a path that reads like another host, and one that is none, get answers and not a cut connection", async () => {
    assert.equal((await admin.get("//")).status, 404);
    assert.equal((await admin.get("//kubernetes.example/version")).status, 404);
    assert.equal((await admin.get("/%zz")).status, 404);
  });
});
