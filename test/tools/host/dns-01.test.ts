/** A publisher on a machine that proves its name by dns-01, over a real sshd; systemd and the program are stand-ins. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test, type TestContext } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { type CaInReach, caInReach } from "../../support/ca-in-reach.ts";
import type { CliResult } from "../../support/cli.ts";
import { type DnsCliWorld, dnsCliWorld } from "../../support/dns-cli-world.ts";
import type { Shown } from "../../support/stack-world.ts";
import {
  homeEnvironment,
  hostConfig,
  publisherProgram,
  type SshHost,
  standInForPublisher,
  startSshHost,
  whyNoSshHost,
  writeRelease,
} from "../../support/ssh-host/index.ts";
import { casesOf } from "../../support/runs.ts";

const missing = whyNoSshHost("files of another group");
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
const [token, newToken] = ["kept-by-the-publisher-alone-1", "kept-by-the-publisher-alone-2"];
const given = "run/credentials/podtrust-publisher.service/dns-token";
const sent = "etc/podtrust/publisher/dns-token";

describe("a publisher on a machine that proves its name by dns-01", { skip: missing ?? false }, () => {
  let host: SshHost;
  let reach: CaInReach;
  before(async () => {
    reach = await caInReach();
  });
  after(() => reach.ca.close());
  beforeEach(async () => {
    host = await startSshHost();
    await standInForPublisher(host);
  });
  afterEach(() => host.stop());

  interface World extends DnsCliWorld {
    readonly up: () => Promise<CliResult>;
    readonly fields: () => Promise<readonly string[]>;
    readonly configure: (challenge: string) => Promise<void>;
  }

  async function world(t: TestContext): Promise<World> {
    const made = await dnsCliWorld(t);
    await writeRelease(join(made.folder, "release"), version, publisherProgram("first"));
    await writeFile(join(made.folder, "token"), `${token}\n`);
    await reach.prepare(made.folder);
    const env = { ...made.env, ...homeEnvironment(made.folder) };
    const only = ["--only", "publisher", "--only", "dns"];
    const options = { env, clock: systemClock };
    const configure = (challenge: string): Promise<void> =>
      made.config(`${hostConfig(host)}
dns: {cloudflare: {publisherTokenFile: token}, addresses: ["203.0.113.7"]}
publisher:
  release: release
  https: {acme: {challenge: ${challenge}, ${reach.acme}}}
`);
    await configure("dns-01");
    return Object.assign(made, {
      configure,
      up: () => made.podtrust(["up", "--yes", ...only], options),
      async fields() {
        const { out } = await made.podtrust(["plan", "--json", ...only], options);
        return (JSON.parse(out) as Shown).changes.flatMap(({ fields }) => fields.map(({ field }) => field));
      },
    });
  }

  test("has a token of its own, which its service alone is given, and a CAA record for that challenge", async (t) => {
    const made = await world(t);
    const up = await made.up();
    assert.equal(up.code, 0, up.out + up.err);
    const { mode, uid, gid } = await stat(join(host.root, sent));
    assert.deepEqual([mode & 0o777, uid, gid], [0o600, 0, 0]);
    assert.equal(await host.file(given), `${token}\n`);
    const text = (await host.file("etc/podtrust/publisher.yaml")) ?? "";
    assert.match(text, /tokenFile: \/run\/credentials\/podtrust-publisher\.service\/dns-token/u);
    const unit = (await host.file("etc/systemd/system/podtrust-publisher.service")) ?? "";
    assert.match(unit, /^LoadCredential=dns-token:\/etc\/podtrust\/publisher\/dns-token$/mu);
    const caa = made.records().filter(({ type }) => type === "CAA") as unknown as { data: object }[];
    const value = `stand-in.invalid; accounturi=${reach.ca.accounts().at(-1)}; validationmethods=dns-01`;
    assert.deepEqual(
      caa.map(({ data }) => data),
      [{ flags: 0, tag: "issue", value }],
    );
    // Neither what is said nor what is asked of the machine shows it.
    const calls = (await host.file("run/stand-in/calls")) ?? "";
    const journal = (await host.file("run/stand-in/journal")) ?? "";
    for (const said of [up.out, up.err, text, unit, calls, journal]) assert.ok(!said.includes(token), said);
    assert.deepEqual(await made.fields(), []);
  });

  test("gets another token with one restart, and has none any more once another challenge is chosen", async (t) => {
    const made = await world(t);
    assert.equal((await made.up()).code, 0);
    await writeFile(join(made.folder, "token"), `${newToken}\n`);
    assert.deepEqual(await made.fields(), ["file dns-token"]);
    await writeFile(join(host.root, "run/stand-in/calls"), "");
    assert.equal((await made.up()).code, 0);
    assert.equal(await host.file(given), `${newToken}\n`);
    assert.equal((await host.file("run/stand-in/calls"))?.match(/systemctl restart/gu)?.length, 1);
    await made.configure("http-01");
    assert.ok((await made.fields()).includes("file dns-token"));
    const up = await made.up();
    assert.equal(up.code, 0, up.err);
    assert.deepEqual([await host.file(sent), await host.file(given)], [undefined, undefined]);
    assert.deepEqual(await made.fields(), []);
  });

  const refusedTokens = [
    ["no token", "", "cloudflare-token-missing", /token holds no token for Cloudflare/u],
    ["what is no token", "a b", "cloudflare-token-refused", /is no token of Cloudflare's/u],
    ["the token that podtrust itself works with", undefined, "usage", /that podtrust itself works with/u],
  ] as const;
  for (const [what, text, code, message] of casesOf(refusedTokens, 3)) {
    test(`with ${what} in its file is refused before anything is sent`, async (t) => {
      const made = await world(t);
      const own = text ?? made.env["CLOUDFLARE_API_TOKEN"] ?? "";
      await writeFile(join(made.folder, "token"), own);
      const { code: exit, err, out } = await made.up();
      assert.equal(exit, code === "usage" ? 2 : 1);
      assert.match(err, new RegExp(`code: {2}${code}`, "u"));
      assert.match(err, message);
      assert.ok(own === "" || !(out + err).includes(own), "it is not quoted");
      assert.equal(await host.file("etc/podtrust/publisher.yaml"), undefined);
    });
  }
});
