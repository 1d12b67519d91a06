/**
 * A machine on which a tenant has a user: real sshd, sh, mounts and uids. What stands for podtrust logs in as root; the tenant runs as a
 * user of his own beside it, and owns /var/lib/tenant.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PodtrustError, shellWord, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type ScriptResult } from "../../../src/providers/host/index.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

/** His uid and gid: of no user that a machine has. */
export const tenantId = 12_345;
/** The folder that is his. */
export const tenantFolder = "/var/lib/tenant";

/** Whose programs a machine has: Debian's, or Alpine's. */
export type Tools = "coreutils" | "BusyBox";
export const everyTools: readonly Tools[] = ["coreutils", "BusyBox"];

// Whatever a script of ours may run of BusyBox; the rest is the same on every machine.
const applets =
  "base64 basename cat chmod cmp cp cut dirname find grep head ln ls mkdir mktemp mv readlink rm sed sh sha256sum stat sync tr wc";

/** Why none can be had here; undefined where it can. */
export function whyNoTenantHost(): string | undefined {
  for (const [program, debian] of [
    ["busybox", "busybox"],
    ["setfacl", "acl"],
    ["setpriv", "util-linux"],
  ] as const) {
    try {
      execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    } catch {
      return `${program} is not installed (Debian: ${debian})`;
    }
  }
  return whyNoSshHost("a user beside root");
}

export interface TenantHost {
  readonly host: SshHost;
  readonly machine: ServerMachine;
  /** A script of the machine's administrator. */
  asRoot(script: string): Promise<string>;
  /** A script of the tenant; however it ends. */
  asTenant(script: string): Promise<ScriptResult>;
  /** Whether the tenant can read any file below these folders that holds a text. */
  tenantFinds(text: string, folders: readonly string[]): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts one; the caller stops it. */
export async function startTenantHost(tools: Tools): Promise<TenantHost> {
  const host = await startSshHost();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-tenant-"));
  const { port, user, keyFile, hostKey } = host;
  const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
  const env = homeEnvironment(folder);
  const alias = "podtrust-test";
  const knownHosts = await pinnedKnownHosts(target, {
    env,
    alias,
    state: new StateFolder(join(folder, "s")),
  });
  const session = openSession({ env, clock: systemClock, target, knownHosts, alias });
  await host.program("chown", 'exec /bin/chown "$@"');
  if (tools === "BusyBox")
    for (const applet of [...applets.split(" "), "chown"])
      await host.program(applet, `exec busybox ${applet} "$@"`);
  // A folder of the host's has the mode that a machine's has, not that of a test's.
  for (const path of ["etc", "opt", "var/lib", "run"]) await chmod(join(host.root, path), 0o755);
  const machine = new ServerMachine(session);
  const asTenant: TenantHost["asTenant"] = (script) => {
    const own = `exec setpriv --reuid=${tenantId} --regid=${tenantId} --clear-groups /bin/dash -c ${shellWord(script)}`;
    return session.run(own, { timeoutMs: 60_000 });
  };
  const asRoot = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await session.run(`set -eu\numask 022\n${script}\n`, {
      timeoutMs: 60_000,
    });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await asRoot(`mkdir ${tenantFolder}; chown ${tenantId}:${tenantId} ${tenantFolder}`);
  return {
    host,
    machine,
    asRoot,
    asTenant,
    async tenantFinds(text, folders) {
      const { stdout } = await asTenant(`grep -rl -- ${shellWord(text)} ${folders.join(" ")} 2>/dev/null`);
      return stdout !== "";
    },
    async stop() {
      await session.close();
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asserts that a promise is rejected by the rule of paths, for this reason. */
export async function refusedFor(promise: Promise<unknown>, reason: string): Promise<PodtrustError> {
  const error = await promise.then(
    (value) => assert.fail(`it was done: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PodtrustError, String(error));
  assert.equal(error.code, "host-path-refused", error.message);
  assert.equal(error.detail["reason"], reason, error.message);
  return error;
}
