/**
 * What `up` does on a machine, on one that really booted: real systemd, sudo, sshd, apt and journal; k3s is the
 * stand-in, whose API server is the real one. Nothing leads out of the machine, so that apt finds nothing to upgrade.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { systemClock } from "../../src/base/index.ts";
import { fingerprintOf } from "../../src/host/host-key-pin.ts";
import {
  forwardCluster,
  HostConnection,
  k3sResource,
  type K3sWish,
  type SshTarget,
  systemResource,
} from "../../src/host/index.ts";
import { openKubernetes } from "../../src/kubernetes/index.ts";
import { parseDiscovery } from "../../src/oidc/index.ts";
import { applyPlan, type ApplyOutcome, noInputs, planOf, type Plan } from "../../src/plan/index.ts";
import { buildPrograms } from "../cluster/build.ts";
import { leftOut } from "./harness/index.ts";
import { bootedMachine } from "./saved.ts";

const skip = leftOut();
const issuer = "https://oidc.example.com";
const standard = "https://kubernetes.default.svc.cluster.local";

const failures = ({ failed }: ApplyOutcome): readonly string[] => failed.map(({ error }) => error.message);
const fields = ({ changes }: Plan): readonly string[] =>
  changes.flatMap((change) => change.fields.map(({ field }) => field));

describe("the bootstrap on a booted machine", { skip }, () => {
  test("the machine is prepared, rebooted, given k3s with our issuer, and found as wished", async (context: TestContext) => {
    const { run, access } = await bootedMachine(context);
    const { k3s } = await buildPrograms();
    let remembered: { current: string; next?: string } = { current: fingerprintOf(access.hostKey) };
    const target = (): SshTarget => ({
      address: "127.0.0.1",
      port: access.port,
      user: access.user,
      hostKeys: [remembered.current, ...(remembered.next === undefined ? [] : [remembered.next])],
      keyFile: access.identity,
    });
    const connection = new HostConnection({
      env: { PATH: process.env["PATH"], HOME: run.folder },
      clock: systemClock,
      stack: "prod",
      stateDir: join(run.folder, "state"),
      place: {
        needs: [],
        target: () => ({ known: true, value: target() }),
        remember: (_inputs, keys) => Promise.resolve(void (remembered = keys)),
      },
    });
    context.after(() => connection.close());
    const session = await connection.required(noInputs);
    const first = remembered.current;
    const boot = async (): Promise<string> =>
      (
        await (
          await connection.required(noInputs)
        ).run("cat /proc/sys/kernel/random/boot_id", { timeoutMs: 60_000 })
      ).stdout;
    const bootBefore = await boot();
    // As a new kernel leaves it: the upgrade itself finds nothing here.
    await session.run("touch /run/reboot-required", { timeoutMs: 60_000 });

    const sum = createHash("sha256").update(readFileSync(k3s)).digest("hex");
    const version = "v1.36.3+k3s1";
    const wish: K3sWish = {
      stack: "prod",
      version,
      sha256: { amd64: sum, arm64: sum },
      archive: k3s,
      issuers: [issuer, standard],
      jwksUri: `${issuer}/openid/v1/jwks`,
      tlsSans: [],
    };
    const system = systemResource({
      connection,
      clock: systemClock,
      wish: { stack: "prod", isFresh: true, isRootUsed: false },
    });
    const cluster = k3sResource({ connection, clock: systemClock, wish, dependsOn: [system.id] });
    const desired = [system, cluster];
    const waits: string[] = [];
    const up = await applyPlan(await planOf({ desired }), {
      onEvent: (event) => void (event.type === "waiting" && waits.push(event.reason)),
    });
    assert.deepEqual(failures(up), []);
    context.diagnostic(`waited for: ${[...new Set(waits)].join(" | ")}`);

    await context.test("the host key is another one, and the machine was rebooted once", async () => {
      assert.notEqual(remembered.current, first);
      assert.equal(remembered.next, undefined);
      assert.notEqual(await boot(), bootBefore);
    });
    await context.test(
      "the API server that runs has our issuer first, read from the real journal",
      async () => {
        assert.deepEqual(fields(await planOf({ desired })), []);
      },
    );
    await context.test("the API is reached through SSH, and its own document names our issuer", async () => {
      const forwarded = await forwardCluster(await connection.required(noInputs), "prod");
      const api = await openKubernetes({ kubeconfig: forwarded.kubeconfig });
      const { discovery } = await api.oidcDocuments();
      const document = parseDiscovery(discovery);
      assert.deepEqual([document.issuer, document.jwksUri], [issuer, `${issuer}/openid/v1/jwks`]);
      await forwarded.close();
    });
  });
});
