/** The accounts of a publisher on a machine: registered from here, kept there over a real sshd. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { createAccountKey } from "../../../src/providers/acme/index.ts";
import { systemClock } from "../../../src/core/base/index.ts";
import { fileStore } from "../../../src/providers/tls/index.ts";
import { type CaInReach, caInReach } from "../../support/ca-in-reach.ts";
import { type CliResult, podtrustChild, podtrustHere } from "../../support/cli.ts";
import {
  homeEnvironment,
  hostConfig,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";
import { SwiftClock } from "../../support/swift-clock.ts";

const missing = whyNoSshHost("files of another user");
const email = "ops@example.com";
const hmacKey = "c2VjcmV0LW9mLXRoZS1vcGVyYXRvcg";
const only = ["--only", "accounts"];
const serviceUser = 61_234;

describe("the accounts of a publisher on a machine", { skip: missing ?? false }, () => {
  let host: SshHost;
  let reach: CaInReach;
  let folder: string;

  before(async () => {
    host = await startSshHost();
  });
  after(() => host.stop());
  beforeEach(async () => {
    reach = await caInReach();
    folder = await mkdtemp(join(tmpdir(), "podtrust-accounts-"));
    await reach.prepare(folder);
    await config();
  });
  afterEach(async () => {
    await reach.ca.close();
    await rm(folder, { recursive: true, force: true });
    for (const path of ["var/lib/private", "opt/podtrust"])
      await rm(join(host.root, path), { recursive: true, force: true });
  });

  const config = (acme = reach.acme): Promise<void> =>
    writeFile(
      join(folder, "podtrust.yaml"),
      `${hostConfig(host)}\npublisher: {https: {acme: {email: ${email}, ${acme}}}}\n`,
    );
  const podtrust = (args: readonly string[], clock = systemClock): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock });
  const up = (clock = systemClock): Promise<CliResult> => podtrust(["up", "--yes", ...only], clock);

  const state = (path = ""): string => join(host.root, "var/lib/private/podtrust-publisher", path);
  const records = (): readonly string[] => {
    const path = state("certificates/accounts");
    return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
  };
  /** The store of the publisher that runs there. */
  const store = () => fileStore({ directory: state("certificates"), clock: systemClock });
  const stored = () => store().loadAccount(reach.ca.directoryUrl, email);
  const lines = async (): Promise<string> => {
    const { out, err } = await podtrust(["plan", ...only]);
    return out + err;
  };

  test("are kept where the publisher's own store finds them, the key before the CA hears of it", async () => {
    const atCa: unknown[] = [];
    reach.ca.misbehave({
      what: "lie",
      at: ["newAccount"],
      lie(answer) {
        const [file = ""] = records();
        const { key, uri } = JSON.parse(readFileSync(file, "utf8")) as { key?: string; uri?: string };
        atCa.push([records().length, statSync(file).mode & 0o777, key?.includes("PRIVATE"), uri]);
        return answer;
      },
    });
    const { code, out, err } = await up();
    assert.equal(code, 0, out + err);
    assert.deepEqual(atCa, [[1, 0o600, true, undefined]]);
    const { uri, caaIdentities } = (await stored()) ?? {};
    assert.deepEqual([[uri], caaIdentities], [reach.ca.accounts(), ["stand-in.invalid"]]);
    for (const path of ["", "certificates", "certificates/accounts"])
      assert.equal(statSync(state(path)).mode & 0o777, 0o700, path);
  });

  test("a second up registers nothing, and a plan asks no CA", async () => {
    assert.match(await lines(), /\+ host\/prod\/accounts {2}create/u);
    assert.equal((await up()).code, 0);
    assert.equal(reach.asked(), 1);
    await reach.ca.close();
    assert.match((await up()).out, /Nothing to do/u);
  });

  test("a key is in no list of processes, on no screen, in no plan, and in no file of this machine", async () => {
    await host.watch();
    const first = await up();
    const key = (await stored())?.key.split("\n")[1] ?? "";
    assert.ok(key.length > 40);
    const saved = await podtrust(["plan", "--json", "--out", "saved.json", ...only]);
    for (const { script } of await host.sessions()) assert.ok(!script.includes(key));
    for (const said of [first.out, first.err, saved.out, saved.err]) assert.ok(!said.includes(key));
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    assert.ok(files.some(({ name }) => name === "saved.json"));
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name), "utf8");
      assert.ok(!text.includes(key), name);
    }
  });

  test("an account that stands is read and used, and its key is no other afterwards", async () => {
    // As a publisher made it that noted no names of the CA.
    const { key, uri } = { key: createAccountKey().pem, uri: `${reach.ca.directoryUrl}/made-before` };
    await mkdir(join(host.root, "opt/podtrust/publisher"), { recursive: true });
    await writeFile(
      join(host.root, "opt/podtrust/publisher/owner"),
      "podtrust stack=prod format=1 id=3f2a91bc\n",
    );
    await mkdir(state(), { recursive: true, mode: 0o700 });
    await store().saveAccount(reach.ca.directoryUrl, email, { key, uri });
    assert.match(await lines(), /~ host\/prod\/accounts {2}update/u);
    const { code, err } = await up();
    assert.equal(code, 0, err);
    assert.deepEqual(await stored(), { key, uri, caaIdentities: ["stand-in.invalid"] });
    assert.equal(reach.asked(), 0);
    assert.match((await up()).out, /Nothing to do/u);
  });

  test("accounts without a mark, and another stack's, are left alone", async () => {
    await mkdir(state(), { recursive: true, mode: 0o700 });
    const account = { key: createAccountKey().pem, uri: "https://ca.example/1" };
    await store().saveAccount("https://ca.example/directory", email, account);
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /plan-name-taken/u);
    await writeFile(state("owner"), "podtrust stack=other format=1 id=3f2a91bc\n");
    assert.match((await up()).err, /podtrust stack "other"/u);
    assert.deepEqual([records().length, reach.asked()], [1, 0]);
  });

  for (const [what, lie] of [
    ["that was lost", { status: 502, body: "gone" }],
    ["that never came", undefined],
  ] as const) {
    test(`an answer ${what} leaves one account, and up goes on with its key`, async () => {
      let isFirst = true;
      let kill = (): void => {};
      reach.ca.misbehave({
        what: "lie",
        at: ["newAccount"],
        lie(answer) {
          if (!isFirst) return answer;
          isFirst = false;
          if (lie !== undefined) return lie;
          kill();
          return new Promise(() => {});
        },
      });
      if (lie === undefined) {
        const child = podtrustChild(["up", "--yes", ...only], {
          cwd: folder,
          env: homeEnvironment(folder),
          onStart: (signal) => (kill = () => signal("SIGKILL")),
        });
        assert.equal((await child).code, null);
        const { key } = (await stored()) ?? {};
        assert.match(await lines(), /\+ host\/prod\/accounts {2}create/u);
        assert.equal((await up()).code, 0);
        assert.equal((await stored())?.key, key);
      } else assert.equal((await up(new SwiftClock())).code, 0);
      assert.deepEqual([(await stored())?.uri], reach.ca.accounts());
    });
  }

  test("two up at once end with one account", async () => {
    const ends = await Promise.all([up(), up()]);
    for (const { code, err } of ends) assert.ok(code === 0 || /plan-changed/u.test(err), err);
    assert.deepEqual([(await stored())?.uri], reach.ca.accounts());
    assert.equal(records().length, 1);
  });

  test("a wrong key of an external account is said to be that, and not shown; with the right one up goes on", async () => {
    await reach.ca.close();
    reach = await caInReach({ externalAccounts: { kid: hmacKey } });
    await reach.prepare(folder);
    await writeFile(join(folder, "kid"), "kid\n");
    const wrong = hmacKey.replace("c", "d");
    await writeFile(join(folder, "hmac"), `${wrong}\n`);
    await config(`${reach.acme}, eab: {kidFile: kid, hmacKeyFile: hmac}`);
    const { code, out, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /acme-account-refused/u);
    assert.match(err, /new-account: the binding's MAC does not verify/u);
    assert.match(err, /Check the key id and the HMAC key of the external account/u);
    assert.ok(!(out + err).includes(wrong));
    await writeFile(join(folder, "hmac"), `${hmacKey}\n`);
    assert.equal((await up()).code, 0);
    assert.deepEqual([(await stored())?.uri], reach.ca.accounts());
  });

  test("a CA that is out of reach is waited for with a reason, and then named with what to do", async () => {
    const { directoryUrl } = reach.ca;
    await reach.ca.close();
    const { code, err } = await up(new SwiftClock());
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`waiting for .*: the account at ${directoryUrl}: .*no connection came about`, "u"),
    );
    assert.match(err, /host-wait-missed/u);
    assert.match(err, /let it reach the CA's directory over HTTPS/u);
    assert.equal(existsSync(state()), false);
  });

  test("a CA whose own certificate is not verified gets nothing, and the error names the config's key", async () => {
    const other = await caInReach();
    await other.prepare(folder);
    await other.ca.close();
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /http-tls/u);
    assert.match(err, /publisher\.https\.acme\.caFile/u);
    assert.deepEqual(reach.ca.accounts(), []);
  });

  test("the CA is reached where --connect-to leads its port, and not by a rule for any port", async () => {
    await reach.ca.close();
    const place = "ca.example.test:14000";
    reach = await caInReach({ foundAt: place });
    await reach.prepare(folder);
    await config();
    const route = ["--connect-to", "::127.0.0.1:1", "--connect-to", `${place}:127.0.0.1:${reach.ca.port}`];
    const { code, err } = await podtrust(["up", "--yes", ...only, ...route]);
    assert.equal(code, 0, err);
    assert.deepEqual([(await stored())?.uri], reach.ca.accounts());
  });

  test("in a folder that is the service's already, a record is the service's, and a link of its leads nowhere", async () => {
    assert.equal((await up()).code, 0);
    execFileSync("chown", ["-R", `${serviceUser}:${serviceUser}`, state()]);
    await rm(records()[0] ?? "");
    assert.equal((await up()).code, 0);
    const { uid, gid, mode } = statSync(records()[0] ?? "");
    assert.deepEqual([uid, gid, mode & 0o777], [serviceUser, serviceUser, 0o600]);
    // What runs as that user has its folder lead to one of root's.
    await rm(state("certificates/accounts"), { recursive: true });
    const target = join(host.root, "etc/of-root");
    await mkdir(target, { mode: 0o755 });
    await symlink("/etc/of-root", state("certificates/accounts"));
    await chown(target, 0, 0);
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /Permission denied/u);
    assert.deepEqual(readdirSync(target), []);
  });

  test("down takes them and their mark away", async () => {
    assert.equal((await up()).code, 0);
    const { code, err } = await podtrust(["down", "--yes", ...only]);
    assert.equal(code, 0, err);
    assert.equal(existsSync(state()), false);
  });

  test("a record that is no account is an error with its place, and stays", async () => {
    assert.equal((await up()).code, 0);
    const [file = ""] = records();
    await writeFile(file, "not JSON");
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /certificate-store-invalid/u);
    assert.match(err, /\/var\/lib\/private\/podtrust-publisher\/certificates\/accounts\/127\.0\.0\.1/u);
    assert.equal(await readFile(file, "utf8"), "not JSON");
  });

  test("a disk that is full leaves no account at the CA, and with room up goes on", async () => {
    await host.small("var/lib", "32k");
    const filler = join(host.root, "var/lib/filler");
    execFileSync("sh", ["-c", `cat /dev/zero >'${filler}' 2>/dev/null || true`]);
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /host-disk-full/u);
    assert.deepEqual(reach.ca.accounts(), []);
    await rm(filler);
    assert.equal((await up()).code, 0);
    host.resize("var/lib", "32k,ro");
    await config(`${reach.acme}, fallback: {directory: "${reach.ca.directoryUrl}?2", caFile: ca.pem}`);
    const readOnly = await up();
    assert.equal(readOnly.code, 1);
    assert.match(readOnly.err, /Read-only file system/u);
    assert.equal(reach.ca.accounts().length, 1);
    host.resize("var/lib", "32k,rw");
  });
});
