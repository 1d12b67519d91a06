import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type PodtrustError, systemClock } from "../../core/base/index.ts";
import { yamlText } from "../../core/yaml/index.ts";
import { kubeconfigCredentials } from "./credentials.ts";
import { anyFile } from "./given-file.ts";
import { clusterCa, type Identity } from "./identity.ts";
import { defaultKubeconfig, readKubeconfig } from "./kubeconfig.ts";
import { openKubernetes } from "./open.ts";

let folder = "";
let files = 0;

async function file(text: string, name = `file-${(files += 1)}`): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function config(user: object, cluster: object = { server: "https://192.0.2.1:6443" }): string {
  // JSON is YAML.
  return JSON.stringify({
    "current-context": "main",
    contexts: [{ name: "main", context: { cluster: "c", user: "u", namespace: "ns" } }],
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
  });
}

async function identity(user: object, env: Record<string, string> = {}): Promise<Identity> {
  const context = await readKubeconfig(await file(config(user)));
  const environment = { env: { ...process.env, ...env }, clock: systemClock };
  return kubeconfigCredentials(context, environment, { isOwn: true, judge: anyFile }).identity();
}

const refused =
  (code: string, message: RegExp) => (error: { code: string; message: string; next: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(error.next.length > 0);
    return true;
  };

describe("a kubeconfig", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-kubeconfig-"));
  });

  after(() => rm(folder, { recursive: true }));

  test("the current context, another one, and what there is when neither fits", async () => {
    const path = await file(`
current-context: one
contexts:
  - {name: one, context: {cluster: c1, user: u1}}
  - {name: two, context: {cluster: c2, user: u1, namespace: ns}}
clusters:
  - {name: c1, cluster: {server: "https://one.example:6443"}}
  - {name: c2, cluster: {server: "https://two.example"}}
users:
  - {name: u1, user: {token: abc}}
`);
    assert.equal((await readKubeconfig(path)).cluster.values["server"], "https://one.example:6443");
    const two = await readKubeconfig(path, "two");
    assert.deepEqual([two.cluster.name, two.namespace], ["c2", "ns"]);
    await assert.rejects(readKubeconfig(path, "three"), (error: { next: string; code: string }) => {
      assert.deepEqual([error.code, error.next], ["kubeconfig-context", "Its contexts are: one, two."]);
      return true;
    });
    const none = await file("contexts: []\n");
    await assert.rejects(readKubeconfig(none), refused("kubeconfig-context", /has no current-context/u));
  });

  test("names that others chose are quoted, shortened and not all listed", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `context-${index}`);
    const contexts = ["\u001B[2J\nevil", "x".repeat(300), ...names].map((name) => ({ name, context: {} }));
    const path = await file(JSON.stringify({ contexts }));
    await assert.rejects(readKubeconfig(path, "\u009B31m"), (error: PodtrustError) => {
      assert.doesNotMatch(`${error.message}${error.next}`, /\p{Cc}/u);
      assert.match(error.next, /^Its contexts are: "\\u001b\[2J\\nevil", "x{79}…, context-0, /u);
      assert.match(error.next, / and 282 more\.$/u);
      return true;
    });
  });

  test("several files: the first that names a thing wins, and paths start from their own file", async () => {
    const deep = join(folder, "deep");
    await mkdir(deep);
    await writeFile(join(deep, "ca.pem"), "the CA");
    await writeFile(
      join(deep, "config"),
      config({ token: "second" }, { server: "https://b.example", "certificate-authority": "ca.pem" }),
    );
    const first = await file(
      JSON.stringify({ users: [{ name: "u", user: { token: "first" } }], "current-context": "main" }),
    );
    const context = await readKubeconfig([first, join(deep, "config")].join(delimiter));
    assert.equal(context.user.values["token"], "first");
    assert.equal(await clusterCa(context.cluster), "the CA");
  });

  test("one of several files that is not there is passed over, and named where none of them is", async () => {
    const there = await file(config({ token: "abc" }));
    const [first, last] = [join(folder, "absent"), join(folder, "absent-too")];
    assert.equal((await readKubeconfig([first, there, last].join(delimiter))).user.values["token"], "abc");
    await assert.rejects(
      readKubeconfig([first, last].join(delimiter)),
      refused("file-unreadable", /\/absent: there is no such file/u),
    );
  });

  test("a file that is no kubeconfig is refused by name, and nothing of a damaged one is repeated", async () => {
    const cases: readonly (readonly [text: string, message: RegExp])[] = [
      ["- a\n- b\n", /is not a mapping/u],
      ["contexts: 5\n", /contexts is not a list/u],
      ["contexts:\n  - context: {}\n", /an entry of contexts has no name/u],
      ["current-context: a\ncontexts: [{name: a, context: {cluster: x, user: y}}]\n", /the cluster "x"/u],
      ["users:\n  - name: u\n    user: {token: 'secret-token\n", /line \d+ is not YAML$/u],
    ];
    for (const [text, message] of cases) {
      await assert.rejects(readKubeconfig(await file(text)), refused("kubeconfig-invalid", message));
    }
    await assert.rejects(readKubeconfig(join(folder, "absent")), refused("file-unreadable", /no such file/u));
    await assert.rejects(readKubeconfig(folder), refused("file-unreadable", /EISDIR/u));
    await assert.rejects(
      readKubeconfig(await file("#".repeat(5 * 1024 * 1024))),
      refused("kubeconfig-invalid", /longer than/u),
    );
    // Without an end, and without a size that could be asked for.
    await assert.rejects(readKubeconfig("/dev/zero"), refused("kubeconfig-invalid", /longer than/u));
  });

  test("a kubeconfig that is too deep or has too many keys is refused before it is read to its end", async () => {
    const cases: readonly (readonly [text: string, message: RegExp])[] = [
      ["[".repeat(4_000_000), /it is nested more than 64 levels deep$/u],
      [
        Array.from({ length: 300_000 }, (_, index) => `k${index}: 1\n`).join(""),
        /it has more than 200000 keys, values and marks$/u,
      ],
    ];
    for (const [text, message] of cases) {
      await assert.rejects(readKubeconfig(await file(text)), refused("kubeconfig-invalid", message));
    }
  });

  test("a kubeconfig of hundreds of clusters with embedded certificates is read", async () => {
    const names = Array.from({ length: 400 }, (_, index) => `cluster-${index}`);
    const data = "QUJD".repeat(550);
    const cluster = { server: "https://192.0.2.1", "certificate-authority-data": data };
    const user = { "client-certificate-data": data, "client-key-data": data };
    const text = yamlText({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "cluster-399",
      clusters: names.map((name) => ({ name, cluster })),
      contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
      users: names.map((name) => ({ name, user })),
    });
    assert.equal((await readKubeconfig(await file(text))).user.name, "cluster-399");
  });

  test("aliases that would grow without bound are refused", async () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, n) => {
      const before_ = String.fromCodePoint(97 + n);
      const name = String.fromCodePoint(98 + n);
      return `${name}: &${name} [${Array(10).fill(`*${before_}`).join(", ")}]\n`;
    }).join("")}`;
    await assert.rejects(readKubeconfig(await file(bomb)), { code: "kubeconfig-invalid" });
  });

  test("tokens, token files and client certificates; files are read anew", async () => {
    assert.deepEqual(await identity({ token: "abc.def-ghi_jkl" }), {
      headers: { authorization: "Bearer abc.def-ghi_jkl" },
      sent: { kind: "token", from: "token of kubeconfig user u" },
    });
    const tokenFile = await file("first\n", "rotating-token");
    const context = await readKubeconfig(await file(config({ token: "old", tokenFile: "rotating-token" })));
    const credentials = kubeconfigCredentials(
      context,
      { env: {}, clock: systemClock },
      { isOwn: true, judge: anyFile },
    );
    assert.equal((await credentials.identity()).headers["authorization"], "Bearer first");
    await writeFile(tokenFile, "second");
    assert.equal((await credentials.identity()).headers["authorization"], "Bearer second");
    await file("CERT", "client.pem");
    const base64 = Buffer.from("KEY").toString("base64");
    assert.deepEqual(await identity({ "client-certificate": "client.pem", "client-key-data": base64 }), {
      headers: {},
      cert: "CERT",
      key: "KEY",
      sent: { kind: "certificate", from: "client certificate of kubeconfig user u" },
    });
    await assert.rejects(
      identity({ "client-certificate": "client.pem" }),
      refused("cluster-credentials", /client-key is missing/u),
    );
    await assert.rejects(
      identity({ tokenFile: "/dev/zero" }),
      refused("cluster-credentials", /longer than/u),
    );
    await assert.rejects(identity({ tokenFile: "gone" }), refused("cluster-credentials", /gone/u));
    await assert.rejects(
      identity({ token: "a\r\nx: y" }),
      refused("cluster-credentials", /no bearer token/u),
    );
  });

  test("the auth-provider oidc: its id-token while that is valid", async () => {
    const idToken = (exp: number): string => {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
      return `${part({ alg: "RS256" })}.${part({ exp })}.AAAA`;
    };
    const user = (exp: number) => ({
      "auth-provider": { name: "oidc", config: { "client-id": "kubectl", "id-token": idToken(exp) } },
    });
    const valid = 4_000_000_000;
    assert.deepEqual((await identity(user(valid))).headers, { authorization: `Bearer ${idToken(valid)}` });
    await assert.rejects(
      identity(user(1)),
      refused("cluster-credentials", /no id-token that is still valid/u),
    );
  });

  test("settings that would weaken the connection, or that Kubernetes no longer has, are refused by name", async () => {
    const open = async (user: object, cluster?: object): Promise<unknown> =>
      openKubernetes({ kubeconfig: await file(config(user, cluster)) });
    const server = "https://192.0.2.1";
    const cases: readonly (readonly [RegExp, object, object?])[] = [
      [/insecure-skip-tls-verify/u, { token: "a" }, { server, "insecure-skip-tls-verify": true }],
      [/proxy-url/u, { token: "a" }, { server, "proxy-url": "http://proxy" }],
      [/is not an https URL/u, { token: "a" }, { server: "http://192.0.2.1:8080" }],
      [/is not an https URL/u, { token: "a" }, {}],
      [
        /^(?!.*hunter2).* has a user name or password/u,
        { token: "a" },
        { server: "https://a:hunter2@192.0.2.1" },
      ],
      [
        /^(?!.*hunter2).* has a user name or password/u,
        { token: "a" },
        { server: "https://:hunter2@192.0.2.1" },
      ],
      [/authenticates with a password/u, { username: "admin", password: "x" }],
      [/impersonates \(as\)/u, { token: "a", as: "somebody" }],
      [/auth-provider gcp/u, { "auth-provider": { name: "gcp" } }],
    ];
    for (const [message, user, cluster] of cases) {
      await assert.rejects(open(user, cluster), refused("kubeconfig-unsupported", message));
    }
  });

  test("in a cluster: address from the environment, and outside of one a clear error", async () => {
    const inPod = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    assert.equal((await openKubernetes({ inCluster: true }, { env: inPod })).server, "https://[fd00::1]");
    await assert.rejects(
      openKubernetes({ inCluster: true }, { env: {} }),
      refused("cluster-credentials", /this is not a pod/u),
    );
  });

  test("the kubeconfig that is read by default is kubectl's", () => {
    assert.equal(defaultKubeconfig({ KUBECONFIG: "/a:/b" }), "/a:/b");
    assert.equal(defaultKubeconfig({ HOME: "/home/x" }), "/home/x/.kube/config");
  });
});
