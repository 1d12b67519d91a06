/** A server that the stand-in for Hetzner makes is a machine that boots with what `POST /servers` asked for. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { untilGone } from "../cluster/harness/endings.ts";
import { leftOut, type Machine, ssh, sshKey, until, untilSsh } from "./harness/index.ts";
import { loginData, openProject, type Project } from "./harness/project.ts";

interface ServerAnswer {
  readonly server: {
    readonly id: number;
    readonly status: string;
    readonly public_net: { readonly ipv4: { readonly ip: string }; readonly ipv6: { readonly ip: string } };
  };
}

function statusIs(project: Project, machine: Machine, id: number, wanted: string): Promise<true> {
  return until(`status ${wanted}`, machine, 120_000, async () => {
    const { server } = await project.ask<ServerAnswer>("GET", `servers/${id}`);
    return server.status === wanted ? true : undefined;
  });
}

async function order(project: Project, userData: string): Promise<ServerAnswer["server"]> {
  const body = {
    name: "prod",
    server_type: "cx23",
    image: "debian-13",
    location: "nbg1",
    user_data: userData,
  };
  return (await project.ask<ServerAnswer>("POST", "servers", body)).server;
}

const skip = leftOut();

describe("a server of the stand-in for Hetzner", { skip }, () => {
  test("boots with its user data, has its addresses, and follows the API until it is deleted", async (context: TestContext) => {
    const project = await openProject(context);
    const { run } = project;
    const { userData, login } = await loginData(run);
    const start = performance.now();
    const server = await order(project, userData);
    const machine = project.machines.get("prod");
    assert.ok(machine !== undefined);
    await statusIs(project, machine, server.id, "running");
    const access = { ...login, port: machine.ports[22] };

    const first = await untilSsh(
      run,
      machine,
      access,
      "cat /run/cloud-init/cloud-id; hostname; ip -brief address show eth0; cat /proc/sys/kernel/random/boot_id",
    );
    context.diagnostic(`ssh after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    const [cloud, hostname, addresses = "", boot] = first.stdout.trim().split("\n");
    assert.equal(cloud, "hetzner");
    assert.equal(hostname, "prod");
    assert.ok(addresses.includes(` ${server.public_net.ipv4.ip}/`), addresses);
    assert.ok(addresses.includes(` ${server.public_net.ipv6.ip.replace("::/64", "::1/64")} `), addresses);

    await context.test("a host key other than the one of the user data is refused", async () => {
      const other = await sshKey(run, "other-host-key");
      const { code, stderr } = await ssh(run, { ...access, hostKey: other.publicKey }, "true");
      assert.equal(code, 255);
      assert.match(stderr, /Host key verification failed/u);
    });

    await context.test("neither root nor another key logs in", async () => {
      const other = await sshKey(run, "other-login-key");
      const asRoot = await ssh(run, { ...access, user: "root" }, "true");
      // cloud-init lets root's session say whom to ask, and end.
      assert.notEqual(asRoot.code, 0);
      const stranger = await ssh(run, { ...access, identity: other.identity }, "true");
      assert.notEqual(stranger.code, 0);
      // The latter where sshd is started again by cloud-init in this very moment.
      assert.match(stranger.stderr, /Permission denied|Connection closed/u);
    });

    await context.test("nothing but the named services is reached from inside", async () => {
      const out = "curl -sS --max-time 5 http://203.0.113.99/ ; curl -sS --max-time 5 http://1.1.1.1/";
      const { code } = await ssh(run, access, out);
      assert.notEqual(code, 0);
    });

    await context.test("after `reboot` it is another boot with the same keys", async () => {
      await project.ask("POST", `servers/${server.id}/actions/reboot`);
      const again = await untilSsh(
        run,
        machine,
        access,
        `test "$(cat /proc/sys/kernel/random/boot_id)" != ${boot}`,
      );
      assert.equal(again.code, 0);
    });

    await context.test("after `shutdown` it ends by itself and reads `off`", async () => {
      await project.ask("POST", `servers/${server.id}/actions/shutdown`);
      await statusIs(project, machine, server.id, "off");
      assert.equal(machine.isOn(), false);
    });

    await context.test("DELETE ends a machine that runs, and its disk is gone", async () => {
      await project.ask("POST", `servers/${server.id}/actions/poweron`);
      await statusIs(project, machine, server.id, "running");
      const pid = machine.pid();
      assert.ok(pid !== undefined);
      await project.ask("DELETE", `servers/${server.id}`);
      await untilGone([pid]);
    });
  });
});
