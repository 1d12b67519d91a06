/**
 * From nothing to a trusted cluster, in one run on a machine that really boots: `podtrust up` with one config file makes
 * it at Hetzner's stand-in, a name at Cloudflare's, k3s (the stand-in, whose API server is the real one), the publisher
 * with a certificate of Pebble's, and AWS's trust; then it is used, upgraded, rebooted, and taken down.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test, type TestContext } from "node:test";
import { IAMClient, ListOpenIDConnectProvidersCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import type { BootRow } from "../bench/from-nothing-page.ts";
import { untilGone } from "../cluster/harness/endings.ts";
import { account } from "../support/sandbox.ts";
import { leftOut, ssh, sshKey, until } from "./harness/index.ts";
import { assertConfined } from "./harness/confinement.ts";
import { phasesOf } from "./harness/phases.ts";
import { newerPodtrust, release, type PodtrustRun } from "./harness/podtrust.ts";
import { hasOwnNetwork, whyNoIpv6 } from "./harness/tap.ts";
import { askFor, type Document, role, stack, type StoryWorld, storyWorld, workload } from "./story-world.ts";

const skip =
  leftOut() || (hasOwnNetwork() ? false : "left out: it needs a network of its own (npm run test:machine)");

const discoveryPath = "/.well-known/openid-configuration";
const jwksPath = "/openid/v1/jwks";
const demoObjects = `{apiVersion: v1, kind: Namespace, metadata: {name: aws-test}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: demo-service-account, namespace: aws-test}}
`;
const units = "systemctl is-active k3s podtrust-publisher podtrust-publisher-https.socket";
const output = ({ out, err }: PodtrustRun): string => `${out}\n${err}`;

/** What took how long, for whoever reads the run, and for the bench. */
class Figures {
  readonly #context: TestContext;
  readonly #rows: BootRow[] = [];

  constructor(context: TestContext) {
    this.#context = context;
  }

  add(what: string, ran: PodtrustRun, waits: BootRow["waits"] = []): void {
    const { seconds: wall, ownSeconds: processor } = ran;
    this.#rows.push({ what, wall, processor, waits });
    const own = `${processor.toFixed(1)} s of the processor are podtrust's own`;
    this.#context.diagnostic(`${what}: ${wall.toFixed(1)} s, of which ${own}; the rest is waited for`);
    for (const [waited, seconds] of waits)
      this.#context.diagnostic(`… until ${waited}: ${seconds.toFixed(1)} s`);
  }

  /** Into the file that the bench names. */
  write(): void {
    const file = process.env["PODTRUST_FIGURES"];
    if (file !== undefined) writeFileSync(file, JSON.stringify(this.#rows));
  }
}

/**
 * Asks for both documents over and over while something is done, each time over a connection of its own; gives how many
 * were answered. With pauses: the machine's two emulated processors have the work to do as well.
 */
async function underLoad(
  ask: (path: string) => Promise<Document>,
  work: () => Promise<void>,
): Promise<number> {
  const load = { isOver: false, answered: 0 };
  const clients = [discoveryPath, jwksPath].map(async (path) => {
    while (!load.isOver) {
      const { status, text } = await ask(path);
      assert.deepEqual([status, text.startsWith("{")], [200, true]);
      load.answered += 1;
      await pause(200);
    }
  });
  const asking = Promise.all(clients);
  try {
    await Promise.race([work(), asking]);
    const enough = load.answered + 8;
    // Asked for a while longer, of what runs now.
    while (load.answered < enough) await Promise.race([pause(100), asking]);
  } finally {
    load.isOver = true;
  }
  await asking;
  return load.answered;
}

/** A workload's answer, from its ServiceAccount's token on. */
async function assertAnswered({ untilSaid, onMachine }: StoryWorld): Promise<void> {
  const token = await untilSaid("token", "aws-test/demo-service-account", "--raw", "-f", "podtrust.yaml");
  const answer = await onMachine(workload(token.trim()));
  assert.match(answer, new RegExp(`<Arn>arn:aws:sts::${account}:assumed-role/demo/machine</Arn>`, "u"));
}

/** The account that a machine's publisher has: its URI, and whose the record and its folder are. */
async function accountsOn({ onMachine }: StoryWorld) {
  const ran = await onMachine(`sudo sh -e -c '
cd /var/lib/private/podtrust-publisher/certificates/accounts
stat -c %u ../.. . *.json; stat -c %a *.json; sed -n "s/^  .uri.: .\\(https:[0-9A-Za-z./:_-]*\\).*/\\1/p" *.json'`);
  const [state, folder, record, mode, uri, ...more] = ran.trim().split(/\s+/u);
  assert.deepEqual(more, [], ran);
  return { owners: [state, folder, record], mode, uri };
}

interface Meanwhile {
  readonly ask: (path: string) => Promise<Document>;
  readonly figures: Figures;
}

/** An upgrade, a rollback and a reboot. */
async function surviveUpgradeAndReboot(
  context: TestContext,
  world: StoryWorld,
  { ask, figures }: Meanwhile,
): Promise<void> {
  const { run, podtrust, said, onMachine, clouds, route } = world;
  const version = "9.9.9";
  const newer = newerPodtrust(run, version);
  await release(newer, `${run.folder}/release`);
  const running = (): Promise<string> => onMachine("readlink /opt/podtrust/publisher/current");
  const first = await running();

  await context.test("a newer podtrust upgrades the publisher, and no request is lost", async () => {
    const answered = await underLoad(ask, async () => {
      const ran = await podtrust(["publisher", "upgrade", "--yes"], newer);
      assert.equal(ran.code, 0, output(ran));
      figures.add("publisher upgrade", ran);
    });
    context.diagnostic(`${answered} requests answered around the upgrade`);
    assert.match(await running(), /^versions\/9\.9\.9-/u);
    const isWhole = async (): Promise<boolean> => {
      const plan = await podtrust(["plan", "--check", ...route], newer);
      return plan.code === 0;
    };
    await until("a plan without differences", world.machine(), isWhole);
  });

  await context.test("a rollback brings the version before back, and no request is lost", async () => {
    const answered = await underLoad(ask, async () => void (await said("publisher", "rollback")));
    context.diagnostic(`${answered} requests answered around the rollback`);
    assert.equal(await running(), first);
  });

  await context.test("after a reboot of the machine everything is back by itself", async () => {
    const boot = "cat /proc/sys/kernel/random/boot_id";
    const before = (await onMachine(boot)).trim();
    const { id } = world.server();
    const asked = await fetch(`${clouds.hetzner.url}/servers/${id}/actions/reboot`, {
      method: "POST",
      headers: { authorization: `Bearer ${clouds.hetzner.tokens.readWrite}` },
    });
    assert.equal(asked.status, 201);
    await onMachine(`test "$(${boot})" != ${before} && ${units}`);
    const isServed = async (): Promise<boolean> =>
      (await ask(discoveryPath).catch(() => undefined))?.status === 200;
    await until("the documents from outside", world.machine(), isServed);
    await assertAnswered(world);
  });
}

describe("from nothing to a trusted cluster, on a machine that boots", { skip }, () => {
  test("one up makes machine, name, cluster, publisher and AWS's trust; they live through all that comes, until down", async (context: TestContext) => {
    const world = await storyWorld(context);
    const { run, podtrust, untilSaid, onMachine, pebble, clouds, route } = world;
    const up = await podtrust(["up", "--yes", ...route]);
    assert.equal(
      up.code,
      0,
      `${output(up)}\n${[...world.machines.values()].map((one) => one.console()).join("\n")}`,
    );
    const figures = new Figures(context);
    figures.add("up: from nothing to AWS's trust", up, phasesOf(up));
    const { ipv4, ipv6 } = world.server().public_net;
    const ownIpv6 = ipv6.ip.replace("::/64", "::1");
    const issuer = `https://${world.records().find(({ type }) => type === "A")?.name}`;
    const ask = (path: string, address = ipv4.ip): Promise<Document> =>
      askFor(pebble.root, issuer, address, path);

    const accounts = await accountsOn(world);

    await context.test(
      "the machine booted as a server of Hetzner's, with its name and both addresses",
      async () => {
        const ran = await onMachine("cat /run/cloud-init/cloud-id; hostname; ip -brief address show eth0");
        const [cloud, name, addresses = ""] = ran.trim().split("\n");
        assert.deepEqual([cloud, name], ["hetzner", stack]);
        for (const address of [`${ipv4.ip}/`, `${ownIpv6}/64`])
          assert.ok(addresses.includes(` ${address}`), addresses);
      },
    );

    await context.test(
      "its host key is none that stood in the user data, and nobody else's key gets in",
      async () => {
        const { hostKey, ...login } = world.login();
        const userData = clouds.hetzner.userData(stack) ?? "";
        assert.match(userData, /ssh-ed25519 AAAA/u);
        assert.ok(!userData.includes(hostKey.split(" ")[1] ?? "-"), "the host key was not replaced");
        assert.equal((await ssh(run, { ...login, hostKey }, "true")).code, 0);
        const other = await sshKey(run, "other-key");
        const elsewhere = await ssh(run, { ...login, hostKey: other.publicKey }, "true");
        assert.match(elsewhere.stderr, /Host key verification failed/u);
        const stranger = await ssh(run, { ...login, hostKey, identity: other.identity }, "true");
        assert.match(stranger.stderr, /Permission denied/u);
        assert.notEqual((await ssh(run, { ...login, hostKey, user: "root" }, "true")).code, 0);
      },
    );

    await context.test(
      "a kernel that came with the upgrade was started, once, before the cluster",
      async () => {
        const ran = await onMachine(
          "sudo grep -c \"running 'init-local'\" /var/log/cloud-init.log; test ! -e /run/reboot-required",
        );
        assert.equal(ran.trim(), "2");
      },
    );

    await context.test(
      "the name leads to the server's own addresses, and one account alone may get certificates",
      () => {
        const found = world.records().map(({ type, content }) => `${type} ${content}`);
        const [caa = "", ...addresses] = found.sort(
          (a, b) => Number(b.startsWith("CAA")) - Number(a.startsWith("CAA")),
        );
        assert.deepEqual(addresses.sort(), [`A ${ipv4.ip}`, `AAAA ${ownIpv6}`]);
        assert.equal(
          caa,
          `CAA 0 issue "pebble.letsencrypt.org; accounturi=${accounts.uri}; validationmethods=http-01"`,
        );
      },
    );

    await context.test(
      "that account is the only one at the CA: the publisher was given its key, and has its certificate by it",
      () => {
        const logs = readdirSync(pebble.folder).filter((name) => name.endsWith(".log"));
        const log = logs.map((name) => readFileSync(join(pebble.folder, name), "utf8")).join("\n");
        const made = [...log.matchAll(/There are now (\d+) accounts/gu)].map(([, count]) => count);
        assert.deepEqual(made, ["1"]);
        // systemd gave what was root's to the service's user before the service began.
        assert.equal(new Set(accounts.owners).size, 1);
        assert.notEqual(accounts.owners[0], "0");
        assert.equal(accounts.mode, "600");
      },
    );

    await context.test("the API server names the issuer, as it is asked through SSH", async () => {
      const text = await untilSaid("kubectl", "get", "--raw", discoveryPath);
      const document = JSON.parse(text) as { issuer: string; jwks_uri: string };
      assert.deepEqual([document.issuer, document.jwks_uri], [issuer, issuer + jwksPath]);
    });

    await context.test(
      "both documents come from outside over IPv4, with a certificate for the name",
      async () => {
        const { status, text } = await ask(discoveryPath);
        assert.equal(status, 200);
        const discovery = JSON.parse(text) as { issuer: string; jwks_uri: string };
        assert.deepEqual([discovery.issuer, discovery.jwks_uri], [issuer, issuer + jwksPath]);
        const keys = JSON.parse((await ask(jwksPath)).text) as { keys: unknown[] };
        assert.equal(keys.keys.length, 1);
      },
    );

    await context.test(
      "both documents come from outside over IPv6, at the host's own address of its network",
      { skip: whyNoIpv6() ?? false },
      async () => {
        for (const path of [discoveryPath, jwksPath])
          assert.deepEqual(await ask(path, ownIpv6), await ask(path));
        const { hostKey, ...login } = world.login();
        assert.equal((await ssh(run, { ...login, hostKey, address: ownIpv6 }, "true")).code, 0);
      },
    );

    await context.test(
      "the live unit is exposed to 2.0 at the most, and runs as nobody with no capability",
      () => assertConfined(context, onMachine),
    );

    await context.test(
      "a process of the machine with a ServiceAccount's token gets the role from AWS",
      async () => {
        await untilSaid("kubectl", "apply", "-f", run.write("demo.yaml", demoObjects));
        await assertAnswered(world);
      },
    );

    await context.test("AWS lets in the ServiceAccount of the config, and refuses all others", async () => {
      assert.match(await untilSaid("test", ...route), /demo/u);
    });

    await context.test("a second up has nothing to do", async () => {
      const again = await podtrust(["up", "--yes", ...route]);
      assert.deepEqual([again.code, /Nothing to do/u.test(again.out)], [0, true], output(again));
      figures.add("up again: nothing to do", again);
    });

    await surviveUpgradeAndReboot(context, world, { ask, figures });

    await context.test(
      "down leaves nothing at Hetzner, Cloudflare and AWS, and ends the machine",
      async () => {
        const pid = world.machine().pid();
        const down = await podtrust(["down", "--yes", "--confirm", stack, ...route]);
        assert.equal(down.code, 0, output(down));
        figures.add("down", down);
        const { servers, firewalls, primaryIps, sshKeys } = clouds.hetzner.contents();
        assert.deepEqual([servers, firewalls, primaryIps, sshKeys, world.records()], [[], [], [], [], []]);
        const { url, admin } = world.sandbox;
        const iam = new IAMClient({ endpoint: url, region: "eu-central-1", credentials: admin });
        const { OpenIDConnectProviderList: providers } = await iam.send(
          new ListOpenIDConnectProvidersCommand(),
        );
        const { Roles: roles = [] } = await iam.send(new ListRolesCommand());
        iam.destroy();
        assert.deepEqual([providers, roles.filter(({ Arn }) => Arn === role)], [[], []]);
        assert.ok(pid !== undefined);
        await untilGone([pid]);
      },
    );
    figures.write();
  });
});
