/** What a person has who follows a page: a fresh API server, and a shell with podtrust, kubectl and helm. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { podtrustScript } from "../../support/cli.ts";
import { buildPrograms } from "../build.ts";
import { type ControlPlane, startControlPlane } from "../harness/index.ts";
import { maxWait } from "../../support/until.ts";

const checkout = resolve(import.meta.dirname, "../../..");

export interface Shell {
  readonly plane: ControlPlane;
  readonly bash: (script: string) => Promise<string>;
}

/** A shell at a fresh API server, with podtrust, kubectl and helm, in a folder where the chart is at deploy/chart. */
export async function freshShell(t: TestContext): Promise<Shell> {
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
