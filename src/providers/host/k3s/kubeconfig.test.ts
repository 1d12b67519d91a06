import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { assert as holds, constantFrom, dictionary, jsonValue, oneof, property, string } from "fast-check";
import { stringify } from "yaml";
import { startStandInCluster } from "../../../sandbox/cluster/index.ts";
import { PodtrustError } from "../../../core/base/index.ts";
import { readYaml } from "../../../core/yaml/index.ts";
import { readK3sKubeconfig } from "./kubeconfig.ts";
import { runs } from "../../../../test/support/runs.ts";

type Values = Record<string, unknown>;

const encode = (text: string): string => Buffer.from(text).toString("base64");
const decode = (data: unknown): string => Buffer.from(String(data), "base64").toString();

const { cluster, user } = await (async () => {
  const standIn = await startStandInCluster({ issuer: "https://oidc.example.com" });
  const read = readYaml(standIn.kubeconfig(), { bytes: 65_536, depth: 16, tokens: 1000 });
  await standIn.close();
  assert.ok("value" in read);
  const { clusters, users } = read.value as {
    readonly clusters: readonly { readonly cluster: Values }[];
    readonly users: readonly { readonly user: Values }[];
  };
  return {
    cluster: { ...clusters[0]?.cluster, server: "https://127.0.0.1:6443" } as Values,
    user: users[0]?.user ?? {},
  };
})();

/** What k3s writes, and in its order. */
const k3sWrites = (change: { cluster?: Values; user?: Values; root?: Values } = {}): Values => ({
  apiVersion: "v1",
  clusters: [{ cluster: change.cluster ?? cluster, name: "default" }],
  contexts: [{ context: { cluster: "default", user: "default" }, name: "default" }],
  "current-context": "default",
  kind: "Config",
  preferences: {},
  users: [{ name: "default", user: change.user ?? user }],
  ...change.root,
});

const exec = {
  apiVersion: "client.authentication.k8s.io/v1",
  command: "sh",
  args: ["-c", "id > ./pwned"],
};

function refused(content: Values | string, member: string, message = /./u): void {
  const text = typeof content === "string" ? content : stringify(content);
  assert.throws(
    () => readK3sKubeconfig(text),
    (error: unknown) => {
      assert.ok(error instanceof PodtrustError, String(error));
      assert.equal(error.code, "machine-kubeconfig");
      assert.equal(error.detail?.["member"], member, error.message);
      assert.match(error.message, message);
      assert.match(error.message, /accepted is /u);
      assert.ok(error.message.length < 400, error.message);
      assert.doesNotMatch(error.message, /pwned/u);
      return true;
    },
  );
}

describe("the kubeconfig of a machine's k3s", () => {
  test("gives CA, client certificate and key as they were parsed, and the port", () => {
    const read = readK3sKubeconfig(stringify(k3sWrites()));
    assert.equal(read.port, 6443);
    assert.ok("key" in read.user);
    assert.equal(
      new X509Certificate(read.ca).raw.compare(
        new X509Certificate(decode(cluster["certificate-authority-data"])).raw,
      ),
      0,
    );
    const certificate = new X509Certificate(read.user.certificate);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(read.user.key)));
    assert.match(read.user.key, /^-----BEGIN PRIVATE KEY-----\n/u);
  });

  test("gives a token where it holds that alone", () => {
    const { user: found } = readK3sKubeconfig(stringify(k3sWrites({ user: { token: "abc.def-g" } })));
    assert.deepEqual(found, { token: "abc.def-g" });
    for (const token of ["a b", "a\r\nx: y", "\u001B[2J", "x".repeat(20_000)])
      refused(k3sWrites({ user: { token } }), "users[0].user.token");
    refused(k3sWrites({ user: { ...user, token: "abc" } }), "users[0].user.token", /beside others/u);
  });

  for (const [member, value] of Object.entries({
    exec,
    "auth-provider": { name: "oidc", config: { "idp-issuer-url": "https://evil.example" } },
    "client-certificate": "/home/me/.aws/credentials",
    "client-key": "/home/me/.ssh/id_ed25519",
    tokenFile: "/home/me/.config/gh/hosts.yml",
    as: "system:admin",
    "as-uid": "0",
    "as-groups": ["system:masters"],
    "as-user-extra": { a: ["b"] },
    username: "admin",
    password: "admin",
    extensions: [],
    [`\u001B]0;pwn${"x".repeat(2000)}`]: 1,
  })) {
    const name = member.length > 60 ? `${member.slice(0, 60)}…` : member;
    test(`a user with ${JSON.stringify(name)} is refused by that name`, () => {
      refused(k3sWrites({ user: { ...user, [member]: value } }), `users[0].user.${name}`);
      refused(k3sWrites({ user: { [member]: value } }), `users[0].user.${name}`);
    });
  }

  for (const [member, value] of Object.entries({
    "insecure-skip-tls-verify": true,
    "proxy-url": "http://evil.example:3128",
    "tls-server-name": "kubernetes.example.com",
    "certificate-authority": "/etc/ssl/certs/ca.crt",
    "disable-compression": true,
    extensions: [],
  })) {
    test(`a cluster with ${member} is refused by that name`, () => {
      refused(k3sWrites({ cluster: { ...cluster, [member]: value } }), `clusters[0].cluster.${member}`);
    });
  }

  test("a server that is not the machine's own loopback is refused", () => {
    const inCluster = "clusters[0].cluster.server";
    for (const server of [
      "https://evil.example:6443",
      "http://127.0.0.1:6443",
      "https://a:b@127.0.0.1:6443",
      "https://127.0.0.1:6443/path",
      "https://127.0.0.1:6443/?x",
      "https://127.0.0.1.evil.example",
      "-oProxyCommand=sh",
      `https://127.0.0.1:${"0".repeat(200)}6443`,
    ])
      refused(k3sWrites({ cluster: { ...cluster, server } }), inCluster);
    for (const [server, port] of [
      ["https://127.0.0.1", 443],
      ["https://127.0.0.1:7443", 7443],
      ["https://[::1]:6443", 6443],
    ] as const)
      assert.equal(readK3sKubeconfig(stringify(k3sWrites({ cluster: { ...cluster, server } }))).port, port);
  });

  test("several clusters, users or contexts are refused, and so is none", () => {
    for (const list of ["clusters", "users", "contexts"]) {
      const [entry] = k3sWrites()[list] as readonly Values[];
      for (const value of [[entry, entry], [], undefined, "x", {}])
        refused(k3sWrites({ root: { [list]: value } }), list);
      refused(k3sWrites({ root: { [list]: [{ ...entry, more: 1 }] } }), `${list}[0].more`);
    }
    refused(k3sWrites({ root: { extensions: [] } }), "extensions");
    refused(k3sWrites({ root: { preferences: { colors: true } } }), "preferences.colors");
    const context = { cluster: "default", user: "default", namespace: "kube-system" };
    refused(k3sWrites({ root: { contexts: [{ name: "x", context }] } }), "contexts[0].context.namespace");
  });

  test("what is no certificate, or no private key, is refused", () => {
    const ca = "clusters[0].cluster.certificate-authority-data";
    const good = decode(cluster["certificate-authority-data"]);
    const pem = (label: string, body: string): string =>
      `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
    for (const data of [
      "",
      7,
      "no base64 !",
      encode("garbage"),
      encode(pem("CERTIFICATE", "AAAA")),
      encode(pem("CERTIFICATE", "%%%")),
      encode(pem("PRIVATE KEY", "AAAA")),
      encode(`words before it\n${good}`),
      encode(good.replace(/-----END[^]*$/u, "")),
      encode(good.repeat(17)),
      encode(pem("CERTIFICATE", encode("x".repeat(20_000)))),
    ])
      refused(k3sWrites({ cluster: { ...cluster, "certificate-authority-data": data } }), ca);
    const member = "users[0].user.client-key-data";
    const encrypted = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-128-cbc",
      passphrase: "x",
    });
    for (const data of [encode(encrypted), encode(good), encode(pem("EC PRIVATE KEY", "AAAA")), undefined])
      refused(k3sWrites({ user: { ...user, "client-key-data": data } }), member);
  });

  test("a key that is not the certificate's is refused", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const data = encode(other.export({ type: "sec1", format: "pem" }));
    refused(
      k3sWrites({ user: { ...user, "client-key-data": data } }),
      "users[0].user.client-key-data",
      /not the key/u,
    );
  });

  test("what is no YAML, or too much of it, is refused before it costs anything", () => {
    refused("{", "it");
    refused("- a list", "it");
    refused("", "it");
    refused(`a: &a [x]\n${"b: [*a, *a, *a, *a]\n".repeat(5000)}`, "it");
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(", ")}]`,
    );
    refused(`l0: &l0 x\n${levels.join("\n")}\n`, "it");
    refused(`a: ${"[".repeat(1000)}`, "it");
    refused(`a: ${"x".repeat(300_000)}`, "it");
  });

  test("whatever members it has, only what k3s writes is ever taken", () => {
    const member = constantFrom(
      "exec",
      "token",
      "tokenFile",
      "client-key",
      "proxy-url",
      "as",
      "__proto__",
      "server",
    );
    const values = dictionary(oneof(member, string()), jsonValue());
    holds(
      property(values, values, values, (moreOfUser, moreOfCluster, root) => {
        const text = stringify(
          k3sWrites({ user: { ...user, ...moreOfUser }, cluster: { ...cluster, ...moreOfCluster }, root }),
        );
        let read: ReturnType<typeof readK3sKubeconfig>;
        try {
          read = readK3sKubeconfig(text);
        } catch (error) {
          assert.ok(error instanceof PodtrustError && error.code === "machine-kubeconfig", String(error));
          return;
        }
        assert.deepEqual(Object.keys(read), ["ca", "port", "user"]);
        assert.ok(Number.isInteger(read.port) && read.port > 0 && read.port < 65_536);
        assert.match(
          read.ca,
          /^(?:-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n)+$/u,
        );
      }),
      { numRuns: runs(300) },
    );
  });
});
