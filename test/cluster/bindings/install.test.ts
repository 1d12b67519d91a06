/** The commands of the install page, in their order, on fresh API servers: each way ends with a binding that is taken. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { blocksOf } from "../../docs/pages.ts";
import { bindingOf, roles, trustOf, webRole } from "../../support/bindings/objects.ts";
import { podtrustScript } from "../../support/cli.ts";
import { buildPrograms } from "../build.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { until } from "./plane.ts";
import { maxWait } from "../../support/until.ts";

const checkout = resolve(import.meta.dirname, "../../..");
const page = "docs/how-to/install.md";

interface Shell {
  readonly plane: ControlPlane;
  readonly bash: (script: string) => Promise<string>;
}

/** A shell at a fresh API server, with podtrust, kubectl and helm, in a folder where the chart is at deploy/chart. */
async function freshShell(t: TestContext): Promise<Shell> {
  const programs = await buildPrograms();
  const plane = await startControlPlane({ issuer: "https://oidc.example.test" });
  t.after(() => plane.stop());
  const folder = await mkdtemp(join(tmpdir(), "podtrust-install-"));
  t.after(() => rm(folder, { recursive: true }));
  const bin = join(folder, "bin");
  await mkdir(bin);
  await symlink(plane.kubectlPath, join(bin, "kubectl"));
  await symlink(join(checkout, "deploy"), join(folder, "deploy"));
  const program = `#!/bin/sh\n${podtrustScript}\n`;
  await writeFile(join(bin, "podtrust"), program, { mode: 0o755 });
  const env = {
    PATH: [bin, dirname(programs.helm), process.env["PATH"]].join(":"),
    HOME: folder,
    KUBECONFIG: plane.adminKubeconfig,
  };
  const bash = async (script: string): Promise<string> => {
    const options = { cwd: folder, env, timeout: maxWait };
    const { stdout, stderr } = await promisify(execFile)("bash", ["-eo", "pipefail", "-c", script], options);
    return stdout + stderr;
  };
  return { plane, bash };
}

/** The shell blocks of the page that have such a line. */
function blocksWith(pattern: RegExp): readonly string[] {
  const found = blocksOf(page).filter(({ language, text }) => language === "sh" && pattern.test(text));
  assert.ok(found.length > 0, String(pattern));
  return found.map(({ text }) => text);
}

/** What a person does next: a namespace, a trust, a binding by a file and one by name. Each has to succeed at once. */
async function bindAtOnce({ plane, bash }: Shell): Promise<void> {
  await plane.kubectl(["create", "namespace", "shop"]);
  await plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(trustOf()));
  const binding = JSON.stringify(bindingOf(roles(webRole)));
  assert.match(
    await plane.kubectl(["apply", "--server-side", "-f", "-"], binding),
    /web serverside-applied/u,
  );
  const said = await bash(
    "podtrust bind shop/api --account 111122223333 --policy AmazonSSMReadOnlyAccess --apply",
  );
  assert.match(said, /AWSRoleBinding shop\/api applied/u);
  // What no grant allows is refused once the API server knows of trusts, at most half a minute after their definition.
  // A new name each time: what stands is judged again only where it changes.
  let tries = 0;
  await until(
    "the refusal of what no grant allows",
    () =>
      bash(
        `podtrust bind default/web-${(tries += 1)} --account 111122223333 --policy AmazonSSMReadOnlyAccess --apply 2>&1 || true`,
      ),
    (refusal) => refusal.includes("podtrust-grants"),
  );
}

describe("the install page", { skip: leftOut() }, () => {
  test("by kubectl: its commands, in their order, end with an API server that takes bindings", async (t) => {
    const shell = await freshShell(t);
    for (const block of blocksWith(/^podtrust manifests bindings/mu)) await shell.bash(block);
    await bindAtOnce(shell);
  });

  test("by Helm: its commands, in their order, end with an API server that takes bindings", async (t) => {
    const shell = await freshShell(t);
    const said: string[] = [];
    for (const block of blocksWith(/^helm /mu)) said.push(await shell.bash(block));
    // Who reads no page reads the notes of the release.
    assert.match(said.at(-1) ?? "", /NOTES:[\s\S]*\n {2}podtrust wait bindings\n/u);
    await bindAtOnce(shell);
  });

  test("bind --apply right after the definitions waits for the API server and says why", async (t) => {
    const shell = await freshShell(t);
    await shell.plane.kubectl(["create", "namespace", "shop"]);
    const said = await shell.bash(
      "podtrust manifests bindings | kubectl apply --server-side -f - >/dev/null\n" +
        "podtrust bind shop/web --existing arn:aws:iam::111122223333:role/shop/web --apply",
    );
    assert.match(said, /AWSRoleBinding shop\/web applied/u);
  });
});
