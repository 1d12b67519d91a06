/** What the publisher on a machine keeps, saved and put back over a real sshd; systemd and the program are stand-ins. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { fileStore } from "../../../src/providers/tls/index.ts";
import { type CaInReach, caInReach } from "../../support/ca-in-reach.ts";
import { testAuthority } from "../../support/certificates.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import { newKey } from "../../support/publisher.ts";
import { testAtLength } from "../../support/runs.ts";
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

const missing = whyNoSshHost("files of another user");
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const email = "ops@example.com";
const issuer = "https://oidc.example.com";
const serviceUser = 61_235;

/** Documents as a publisher keeps them: a key that signs, and one that is distrusted. */
function documents(signs: object, distrusted: object): string {
  const at = Date.now() - 60_000;
  const known = (jwk: object): object => ({ jwk, firstSeen: at, lastSeen: at });
  const keys = [known(signs), { ...known(distrusted), distrustedAt: at }];
  return JSON.stringify({ format: 1, issuer, confirmedAt: at, changedAt: at, keys });
}

describe("what the publisher on a machine keeps", { skip: missing ?? false }, () => {
  let first: SshHost;
  let second: SshHost;
  let reach: CaInReach;
  let folder: string;
  const [signs, stolen] = [newKey(), newKey()];

  beforeEach(async () => {
    [first, second] = [await startSshHost(), await startSshHost()];
    for (const host of [first, second]) await standInForPublisher(host);
    reach = await caInReach();
    folder = await mkdtemp(join(tmpdir(), "podtrust-publisher-backup-"));
    await writeRelease(join(folder, "release"), version, publisherProgram("first"));
    await reach.prepare(folder);
    for (const [name, host] of Object.entries({ first, second }))
      await writeFile(
        join(folder, `${name}.yaml`),
        `${hostConfig(host)}\npublisher: {release: release, https: {acme: {email: ${email}, ${reach.acme}}}}\n`,
      );
  });
  afterEach(async () => {
    await first.stop();
    await second.stop();
    await reach.ca.close();
    await rm(folder, { recursive: true, force: true });
  });

  const podtrust = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: systemClock });
  async function done(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await podtrust(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${err}${out}`);
    return out;
  }
  const state = (host: SshHost, path = ""): string =>
    join(host.root, "var/lib/private/podtrust-publisher", path);
  const store = (host: SshHost) => fileStore({ directory: state(host, "certificates"), clock: systemClock });
  const up = (name: string): Promise<string> =>
    done("up", "-f", `${name}.yaml`, "--only", "publisher", "--yes");
  const open = ["--identity", "identity.txt"];
  // The issuer does not answer.
  const nowhere = ["--connect-to", "oidc.example.com:443:127.0.0.1:1"];

  /** The first machine's publisher as it is after a while: documents, account and certificate, the service's user's. */
  async function lived() {
    await up("first");
    const account = await store(first).loadAccount(reach.ca.directoryUrl, email);
    await mkdir(state(first, "publisher"), { mode: 0o700 });
    await writeFile(state(first, "publisher/prod.json"), documents(signs, stolen), { mode: 0o600 });
    const pair = await (await testAuthority()).issue(["oidc.example.com"]);
    const address = { directory: reach.ca.directoryUrl, account: email, names: ["oidc.example.com"] };
    await store(first).save(address, pair);
    execFileSync("chown", ["-R", `${serviceUser}:${serviceUser}`, state(first)]);
    return { pair, account };
  }

  /** Saves it, and gives the words of the command. */
  async function saved(): Promise<CliResult> {
    const made = await done("backup", "keygen", "--output", "identity.txt", "--json");
    const { recipient } = JSON.parse(made) as { recipient: string };
    return podtrust("backup", "create", "-f", "first.yaml", "--recipient", recipient, "--output", "prod.age");
  }

  test("is saved over SSH, signed, and comes to a bare machine: the same keys, account and certificate, and none is ordered", async () => {
    const { pair, account } = await lived();
    const line = pair.key.split("\n")[1] ?? "";
    await first.watch();
    const { code, out, err } = await saved();
    assert.equal(code, 0, err);
    assert.ok(!`${out}${err}${readFileSync(join(folder, "prod.age"), "latin1")}`.includes(line));
    const signer = readFileSync(state(first, "backup-signing-key.pem"), "utf8");
    const secret = signer.split("\n")[1] ?? "";
    for (const { script } of await first.sessions())
      assert.ok(!script.includes(line) && !script.includes(secret));
    assert.ok(!`${out}${err}`.includes(secret));
    assert.equal(statSync(state(first, "backup-signing-key.pem")).mode & 0o777, 0o600);
    // The line that is printed, put where it belongs.
    const [signers = ""] = /backupSigners: \[ed25519:\S{43}\]/u.exec(out) ?? [];
    const config = readFileSync(join(folder, "second.yaml"), "utf8");
    await writeFile(
      join(folder, "second.yaml"),
      config.replace("release: release", `release: release, ${signers}`),
    );
    const verified = await podtrust("backup", "verify", "prod.age", "-f", "first.yaml", ...open, ...nowhere);
    assert.match(verified.out, /The same as the state in .*\/var\/lib\/private\/podtrust-publisher/u);

    await first.stop();
    const restored = await done("restore", "prod.age", "-f", "second.yaml", ...open, "--yes", ...nowhere);
    assert.match(restored, new RegExp(`${stolen.kid}, distrusted`, "u"));
    assert.match(restored, /podtrust up makes it/u);
    assert.deepEqual(await store(second).loadAccount(reach.ca.directoryUrl, email), account);
    const address = { directory: reach.ca.directoryUrl, account: email, names: ["oidc.example.com"] };
    assert.deepEqual(await store(second).load(address), pair);
    const kept = readFileSync(state(second, "publisher/prod.json"), "utf8");
    // Neither cluster nor name shows it, and nobody has handed it over.
    assert.match(restored, /It is signed by ed25519:/u);
    assert.match(kept, new RegExp(signs.kid, "u"));
    assert.match(kept, new RegExp(`${stolen.kid}[^}]*\\}[^}]*distrustedAt`, "u"));
    assert.equal(statSync(state(second, "publisher/prod.json")).mode & 0o777, 0o600);
    assert.equal(existsSync(state(second, "restoring.json")), false);
    // The publisher that is then made has all of it: nothing is registered anew.
    assert.equal(reach.asked(), 1);
    await up("second");
    assert.equal(reach.asked(), 1);
    assert.deepEqual(await store(second).loadAccount(reach.ca.directoryUrl, email), account);
  });

  test("is put below a publisher that runs while that is stopped; cut off, it does not start until it is run again", async () => {
    const { account } = await lived();
    assert.equal((await saved()).code, 0);
    await up("second");
    await writeFile(join(second.root, "run/stand-in/calls"), "");
    const restore = ["restore", "prod.age", "-f", "second.yaml", ...open, "--yes", ...nowhere];
    const calls = (): string => readFileSync(join(second.root, "run/stand-in/calls"), "utf8");
    // It has an account of its own by now, which is not thrown away unasked.
    const refused = await podtrust(...restore);
    assert.match(refused.err, /^code: +backup-newer$/mu);
    assert.deepEqual([calls(), existsSync(state(second, "restoring.json"))], ["", false]);
    restore.push("--replace");
    // Four looks, the mark, the stop, three looks: the documents' answer is lost, so that it is unknown what is written.
    await second.watch(12, "answer lost");
    const cut = await podtrust(...restore);
    assert.equal(cut.code, 1, cut.out);
    assert.ok(existsSync(state(second, "restoring.json")), cut.err);
    assert.match(calls(), /systemctl stop podtrust-publisher\.service/u);
    assert.doesNotMatch(calls(), /systemctl restart/u);
    await done(...restore);
    assert.equal(existsSync(state(second, "restoring.json")), false);
    assert.match(calls(), /systemctl restart podtrust-publisher\.service/u);
    assert.doesNotMatch(calls(), /socket/u);
    assert.deepEqual(await store(second).loadAccount(reach.ca.directoryUrl, email), account);
    assert.match(readdirSync(state(second)).join(), /replaced-/u);
  });

  testAtLength("of another stack, or without a mark, is neither saved nor written over", {}, async () => {
    await mkdir(state(first), { recursive: true, mode: 0o700 });
    await writeFile(state(first, "owner"), "podtrust stack=other format=1\n");
    const { code, err } = await saved();
    assert.deepEqual([code, /^code: +backup-foreign$/mu.test(err)], [1, true], err);
    assert.match(err, /podtrust stack=other/u);
    assert.equal(existsSync(join(folder, "prod.age")), false);
  });

  testAtLength(
    "is nothing on a machine without a publisher, and a machine out of reach leaves a backup to be verified",
    {},
    async () => {
      const none = await saved();
      assert.deepEqual([none.code, /^code: +backup-empty$/mu.test(none.err)], [1, true], none.err);
      await rm(join(folder, "identity.txt"));
      await lived();
      assert.equal((await saved()).code, 0);
      await first.stop();
      const { out } = await podtrust("backup", "verify", "prod.age", "-f", "first.yaml", ...open, ...nowhere);
      assert.match(out, /The publisher's machine cannot be asked/u);
    },
  );
});
