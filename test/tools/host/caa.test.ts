/** CAA records for the accounts of a publisher on a machine, over a real sshd; systemd and the program are stand-ins. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../../src/base/index.ts";
import { dnsCliWorld } from "../../support/dns-cli-world.ts";
import {
  homeEnvironment,
  hostConfig,
  publisherProgram,
  standInForPublisher,
  startSshHost,
  whyNoSshHost,
  writeRelease,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost("files of another group");
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
const value = "ca.example.test; accounturi=https://ca.example.test/acct/1; validationmethods=http-01";

describe("CAA records of a publisher on a machine", { skip: missing ?? false }, () => {
  test("are made by the same up, once the publisher has its accounts; repaired; and gone with down", async (t) => {
    const world = await dnsCliWorld(t);
    const host = await startSshHost();
    t.after(() => host.stop());
    await standInForPublisher(host);
    await writeRelease(join(world.folder, "release"), version, publisherProgram("first"));
    await world.config(`${hostConfig(host)}
dns: {cloudflare: {}, addresses: ["203.0.113.7"]}
publisher:
  release: release
  https: {acme: {email: ops@example.com}}
`);
    const env = { ...world.env, ...homeEnvironment(world.folder) };
    const only = ["--only", "publisher", "--only", "dns"];
    const podtrust = (...args: string[]) => world.podtrust([...args, ...only], { env, clock: systemClock });
    const planned = await podtrust("plan");
    assert.match(
      planned.out,
      /\+ dns\/oidc\.example\.com\/CAA {2}create\n {6}values {2}\(known after host\/prod\/publisher\)/u,
      planned.err,
    );
    // What the machine has when the CAA record is made: a publisher that orders nothing yet.
    const held = "var/lib/private/podtrust-publisher/first-order-held";
    const atRecord: { readonly isRunning: boolean; readonly isHeld: boolean }[] = [];
    world.onWrite = () => {
      if (!world.records().some(({ type }) => type === "CAA")) return;
      const there = (path: string): boolean => existsSync(join(host.root, path));
      atRecord.push({ isRunning: there("run/stand-in/publisher"), isHeld: there(held) });
    };
    const up = await podtrust("up", "--yes");
    assert.equal(up.code, 0, up.out + up.err);
    assert.deepEqual(atRecord[0], { isRunning: true, isHeld: true });
    assert.equal(await host.file(held), undefined, "and orders from then on");
    world.onWrite = () => {};
    const caa = (): readonly unknown[] =>
      world
        .records()
        .flatMap((one) => (one.type === "CAA" ? [(one as unknown as { data: object }).data] : []));
    assert.deepEqual(caa(), [{ flags: 0, tag: "issue", value }]);
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
      /default = \{\n {4}"https:\/\/ca\.example\.test\/acct\/1" = "ca\.example\.test"\n/u,
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
