import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { request } from "../../../src/core/http/index.ts";
import { type KubernetesApi, openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { parseJws } from "../../../src/rules/oidc/index.ts";
import {
  type ClusterProcess,
  type ClusterProcessOptions,
  SandboxUsageError,
  type StandInCluster,
  startStandInCluster,
  startStandInClusterProcess,
  type TokenSpec,
} from "../../../src/sandbox/index.ts";

const issuer = "https://oidc.example.com";
const audience = "sts.amazonaws.com";
const cart: TokenSpec = { namespace: "shop", name: "cart", audiences: [audience] };

// One text for both: what it awaits is a value here and a promise there.
const ways: readonly [
  string,
  (options: ClusterProcessOptions) => Promise<ClusterProcess | StandInCluster>,
][] = [
  ["in the same process", startStandInCluster],
  ["in a process of its own", startStandInClusterProcess],
];
for (const [where, start] of ways) {
  describe(`a stand-in cluster ${where}, each of whose calls is awaited,`, () => {
    let cluster: ClusterProcess | StandInCluster;
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "podtrust-cluster-"));
      cluster = await start({ issuer, algorithm: "ES256", maxTokenSeconds: 7200 });
    });
    beforeEach(async () => cluster.misbehave(undefined));
    after(async () => {
      await cluster.close();
      await rm(folder, { recursive: true });
    });

    async function api(user?: "publisher"): Promise<KubernetesApi> {
      const kubeconfig = join(folder, `${user ?? "admin"}.yaml`);
      await writeFile(
        kubeconfig,
        await (user === undefined ? cluster.kubeconfig() : cluster.kubeconfig(user)),
      );
      return openKubernetes({ kubeconfig });
    }

    async function published(): Promise<JSONWebKeySet> {
      const { jwks } = await (await api()).oidcDocuments();
      return JSON.parse(jwks.toString()) as JSONWebKeySet;
    }

    /** Whether a token verifies against a JWK Set, by another library than ours. */
    async function verifies(token: string, set: JSONWebKeySet): Promise<boolean> {
      const options = { issuer, audience, currentDate: new Date(await cluster.clock.now()) };
      return jwtVerify(token, createLocalJWKSet(set), options).then(
        () => true,
        () => false,
      );
    }

    const seconds = async (): Promise<number> => Math.floor((await cluster.clock.now()) / 1000);

    test("gives tokens that verify by the JWK Set of its API server", async () => {
      const token = await cluster.createToken(cart);
      assert.equal(parseJws(token).claims["sub"], "system:serviceaccount:shop:cart");
      assert.ok(await verifies(token, await published()));
    });

    test("serves an issuer by whose documents its tokens verify, which fails, is mended, and ends", async () => {
      let port = 0;
      {
        await using served = await cluster.serveIssuer();
        const { ca, connectTo, url } = served;
        port = connectTo[0]?.toPort ?? 0;
        const read = (path: string) => request(`${url}${path}`, { ca, connectTo });
        const discovery = await read("/.well-known/openid-configuration");
        const { jwks_uri: uri } = JSON.parse(discovery.body.toString()) as { jwks_uri: string };
        const keys = async (): Promise<JSONWebKeySet> =>
          JSON.parse((await read(new URL(uri).pathname)).body.toString()) as JSONWebKeySet;
        const token = await cluster.createToken(cart);
        assert.ok(await verifies(token, await keys()));
        await served.fail("key-gone");
        assert.ok(!(await verifies(token, await keys())));
        await served.fail(undefined);
        assert.ok(await verifies(token, await keys()));
      }
      await assert.rejects(fetch(`https://127.0.0.1:${port}`), (error: Error) => {
        assert.equal((error.cause as { code?: string }).code, "ECONNREFUSED");
        return true;
      });
    });

    test("serves two issuers that fail one without the other", async () => {
      await using one = await cluster.serveIssuer();
      await using other = await cluster.serveIssuer();
      await one.fail("not-found");
      const statuses = [one, other].map(async ({ ca, connectTo }) => {
        const { status } = await request(`${issuer}/openid/v1/jwks`, { ca, connectTo });
        return status;
      });
      assert.deepEqual(await Promise.all(statuses), [404, 200]);
    });

    test("serves no issuer whose URL is not https, and says so", async () => {
      await using other = await start({ issuer: "http://oidc.example.com", algorithm: "ES256" });
      await assert.rejects(async () => other.serveIssuer(), { code: "issuer-invalid" });
    });

    test("forges a token without the claims and header fields that are undefined, and with those that are told", async () => {
      const { header, claims } = parseJws(
        await cluster.forgeToken({
          ...cart,
          issuedAt: 1000,
          claims: {
            sub: undefined,
            iss: "https://elsewhere.example",
            aud: audience,
            extra: { a: [null, 1] },
          },
          header: { typ: "JWT", kid: undefined },
        }),
      );
      assert.deepEqual(header, { alg: "ES256", typ: "JWT" });
      assert.deepEqual(Object.keys(claims).toSorted(), [
        "aud",
        "exp",
        "extra",
        "iat",
        "iss",
        "jti",
        "kubernetes.io",
        "nbf",
      ]);
      assert.deepEqual(
        [claims["iss"], claims["aud"], claims["extra"], claims["exp"]],
        ["https://elsewhere.example", audience, { a: [null, 1] }, 4600],
      );
    });

    test("signs a forged token by an unknown key, which does not verify", async () => {
      const token = await cluster.forgeToken({ ...cart, signedBy: "foreign-key" });
      assert.ok(!(await verifies(token, await published())));
    });

    test("rotates its key: created it is published, promoted it signs, dropped the earlier verifies no longer", async () => {
      const [first] = await cluster.keys.list();
      const earlier = await cluster.createToken(cart);
      const created = await cluster.keys.create();
      assert.deepEqual([created.algorithm, created.state], ["ES256", "published"]);
      await cluster.keys.promote(created.kid);
      const token = await cluster.createToken(cart);
      assert.equal(parseJws(token).header["kid"], created.kid);
      const set = await published();
      assert.deepEqual(await Promise.all([token, earlier].map((one) => verifies(one, set))), [true, true]);
      await cluster.keys.drop(first?.kid ?? "");
      assert.deepEqual(await cluster.keys.list(), [{ ...created, state: "signing" }]);
      assert.ok(!(await verifies(earlier, await published())));
      const { algorithm } = await cluster.keys.create("RS256");
      assert.equal(algorithm, "RS256");
    });

    test("misbehaves as it is told, until it is told otherwise", async () => {
      const admin = await api();
      await cluster.misbehave("error");
      await assert.rejects(admin.oidcDocuments(), /500/u);
      await cluster.misbehave(undefined);
      await admin.oidcDocuments();
    });

    test("gives no token to a user who may read the two documents only", async () => {
      const publisher = await api("publisher");
      await publisher.oidcDocuments();
      const spec = { audiences: [audience], expirationSeconds: 600 };
      await assert.rejects(publisher.requestToken("shop", "cart", spec), /forbidden/u);
    });

    test("has its API server give tokens to a ServiceAccount that was added, no longer than it was told", async () => {
      await cluster.addServiceAccount("shop", "till");
      const spec = { audiences: [audience], expirationSeconds: 80_000 };
      const { token } = await (await api()).requestToken("shop", "till", spec);
      const { claims } = parseJws(token);
      assert.equal(Number(claims["exp"]) - Number(claims["iat"]), 7200);
    });

    test("dates tokens by a clock that is moved on", async () => {
      const began = await seconds();
      await cluster.clock.advance(3_600_000);
      const { claims } = parseJws(await cluster.createToken(cart));
      assert.ok(Number(claims["iat"]) >= began + 3600 && Number(claims["iat"]) <= (await seconds()));
    });

    const mistakes: readonly [string, () => unknown, RegExp][] = [
      [
        "a token shorter than TokenRequest gives",
        () => cluster.createToken({ ...cart, expirationSeconds: 60 }),
        /less than 10 minutes/u,
      ],
      ["a namespace of another form", () => cluster.createToken({ ...cart, namespace: "A!" }), /"A!"/u],
      ["a key that it does not have", () => cluster.keys.promote("none"), /has no key none/u],
      [
        "that its signing key is dropped",
        async () => {
          const signing = (await cluster.keys.list()).find(({ state }) => state === "signing");
          return cluster.keys.drop(signing?.kid ?? "");
        },
        /is the signing key/u,
      ],
      ["time that goes back", () => cluster.clock.advance(-1), /a clock moves forward.* not by -1 ms/u],
      ["time that is no number", () => cluster.clock.advance(Number.NaN), /not by NaN ms/u],
    ];
    for (const [what, act, sentence] of mistakes) {
      test(`refuses ${what} with an error of usage`, async () => {
        await assert.rejects(
          async () => act(),
          (error: Error) => {
            assert.ok(error instanceof SandboxUsageError);
            assert.match(error.message, sentence);
            return true;
          },
        );
      });
    }
  });
}

describe("the issuer of a stand-in cluster in a process of its own", () => {
  test("is closed with its cluster, before, after and at once", async () => {
    const cluster = await startStandInClusterProcess({ issuer, algorithm: "ES256" });
    const [early, late, same] = await Promise.all([1, 2, 3].map(() => cluster.serveIssuer()));
    await early?.close();
    await Promise.all([cluster.close(), same?.close()]);
    await late?.close();
    await assert.rejects(async () => late?.fail("slow"), { code: "sandbox-process-ended" });
  });

  test("that is not served yet does not keep the process of its cluster from ending", async () => {
    const cluster = await startStandInClusterProcess({ issuer, algorithm: "ES256" });
    const serving = assert.rejects(cluster.serveIssuer(), /ended with exit code 0$/u);
    await cluster.close();
    await serving;
  });
});
