/** The publisher as a service of a machine, by the commands, over a real sshd; systemd and the program are stand-ins. */
import assert from "node:assert/strict";
import { readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { type CaInReach, caInReach } from "../../support/ca-in-reach.ts";
import { type CliResult, podtrustChild, podtrustHere } from "../../support/cli.ts";
import {
  homeEnvironment,
  hostConfig,
  publisherProgram,
  type SshHost,
  standInForPublisher,
  startSshHost,
  unreadyPublisher,
  whyNoSshHost,
  writeRelease,
} from "../../support/ssh-host/index.ts";
import { casesOf, testAtLength } from "../../support/runs.ts";
import { SwiftClock } from "../../support/swift-clock.ts";
import type { Shown } from "../../support/stack-world.ts";

const missing = whyNoSshHost("files of another group");

const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };

describe("the publisher of a machine", { skip: missing ?? false }, () => {
  let host: SshHost;
  let folder: string;
  let reach: CaInReach;
  let acme: string;

  before(async () => {
    reach = await caInReach({ externalAccounts: { kid: "c2VjcmV0" } });
    acme = `acme: {email: ops@example.com, ${reach.acme}, eab: {kidFile: eab-kid, hmacKeyFile: eab-key}}`;
  });
  after(() => reach.ca.close());

  beforeEach(async () => {
    host = await startSshHost();
    await standInForPublisher(host);
    folder = await mkdtemp(join(tmpdir(), "podtrust-publisher-"));
    await release("first");
    await writeFile(join(folder, "eab-kid"), "kid\n");
    await writeFile(join(folder, "eab-key"), "c2VjcmV0\n");
    await reach.prepare(folder);
    await config();
  });
  afterEach(async () => {
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const release = (label: string, service?: string): Promise<void> =>
    writeRelease(join(folder, "release"), version, publisherProgram(label, service));

  const config = (https = acme): Promise<void> =>
    writeFile(
      join(folder, "podtrust.yaml"),
      `${hostConfig(host)}
publisher:
  release: release
  https: {${https}}
`,
    );

  const podtrust = (...args: string[]): Promise<CliResult> =>
    podtrustHere(args, {
      cwd: folder,
      env: homeEnvironment(folder),
      // Deadlines pass at once; what is asked on the machine takes the time that it takes.
      clock: swift ? new SwiftClock() : systemClock,
    });
  let swift = false;

  async function up(): Promise<CliResult> {
    return podtrust("up", "--only", "publisher", "--yes");
  }
  async function fields(): Promise<readonly string[]> {
    const { out, err } = await podtrust("plan", "--only", "publisher", "--json");
    assert.ok(out !== "", err);
    const { changes } = JSON.parse(out) as Shown;
    return changes.flatMap((change) => change.fields.map(({ field }) => field));
  }
  const home = (path: string): string => join(host.root, "opt/podtrust/publisher", path);
  const running = async (): Promise<string> => {
    const text = await readFile(home("current/podtrust-publisher"), "utf8");
    return /^# (.*)$/mu.exec(text)?.[1] ?? "";
  };
  const calls = async (): Promise<string> => (await host.file("run/stand-in/calls")) ?? "";

  test("up installs it with its units, config and token, and a second up finds nothing to do", async () => {
    const { code, err } = await up();
    assert.equal(code, 0, err);
    assert.equal(await running(), "first");
    const text = (await host.file("etc/podtrust/publisher.yaml")) ?? "";
    assert.match(text, /^# podtrust stack=prod/u);
    assert.match(text, /tokenFile: \/var\/lib\/podtrust-publisher-token\/token/u);
    assert.doesNotMatch(text, /k3s\.yaml|kubeconfig/u);
    const secret = await stat(join(host.root, "etc/podtrust/publisher/acme-eab-key"));
    assert.deepEqual([secret.mode & 0o777, secret.uid, secret.gid], [0o640, 0, 990]);
    assert.match(await calls(), /enable --now .*https\.socket.*http\.socket.*\.timer/u);
    assert.equal(await host.file("var/lib/podtrust-publisher-token/token"), "secret\n");
    assert.deepEqual(await fields(), []);
    assert.match((await up()).out, /Nothing to do/u);
  });

  testAtLength(
    "a machine is reached where --connect-to leads its SSH port, and not by a rule for any port",
    {},
    async () => {
      const file = join(folder, "podtrust.yaml");
      const text = await readFile(file, "utf8");
      const here = `address: 127.0.0.1, port: ${host.port}`;
      assert.ok(text.includes(here));
      await writeFile(file, text.replace(here, "address: 203.0.113.7"));
      const route = [
        "--connect-to",
        "::127.0.0.1:1",
        "--connect-to",
        `203.0.113.7:22:127.0.0.1:${host.port}`,
      ];
      const { out, err } = await podtrust("plan", "--only", "publisher", "--json", ...route);
      assert.notEqual(out, "", err);
      assert.deepEqual(
        (JSON.parse(out) as Shown).changes.map(({ kind }) => kind),
        ["create", "create"],
      );
    },
  );

  testAtLength(
    "the config on the machine is one that a publisher there loads without a warning",
    {},
    async () => {
      await up();
      const at = join(folder, "on-the-machine.yaml");
      await writeFile(at, (await host.file("etc/podtrust/publisher.yaml")) ?? "");
      const { code, err } = await podtrust("rotate", "status", "-f", at);
      // Nothing runs here; the config was read before that was found out.
      assert.equal(code, 1);
      assert.match(err, /publisher-not-running/u);
      assert.doesNotMatch(err, /config-invalid|warning/u);
    },
  );

  test("what was changed by hand is shown by name and put right, with one restart", async () => {
    await up();
    await writeFile(
      join(host.root, "etc/podtrust/publisher.yaml"),
      "# podtrust stack=prod format=1 id=3f2a91bc\n",
    );
    await writeFile(join(host.root, "etc/systemd/system/podtrust-publisher.service"), "[Service]\n");
    await rm(join(host.root, "run/stand-in/units/podtrust-publisher-http.socket.enabled"));
    assert.deepEqual((await fields()).toSorted(), [
      "config",
      "podtrust-publisher-http.socket",
      "unit podtrust-publisher.service",
    ]);
    await writeFile(join(host.root, "run/stand-in/calls"), "");
    const { code, err } = await up();
    assert.equal(code, 0, err);
    assert.deepEqual(await fields(), []);
    assert.equal((await calls()).match(/systemctl restart/gu)?.length, 1);
    assert.doesNotMatch(await calls(), /stop .*socket/u);
  });

  testAtLength("a program that was changed by hand is replaced", {}, async () => {
    await up();
    const [name = ""] = await readdir(home("versions"));
    await writeFile(home(`versions/${name}/podtrust-publisher`), publisherProgram("somebody's"));
    assert.deepEqual(await fields(), ["version"]);
    assert.equal((await up()).code, 0);
    assert.equal(await running(), "first");
  });

  test("an upgrade switches in one step, keeps the version before, and stops no socket", async () => {
    await up();
    await release("second");
    assert.deepEqual(await fields(), ["version"]);
    await writeFile(join(host.root, "run/stand-in/calls"), "");
    const { code, err } = await podtrust("publisher", "upgrade", "--yes");
    assert.equal(code, 0, err);
    assert.equal(await running(), "second");
    assert.doesNotMatch(await calls(), /systemctl (?:stop|enable|disable)/u);
    const earlier = await readFile(home("previous/podtrust-publisher"), "utf8");
    assert.match(earlier, /^# first$/mu);
    await release("third");
    assert.equal((await up()).code, 0);
    assert.equal((await readdir(home("versions"))).length, 2);
  });

  const brokenUpgrades = [
    ["does not become ready", unreadyPublisher, /nothing can be published yet/u],
    ["does not start", "echo 'it cannot start' >>/run/stand-in/journal; exit 1", /it cannot start/u],
  ] as const;
  for (const [what, service, why] of casesOf(brokenUpgrades, 2)) {
    test(`an upgrade that ${what} is taken back by itself, with the end of its log`, async () => {
      await up();
      await release("broken", service);
      swift = true;
      const { code, err } = await up();
      swift = false;
      assert.equal(code, 1);
      assert.match(err, /publisher-upgrade/u);
      assert.match(err, /runs again/u);
      assert.match(err, why);
      assert.match(err, /broken starts/u);
      assert.equal(await running(), "first");
      assert.match((await host.file("run/stand-in/publisher")) ?? "", /"ready":true/u);
      // What failed is no version to go back to.
      assert.equal((await podtrust("publisher", "rollback")).code, 1);
    });
  }

  test("rollback runs the version before again, and a second one goes back", async () => {
    await up();
    await release("second");
    await up();
    const { code, out, err } = await podtrust("publisher", "rollback");
    assert.equal(code, 0, err);
    assert.match(out, /runs again in place of/u);
    assert.equal(await running(), "first");
    assert.deepEqual(await fields(), ["version"]);
    assert.equal((await podtrust("publisher", "rollback")).code, 0);
    assert.equal(await running(), "second");
  });

  testAtLength("rollback on a machine with one version alone is refused by name", {}, async () => {
    await up();
    const { code, err } = await podtrust("publisher", "rollback");
    assert.equal(code, 1);
    assert.match(err, /publisher-rollback/u);
    assert.equal(await running(), "first");
  });

  testAtLength("a machine without zstd gets what gzip unpacks", {}, async () => {
    await host.program("zstd", "exit 1");
    const { code, err } = await up();
    assert.equal(code, 0, err);
    assert.equal(await running(), "first");
  });

  testAtLength(
    "a program that was damaged here is not sent, and nothing of the machine is switched",
    {},
    async () => {
      await up();
      await release("second");
      const name = `podtrust-publisher-${version}-linux-${process.arch}.zst`;
      await writeFile(join(folder, "release", name), "not it");
      const { code, err } = await up();
      assert.equal(code, 1);
      assert.match(err, /publisher-release/u);
      assert.equal(await running(), "first");
    },
  );

  testAtLength("without a program to send, the plan says so and what to do", {}, async () => {
    await rm(join(folder, "release"), { recursive: true });
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /publisher-release/u);
    assert.match(err, /npm run release/u);
  });

  testAtLength("an interrupted installation is finished by the next up", {}, async () => {
    await writeFile(join(host.root, "run/stand-in/no-api"), "");
    swift = true;
    const { code, err } = await up();
    swift = false;
    assert.equal(code, 1);
    assert.match(err, /the publisher's token/u);
    await rm(join(host.root, "run/stand-in/no-api"));
    assert.equal((await up()).code, 0);
    assert.deepEqual(await fields(), []);
  });

  testAtLength("a publisher of another stack, and one without a mark, are left alone", {}, async () => {
    await up();
    const linked = await readlink(home("current"));
    for (const owner of ["podtrust stack=other format=1 id=3f2a91bc\n", "mine\n"]) {
      await writeFile(home("owner"), owner);
      const { code, err } = await up();
      assert.equal(code, 1);
      assert.match(err, /plan-name-taken/u);
    }
    assert.equal(await readlink(home("current")), linked);
  });

  testAtLength(
    "without a challenge over HTTP there is no socket for it, and one that was there goes",
    {},
    async () => {
      await up();
      await config(acme.replace("{email", "{challenge: tls-alpn-01, email"));
      const shown = await fields();
      assert.ok(shown.includes("unit podtrust-publisher-http.socket"), shown.join());
      const { code, err } = await up();
      assert.equal(code, 0, err);
      assert.equal(await host.file("etc/systemd/system/podtrust-publisher-http.socket"), undefined);
      assert.deepEqual(await fields(), []);
    },
  );

  test("rotate asks the publisher on the machine, with what was typed, and ends as it does", async () => {
    await up();
    const kid = `-${"k".repeat(42)}`;
    const env = { XDG_STATE_HOME: join(folder, "state") };
    const rotate = (...args: string[]) => podtrustChild(["rotate", ...args], { cwd: folder, env });
    const { code, out, err } = await rotate("distrust", kid, "--force", "--stack", "prod");
    assert.equal(code, 0, err);
    const state = "--state /var/lib/private/podtrust-publisher";
    assert.equal(out, `asked: rotate distrust ${kid} --stack prod --force ${state}\n`);
    assert.match((await rotate("status", "--json")).out, /^\{"ready":true/u);
  });

  test("down takes all of it away", async () => {
    await up();
    const { code, err } = await podtrust("down", "--only", "publisher", "--yes");
    assert.equal(code, 0, err);
    for (const path of ["opt/podtrust", "etc/podtrust", "var/lib/podtrust-publisher-token"])
      await assert.rejects(stat(join(host.root, path)), { code: "ENOENT" });
    assert.deepEqual(await readdir(join(host.root, "etc/systemd/system")), []);
  });
});
