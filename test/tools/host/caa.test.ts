/**
 * CAA records for the accounts of a publisher on a machine, over a real sshd; systemd and the program are stand-ins. The
 * real publisher then runs on what the machine was given.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { silentLogger, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { parseConnectTo } from "../../../src/core/http/index.ts";
import { servePublisher } from "../../../src/publisher/configs/index.ts";
import { startStandInCluster } from "../../../src/sandbox/index.ts";
import { type CaInReach, caInReach } from "../../support/ca-in-reach.ts";
import { dnsCliWorld } from "../../support/dns-cli-world.ts";
import { freePort } from "../../support/free-port.ts";
import {
  homeEnvironment,
  hostConfig,
  publisherProgram,
  standInForPublisher,
  startSshHost,
  whyNoSshHost,
  writeRelease,
} from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";

const missing = whyNoSshHost("files of another group");
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
const state = "var/lib/private/podtrust-publisher";
const email = "ops@example.com";

/** Runs the real publisher on a state folder until it serves a certificate. */
async function order(t: TestContext, stateDir: string, { ca }: CaInReach, port: number): Promise<void> {
  const issuer = "https://oidc.example.com";
  const cluster = await startStandInCluster({ issuer });
  t.after(() => cluster.close());
  const file = (name: string): string => join(stateDir, name);
  await writeFile(file("kubeconfig"), cluster.kubeconfig("publisher"), { mode: 0o600 });
  await writeFile(file("ca.pem"), ca.tlsCa);
  const acme = { directory: ca.directoryUrl, caFile: "ca.pem", challenge: "tls-alpn-01", email };
  const https = { listen: [`127.0.0.1:${port}`], acme };
  const publisher = { source: { kubeconfig: "kubeconfig" }, stateDir: ".", admin: false, https };
  const config = await parseConfig(
    JSON.stringify({ stack: "prod", issuer, publisher }),
    file("podtrust.yaml"),
    {},
  );
  const serving = await servePublisher({
    configs: [config],
    clock: systemClock,
    logger: silentLogger,
    sockets: new Map(),
    env: {},
  });
  const isServing = (): boolean =>
    serving.publisher.status().issuers.every(({ certificate }) => certificate?.notAfter !== undefined);
  try {
    const seen = (): string => JSON.stringify(serving.publisher.status().issuers);
    await until("a certificate of every issuer", isServing, { detail: seen });
  } finally {
    // It writes into the folder until then.
    await serving.close(0);
  }
}

describe("CAA records of a publisher on a machine", { skip: missing ?? false }, () => {
  test("name an account that up registered, before the publisher runs; it orders with that one; repaired; gone with down", async (t) => {
    const world = await dnsCliWorld(t);
    const host = await startSshHost();
    t.after(() => host.stop());
    const port = await freePort();
    const reach = await caInReach({ connectTo: [parseConnectTo(`oidc.example.com:443:127.0.0.1:${port}`)] });
    t.after(() => reach.ca.close());
    await reach.prepare(world.folder);
    await standInForPublisher(host);
    await writeRelease(join(world.folder, "release"), version, publisherProgram("first"));
    await world.config(`${hostConfig(host)}
dns: {cloudflare: {}, addresses: ["203.0.113.7"]}
publisher:
  release: release
  https: {acme: {email: ${email}, challenge: tls-alpn-01, ${reach.acme}}}
`);
    const env = { ...world.env, ...homeEnvironment(world.folder) };
    const only = ["--only", "publisher", "--only", "dns"];
    const podtrust = (...args: string[]) => world.podtrust([...args, ...only], { env, clock: systemClock });
    const planned = await podtrust("plan");
    assert.match(
      planned.out,
      /\+ dns\/oidc\.example\.com\/CAA {2}create\n {6}values {2}\(known after host\/prod\/accounts\)/u,
      planned.err,
    );
    assert.equal(reach.asked(), 0, "a plan registers nothing");
    // What the machine has when the CAA record is made: an account, and no order.
    const records = (): readonly string[] => readdirSync(join(host.root, state, "certificates/accounts"));
    const atRecord: { readonly isRunning: boolean; readonly accounts: number }[] = [];
    world.onWrite = () => {
      if (!world.records().some(({ type }) => type === "CAA")) return;
      const isRunning = existsSync(join(host.root, "run/stand-in/publisher"));
      atRecord.push({ isRunning, accounts: records().length });
    };
    const up = await podtrust("up", "--yes");
    assert.equal(up.code, 0, up.out + up.err);
    assert.deepEqual(atRecord[0], { isRunning: false, accounts: 1 });
    assert.ok(existsSync(join(host.root, "run/stand-in/publisher")));
    world.onWrite = () => {};
    const caa = (): readonly unknown[] =>
      world
        .records()
        .flatMap((one) => (one.type === "CAA" ? [(one as unknown as { data: object }).data] : []));
    const [account = ""] = reach.ca.accounts();
    const value = `stand-in.invalid; accounturi=${account}; validationmethods=tls-alpn-01`;
    assert.deepEqual(caa(), [{ flags: 0, tag: "issue", value }]);
    await order(t, join(host.root, state), reach, port);
    assert.deepEqual(
      [reach.asked(), reach.ca.accounts(), reach.ca.issued().length],
      [1, [account], 1],
      "the publisher has no account but the one of the record",
    );
    assert.match((await podtrust("up", "--yes")).out, /Nothing to do, 4 unchanged\./u);
    const [record] = world.records().filter(({ type }) => type === "CAA");
    const path = `/zones/${await world.zoneId()}/dns_records/${record?.id}`;
    await world.byHand("PATCH", path, { data: { flags: 0, tag: "issue", value: "evil.example" } });
    assert.equal((await podtrust("up", "--yes")).code, 0);
    assert.deepEqual(caa(), [{ flags: 0, tag: "issue", value }]);
    const exported = await world.podtrust(["export", "opentofu", "--import"], { env, clock: systemClock });
    assert.equal(exported.code, 0, exported.err);
    assert.match(
      exported.out,
      /default = \{\n {4}"https:\/\/127\.0\.0\.1:\d+\/account\/\S+" = "stand-in\.invalid"\n/u,
    );
    const down = await podtrust("down", "--yes", "--confirm", "prod");
    assert.equal(down.code, 0, down.out + down.err);
    assert.deepEqual(world.records(), []);
    await host.stop();
    const blind = await world.podtrust(["export", "opentofu", "--import"], { env, clock: systemClock });
    assert.equal(blind.code, 0, blind.err);
    assert.match(blind.err, /note: the publisher's accounts are not known: .*127\.0\.0\.1/u);
    assert.match(blind.out, /default {5}= \{\}/u);
  });
});
