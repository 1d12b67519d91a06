/** Every command that there is has a run with `--json` in a golden file, or a suite that shows what it prints. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { podtrust } from "../../src/cli/commands.ts";
import { everyUse } from "../../src/core/command-line/index.ts";
import { understand } from "../docs/pages.ts";

type Suites = Readonly<Record<string, readonly [file: string, words: string]>>;

const onServers = "test/cluster/control-plane/rotation.test.ts";

/** What needs more than stand-ins, or stays until it is stopped: the suite that runs it, and words of that suite. */
const elsewhere: Suites = {
  "adopt finish": ["test/cluster/adoption.test.ts", 'run("finish", "--yes")'],
  "adopt run": ["test/cluster/adoption.test.ts", 'run("run", "--yes")'],
  "adopt undo": ["test/cluster/adoption.test.ts", 'run("undo", "--yes")'],
  demo: ["test/demo/demo.test.ts", 'demo("--keep", "--json")'],
  job: ["test/stack/injected-clients.test.ts", '["job", "--json"]'],
  kubectl: ["test/tools/host/cluster.test.ts", '"kubectl", "get", "pods"'],
  "make-store-key": ["test/publisher/replicas.test.ts", "await makeStoreKey(name, secret)"],
  "operator run": ["test/cluster/operator/operator.test.ts", '"operator", "run"'],
  "renew-token": ["test/publisher/own-token.test.ts", '"renew-token", "-f"'],
  "rotate abort": ["src/control-plane/rotation/rotation.test.ts", "world.rotation().abort()"],
  "rotate finish": [onServers, "rotation.finishPublication()"],
  "rotate prepare": [onServers, 'podtrust("prepare", "--yes", '],
  "rotate promote": [onServers, "rotation.promoteInTime()"],
  "rotate run": ["src/control-plane/rotation/rotation.test.ts", 'world.rotation().run("ES256", '],
  "rotate stolen": [onServers, 'podtrust("stolen", stolen, '],
  sandbox: ["test/cli/sandbox.test.ts", 'await running(t, ["--json"])'],
  "sandbox env": ["test/cli/sandbox-google.test.ts", '"sandbox", "env"'],
  serve: ["test/cli/serve.test.ts", '"serve"'],
  "signer add": ["test/tools/pkcs11.test.ts", '"signer", "add"'],
  "signer run": ["test/cluster/signer/signer-process.ts", '"signer", "run"'],
};

/** Commands of golden runs that were only refused, since there is no machine, cluster or file: where they do their work. */
const refused: Suites = {
  "adopt plan": ["test/cluster/adoption.test.ts", 'run("plan", "--json")'],
  "apply demo": ["test/cluster/apply.test.ts", '"--path", "/demo", "--json")'],
  logs: ["test/tools/host/cluster.test.ts", 'podtrust("logs", "k3s", '],
  "operator status": ["test/cluster/operator/operator.test.ts", '"operator", "status", '],
  "publish s3": ["test/cluster/s3.test.ts", '["publish", "s3", ...args, "--json"]'],
  "publisher rollback": ["test/tools/host/publisher.test.ts", 'podtrust("publisher", "rollback")'],
  "publisher upgrade": ["test/tools/host/publisher.test.ts", 'podtrust("publisher", "upgrade", '],
  restore: ["test/backup/publisher-lost.test.ts", 'podtrust(...restore, "--json")'],
  "rotate distrust": ["test/cli/serve.test.ts", '"rotate", "distrust", kid, '],
  ssh: ["test/tools/host/k3s.test.ts", 'podtrustChild(["ssh", '],
  tunnel: ["test/tools/host/cluster.test.ts", 'podtrustChild(["tunnel", '],
  "wait bindings": ["test/cluster/bindings/google.test.ts", '["wait", "bindings", "--json", '],
};

/** The lines of golden files, with their exit codes. */
function runs(): readonly { readonly code: string; readonly line: string }[] {
  const files = globSync("{json,manifests}/*.txt", { cwd: import.meta.dirname });
  const texts = files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8"));
  return texts.flatMap((text) =>
    [...text.matchAll(/^### (?:(\d+) )?podtrust (.+)$/gmu)].map(([, code = "0", line = ""]) => ({
      code,
      line,
    })),
  );
}

describe("the golden output", () => {
  test("has every command, and names a suite for each that it has no run of or a refused one alone", async () => {
    const hidden = podtrust.groups.flatMap(({ commands }) => commands).filter((one) => one.hidden === true);
    const shown = Object.keys(await everyUse(podtrust)).filter((name) => name !== "help");
    const all = new Set([...shown, ...hidden.map(({ name }) => name)]);
    const codes = new Map<string, Set<string>>();
    for (const { code, line } of runs()) {
      const { name } = await understand(line.split(" "));
      codes.set(name, (codes.get(name) ?? new Set()).add(code));
    }
    const missing = [...all].filter((name) => !codes.has(name));
    const alwaysRefused = [...codes]
      .filter(([, some]) => !some.has("0") && !some.has("3"))
      .map(([name]) => name);
    assert.deepEqual(missing.sort(), Object.keys(elsewhere).sort());
    assert.deepEqual(alwaysRefused.sort(), Object.keys(refused).sort());
    for (const [name, [file, words]] of Object.entries({ ...elsewhere, ...refused }))
      assert.ok(
        readFileSync(file, "utf8").replaceAll(/\s+/gu, " ").includes(words),
        `${file} does not run ${name}`,
      );
  });
});
