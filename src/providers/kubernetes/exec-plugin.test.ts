import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import { execCredentials } from "./exec-plugin.ts";
import type { Consent, ConsentRequest } from "../../core/credentials/index.ts";
import type { Credentials } from "./identity.ts";
import type { KubeconfigContext } from "./kubeconfig.ts";

const apiVersion = "client.authentication.k8s.io/v1";
const clock = new TestClock();
let folder = "";

function contextOf(exec: object, content = "0"): KubeconfigContext {
  const values = { exec: { apiVersion, command: "./plugin", ...exec } };
  const path = join(folder, "config");
  const source = { path, realPath: path, digest: content };
  const cluster = {
    server: "https://192.0.2.1",
    "certificate-authority-data": Buffer.from("CA").toString("base64"),
  };
  return {
    file: join(folder, "config"),
    context: "main",
    namespace: undefined,
    cluster: { name: "c", values: cluster, folder, source },
    user: { name: "u", values, folder, source },
  };
}

function credentials(exec: object, env: Readonly<Record<string, string>> = {}): Credentials {
  return execCredentials(contextOf(exec), { env: { PATH: process.env["PATH"], ...env }, clock }, true);
}

/** The same where the kubeconfig is not the person's own. */
function ofForeign(exec: object, env: Readonly<Record<string, string>>, consent?: Consent): Credentials {
  const environment = { env: { PATH: process.env["PATH"], ...env }, clock };
  return execCredentials(
    contextOf(exec),
    consent === undefined ? environment : { ...environment, consent },
    false,
  );
}

function answer(status: object, version = apiVersion): Readonly<Record<string, string>> {
  return { ANSWER: JSON.stringify({ apiVersion: version, kind: "ExecCredential", status }) };
}

async function runs(): Promise<readonly string[]> {
  return (await readFile(join(folder, "runs"), "utf8")).trim().split("\n");
}

describe("a kubeconfig whose credentials a program gives", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-exec-"));
    // A plugin that counts its runs, keeps its input, and answers what ANSWER says.
    const plugin = `#!${process.execPath}
const fs = require("node:fs");
fs.appendFileSync("${folder}/runs", process.env.KUBERNETES_EXEC_INFO + "\\n");
if (process.env.COMPLAINT) { console.error(process.env.COMPLAINT); process.exit(3); }
process.stdout.write(process.env.ANSWER.replaceAll("ARGS", process.argv.slice(2).join("+").replace("$", "_")));
`;
    await writeFile(join(folder, "plugin"), plugin);
    await chmod(join(folder, "plugin"), 0o755);
  });

  after(() => rm(folder, { recursive: true }));

  test("a plugin beside the kubeconfig gets what client-go gives it, and its token is used", async () => {
    // A token with a blank would inject into the header.
    const blank = credentials({ args: ["a b"] }, answer({ token: "ARGS.t" }));
    await assert.rejects(blank.identity(), { code: "cluster-credentials", message: /no bearer token/u });
    const good = await credentials(
      { args: ["x", "$y"], provideClusterInfo: true },
      answer({ token: "ARGS.t" }),
    ).identity();
    assert.equal(good.headers["authorization"], "Bearer x+_y.t");
    assert.deepEqual(JSON.parse((await runs()).at(-1) ?? ""), {
      apiVersion,
      kind: "ExecCredential",
      spec: {
        interactive: false,
        cluster: {
          server: "https://192.0.2.1",
          "certificate-authority-data": Buffer.from("CA").toString("base64"),
        },
      },
    });
  });

  test("an answer is remembered until it expires or the cluster refuses it", async () => {
    const expirationTimestamp = new Date(clock.now() + 60_000).toISOString();
    const plugin = credentials({}, answer({ token: "t", expirationTimestamp }));
    const start = (await runs()).length;
    await plugin.identity();
    await plugin.identity();
    assert.equal((await runs()).length, start + 1);
    plugin.refused();
    await plugin.identity();
    assert.equal((await runs()).length, start + 2);
    clock.jump(60_000);
    await plugin.identity();
    assert.equal((await runs()).length, start + 3);
  });

  test("client certificates come by plugin too", async () => {
    const given = { clientCertificateData: "CERT", clientKeyData: "KEY" };
    assert.deepEqual(await credentials({}, answer(given)).identity(), {
      headers: {},
      cert: "CERT",
      key: "KEY",
    });
  });

  test("a failure of a plugin is named, without the plugin's arguments", async () => {
    const cases: readonly (readonly [RegExp, object, Readonly<Record<string, string>>])[] = [
      [/it failed \(exit 3\): log in first/u, {}, { COMPLAINT: "log in first" }],
      [/ENOENT/u, { command: "no-such-plugin-of-anybody" }, {}],
      [/no command is named/u, { command: "" }, {}],
      [/its apiVersion is "v1alpha1"/u, { apiVersion: "v1alpha1" }, {}],
      [/wants a terminal/u, { interactiveMode: "Always" }, {}],
      [/not JSON/u, {}, { ANSWER: "hello" }],
      [/no ExecCredential/u, {}, { ANSWER: "null" }],
      [/answers in client.authentication.k8s.io\/v1beta1/u, {}, answer({ token: "t" }, `${apiVersion}beta1`)],
      [/expirationTimestamp "soon" is no time/u, {}, answer({ token: "t", expirationTimestamp: "soon" })],
      [/not JSON/u, { env: [null, { name: "A" }] }, { ANSWER: "hello" }],
      [/neither a token nor a client certificate/u, {}, answer({ clientKeyData: "KEY" })],
    ];
    for (const [message, exec, env] of cases) {
      await assert.rejects(
        credentials({ args: ["--secret=hidden"], ...exec }, env).identity(),
        (error: { code: string; message: string }) => {
          assert.equal(error.code, "cluster-credentials");
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /hidden/u);
          return true;
        },
      );
    }
  });

  test("callers that ask while the plugin runs wait for the same answer", async () => {
    const plugin = credentials({}, answer({ token: "t" }));
    const start = (await runs()).length;
    const given = await Promise.all([plugin.identity(), plugin.identity(), plugin.identity()]);
    assert.equal((await runs()).length, start + 1);
    assert.deepEqual(given[2], given[0]);
  });

  test("a plugin that complains cannot command a terminal, nor say more than a line", async () => {
    const COMPLAINT = `\u001B]0;x\u0007\u009B2J\nlog in${" first".repeat(200)}`;
    await assert.rejects(credentials({}, { COMPLAINT }).identity(), (error: Error) => {
      assert.doesNotMatch(error.message, /\p{Cc}/u);
      assert.ok(error.message.length < 500);
      return true;
    });
  });

  describe("a plugin of a kubeconfig that is not the person's own", () => {
    const exec = { args: ["a"], env: [{ name: "EXTRA", value: "1" }] };
    const env = answer({ token: "t" });

    async function refusal(
      given: object,
      more: Readonly<Record<string, string>> = {},
    ): Promise<PodtrustError> {
      const start = (await runs()).length;
      const thrown: unknown = await ofForeign(given, { ...env, ...more })
        .identity()
        .catch((error: unknown) => error);
      assert.ok(thrown instanceof PodtrustError);
      assert.equal((await runs()).length, start, "it was run");
      return thrown;
    }

    test("is not run without consent, and the error says how to give it", async () => {
      const { code, message, next, detail } = await refusal(exec);
      assert.equal(code, "exec-plugin-unconfirmed");
      assert.match(message, /config names a program to run, which was not confirmed: EXTRA=1 .*\/plugin a$/u);
      assert.match(next, new RegExp(`PODTRUST_ALLOW_EXEC_PLUGIN=${String(detail["digest"])}\\.$`, "u"));
      assert.match(String(detail["digest"]), /^sha256:[0-9a-f]{64}$/u);
    });

    test("is run when its digest is allowed by the environment, and another is not", async () => {
      const digest = String((await refusal(exec)).detail["digest"]);
      const allowed = { ...env, PODTRUST_ALLOW_EXEC_PLUGIN: `sha256:0, ${digest}` };
      assert.equal((await ofForeign(exec, allowed).identity()).headers["authorization"], "Bearer t");
      for (const other of [
        { ...exec, args: ["b"] },
        { ...exec, env: [] },
        { ...exec, command: "../plugin" },
      ]) {
        assert.notEqual((await refusal(other, allowed)).detail["digest"], digest);
      }
      const plugin = join(folder, "plugin");
      const source = await readFile(plugin, "utf8");
      await writeFile(plugin, `${source}\n`);
      assert.notEqual((await refusal(exec, allowed)).detail["digest"], digest);
      await writeFile(plugin, source);
    });

    test("is asked about with all that will be run, and not when it was chosen here", async () => {
      const asked: ConsentRequest[] = [];
      const consent = (plugin: ConsentRequest): Promise<boolean> => {
        asked.push(plugin);
        return Promise.resolve(true);
      };
      await ofForeign(exec, env, consent).identity();
      assert.deepEqual(
        asked.map(({ kind, subject, what }) => [kind, subject, what]),
        [["program", join(folder, "config"), `EXTRA=1 ${join(folder, "plugin")} a`]],
      );
      const environment = { env: { PATH: process.env["PATH"], ...env }, clock, consent };
      await execCredentials(contextOf(exec), environment, true).identity();
      assert.equal(asked.length, 1);
    });

    test("that is a device without an end is refused, and not read for ever", async () => {
      assert.equal((await refusal({ command: "/dev/zero" })).code, "exec-plugin-unconfirmed");
    });

    test("of a person's own kubeconfig needs consent, too, where the environment lists what may run", async () => {
      const digest = String((await refusal(exec)).detail["digest"]);
      const own = (list: string): Credentials =>
        credentials(exec, { ...env, PODTRUST_ALLOW_EXEC_PLUGIN: list });
      const start = (await runs()).length;
      await assert.rejects(own("").identity(), { code: "exec-plugin-unconfirmed" });
      await assert.rejects(own("sha256:0").identity(), { code: "exec-plugin-unconfirmed" });
      assert.equal((await runs()).length, start);
      assert.equal((await own(digest).identity()).headers["authorization"], "Bearer t");
    });

    test("is asked about again once its kubeconfig has changed", async () => {
      const digests: string[] = [];
      const consent = ({ digest }: ConsentRequest): Promise<boolean> =>
        Promise.resolve(digests.push(digest) > 0);
      const environment = { env: { PATH: process.env["PATH"], ...env }, clock, consent };
      for (const content of ["0", "0", "1"])
        await execCredentials(contextOf(exec, content), environment, false).identity();
      assert.equal(digests[0], digests[1]);
      assert.notEqual(digests[1], digests[2]);
    });

    test("is refused unasked where its command line is too long to read", async () => {
      const asked: ConsentRequest[] = [];
      const consent = (plugin: ConsentRequest): Promise<boolean> => Promise.resolve(asked.push(plugin) > 0);
      const args = ["--harmless", " ".repeat(9000), "; id"];
      await assert.rejects(ofForeign({ args }, env, consent).identity(), {
        code: "exec-plugin-unconfirmed",
        message: /whose command line has 9\d{3} characters; at most 8192 are asked about$/u,
      });
      assert.deepEqual(asked, []);
    });

    test("that is declined is not run", async () => {
      const start = (await runs()).length;
      const no = ofForeign(exec, env, () => Promise.resolve(false));
      await assert.rejects(no.identity(), { code: "exec-plugin-unconfirmed" });
      assert.equal((await runs()).length, start);
    });
  });
});
