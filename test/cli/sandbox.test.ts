import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fromIni } from "@aws-sdk/credential-providers";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { systemClock } from "../../src/core/base/index.ts";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import { clientEnvironment } from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { podtrustHere } from "../support/cli.ts";
import { until } from "../support/until.ts";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "podtrust-test-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

interface Running {
  readonly out: () => string;
  readonly err: () => string;
  /** Ends it as Ctrl-C does; gives the exit code. */
  readonly end: () => Promise<number | null>;
}

/** Runs `podtrust sandbox ARGS` and waits until it has said what `until` matches. */
async function running(
  t: TestContext,
  args: readonly string[],
  {
    until: there = /Ctrl-C ends it|^\}\n/mu,
    env = {},
  }: { readonly until?: RegExp; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Running> {
  const ending = new AbortController();
  let out = "";
  let err = "";
  const done = podtrustHere(["sandbox", "--port", "0", ...args], {
    env,
    signal: ending.signal,
    clock: systemClock,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  const end = async (): Promise<number | null> => {
    ending.abort();
    return (await done).code;
  };
  t.after(end);
  let ended = false;
  void done.finally(() => (ended = true)).catch(() => {});
  await until(`the sandbox says ${String(there)}`, () => {
    if (ended && !there.test(out)) throw new Error(`the sandbox ended: ${err}`);
    return there.test(out);
  });
  return { out: () => out, err: () => err, end };
}

describe("podtrust sandbox", () => {
  test("says how to point clients at it, and writes keys that work", async (t) => {
    const file = join(await folder(t), "credentials");
    const { out, end } = await running(t, ["--admin-credentials", file, "--account", "444455556666"]);
    const url = /AWS_ENDPOINT_URL=(\S+)/u.exec(out())?.[1];
    assert.match(out(), /a stand-in for IAM, STS and SSM Parameter Store, account 444455556666/u);
    assert.ok(out().includes(`AWS_SHARED_CREDENTIALS_FILE=${file}`));
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(
      !out().includes(/aws_secret_access_key = (\S+)/u.exec(await readFile(file, "utf8"))?.[1] ?? "-"),
    );
    const credentials = fromIni({ filepath: file, ignoreCache: true });
    const client = new STSClient({ endpoint: url ?? "", region: "us-east-1", credentials });
    t.after(() => client.destroy());
    const who = await client.send(new GetCallerIdentityCommand({}));
    assert.equal(who.Arn, "arn:aws:iam::444455556666:user/podtrust-admin");
    assert.equal(await end(), 0);
    await assert.rejects(fetch(url ?? ""));
  });

  test("writes the control API's token into a file alone, and takes the place of no other file", async (t) => {
    const path = await folder(t);
    const file = join(path, "token");
    const running1 = await running(t, ["--control-token", file, "--issuer", "https://oidc.shop.example"]);
    const token = (await readFile(file, "utf8")).trim();
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(!running1.out().includes(token) && running1.out().includes(file));
    const url = /^ {2}(http:\S+\/_podtrust\/)$/mu.exec(running1.out())?.[1] ?? "";
    const asked = await fetch(`${url}issuer`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(((await asked.json()) as { url: string }).url, "https://oidc.shop.example");
    await running1.end();
    await (await running(t, ["--control-token", file])).end();
    assert.notEqual((await readFile(file, "utf8")).trim(), token);
    await writeFile(file, "mine");
    const refused = await podtrustHere(["sandbox", "--port", "0", "--control-token", file]);
    assert.match(refused.err, /is not a file of a control token/u);
    assert.equal(await readFile(file, "utf8"), "mine");
  });

  test("takes the control API's token from PODTRUST_CONTROL_TOKEN, as who starts a container gives it", async (t) => {
    const file = join(await folder(t), "token");
    const token = randomUUID();
    const env = { PODTRUST_CONTROL_TOKEN: token };
    const { out, err, end } = await running(t, ["--json", "--control-token", file], { env });
    const { controlUrl } = JSON.parse(out()) as { controlUrl: string };
    const asked = await fetch(`${controlUrl}state`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(asked.status, 200);
    await end();
    assert.equal(await readFile(file, "utf8"), `${token}\n`);
    assert.ok(!out().includes(token) && !err().includes(token));
  });

  test("prints exports that, pasted into a shell, set all that the guide's exports set", async (t) => {
    const file = join(await folder(t), "it's here");
    const { out } = await running(t, ["--admin-credentials", file]);
    const exports = out().match(/^ {2}export .*$/gmu) ?? [];
    const script = `${exports.join("\n")}\nenv`;
    const set = execFileSync("/bin/sh", ["-c", script], { env: {}, encoding: "utf8" }).split("\n");
    const url = /AWS_ENDPOINT_URL=(\S+)/u.exec(out())?.[1] ?? "";
    const variables = clientEnvironment({ url, region: "us-east-1", credentials: file });
    assert.deepEqual(
      set.filter((line) => line.startsWith("AWS_")).sort(),
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    );
    const guide = await readFile("docs/how-to/sandbox.md", "utf8");
    const named = [...guide.matchAll(/^export .*$/gmu)].flatMap(
      ([line]) => line.match(/AWS_\w+(?==)/gu) ?? [],
    );
    assert.deepEqual(named.sort(), Object.keys(variables).sort());
  });

  test("--iam-rate-limit has IAM answer Throttling beyond its rate", async (t) => {
    const { out } = await running(t, ["--json", "--iam-rate-limit", "1:2"]);
    const { url, adminCredentials } = JSON.parse(out()) as { url: string; adminCredentials: string };
    const iam = new IAMClient({
      endpoint: url,
      region: "us-east-1",
      credentials: fromIni({ filepath: adminCredentials, ignoreCache: true }),
      maxAttempts: 1,
    });
    t.after(() => iam.destroy());
    const asked = await Promise.allSettled(
      Array.from({ length: 20 }, () => iam.send(new ListRolesCommand({}))),
    );
    const codes = asked.map((one) => (one.status === "fulfilled" ? "" : (one.reason as Error).name));
    assert.ok(codes.filter((code) => code === "").length >= 2);
    assert.ok(codes.includes("Throttling"));
  });

  test("without --admin-credentials the keys stand in a private folder that goes away", async (t) => {
    const { out, end } = await running(t, ["--json"]);
    const said = JSON.parse(out()) as { url: string; account: string; adminCredentials: string };
    assert.equal(said.account, "111122223333");
    assert.equal((await stat(said.adminCredentials)).mode & 0o777, 0o600);
    assert.equal((await stat(join(said.adminCredentials, ".."))).mode & 0o777, 0o700);
    await end();
    await assert.rejects(stat(said.adminCredentials));
  });

  test("--log says one line a request", async (t) => {
    const { out, end } = await running(t, ["--log"]);
    const url = /AWS_ENDPOINT_URL=(\S+)/u.exec(out())?.[1] ?? "";
    await fetch(`${url}/?Action=GetCallerIdentity&Version=2011-06-15`);
    await fetch(`${url}/?Action=Fly&Version=2011-06-15`);
    await end();
    const lines = out()
      .split("\n")
      .filter((line) => line.includes("action="));
    assert.equal(lines.length, 2);
    assert.match(
      lines[0] ?? "",
      /^\d{4}-.*Z deny action=sts:GetCallerIdentity who=anonymous rule=\S+ code=MissingAuthenticationToken$/u,
    );
    assert.match(lines[1] ?? "", / invalid action=sts:Fly who=anonymous rule=\S+ code=InvalidAction$/u);
  });

  test("with --json the lines of --log leave standard output to the one object", async (t) => {
    const { out, err, end } = await running(t, ["--log", "--json"]);
    const { url } = JSON.parse(out()) as { url: string };
    await fetch(`${url}/?Action=Fly&Version=2011-06-15`);
    await end();
    JSON.parse(out());
    assert.match(err(), /code=InvalidAction/u);
  });

  test("--state keeps the account over a restart, its keys too", async (t) => {
    const state = join(await folder(t), "state");
    const keys: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const { out, end } = await running(t, ["--json", "--state", state]);
      const { adminCredentials } = JSON.parse(out()) as { adminCredentials: string };
      keys.push(await readFile(adminCredentials, "utf8"));
      await end();
    }
    assert.equal(keys[0], keys[1]);
  });

  test("warns when it listens beyond loopback", async (t) => {
    const { err, out } = await running(t, ["--listen", "0.0.0.0"]);
    assert.match(err(), /^warning: the sandbox listens on 0\.0\.0\.0, where others can reach it/u);
    const url = /AWS_ENDPOINT_URL=(\S+)/u.exec(out())?.[1] ?? "";
    assert.match(url, /^http:\/\/127\.0\.0\.1:/u);
    assert.match(out(), /^Elsewhere, as outside of its container, take the address/mu);
    assert.equal((await fetch(url)).status, 200);
  });

  test("is ready, as a container's health check asks, once it says so", async (t) => {
    const { out } = await running(t, ["--listen", "0.0.0.0", "--control-from-anywhere"], {
      until: /^Ready\./mu,
    });
    const url = /AWS_ENDPOINT_URL=(\S+)/u.exec(out())?.[1] ?? "";
    const health = await fetch(`${url}/_podtrust/health`);
    assert.deepEqual([health.status, await health.json()], [200, { status: "ready" }]);
  });

  test("bad flags are refused by name and start nothing", async (t) => {
    const path = await folder(t);
    const notPem = join(path, "not.pem");
    await writeFile(notPem, "hello");
    const real = join(path, "real");
    await writeFile(real, "[default]\naws_access_key_id = AKIAREAL\n");
    const cases: readonly [readonly string[], string, RegExp, number][] = [
      [["--port", "70000"], "usage", /70000 is not a port/u, 2],
      [["--account", "12"], "usage", /--account 12/u, 2],
      [["--propagation", "soon"], "usage", /--propagation soon/u, 2],
      [["--iam-rate-limit", "0"], "usage", /--iam-rate-limit 0 is not a rate/u, 2],
      [["--iam-rate-limit", "20:"], "usage", /--iam-rate-limit 20: is not a rate/u, 2],
      [["--state", "/proc/nope/state"], "file-unwritable", /\/proc\/nope\/state/u, 1],
      [["--connect-to", "x"], "usage", /--connect-to x/u, 2],
      [["--message-profile", "2025"], "usage", /2025/u, 2],
      [["--issuer-cache", "forever"], "usage", /forever/u, 2],
      [["--ca", notPem], "usage", /holds no PEM certificate/u, 2],
      [["--ca", join(path, "none")], "file-unreadable", /none/u, 1],
      [["--listen", "192.0.2.1"], "sandbox-listen", /192\.0\.2\.1/u, 1],
      [["--listen", "127.0.0.1:0"], "usage", /--listen 127\.0\.0\.1:0 is not an address/u, 2],
      [["--admin-credentials", real], "file-unwritable", /is not a file of the sandbox/u, 1],
    ];
    for (const [args, code, message, exit] of cases) {
      const result = await podtrustHere(["sandbox", "--json", "--port", "0", ...args], {
        clock: systemClock,
      });
      const { error } = JSON.parse(result.out) as { error: { code: string; message: string } };
      assert.deepEqual([error.code, result.code], [code, exit], result.out);
      assert.match(error.message, message);
    }
    assert.match(await readFile(real, "utf8"), /AKIAREAL/u);
  });

  test("--ca takes certificates among other text", async (t) => {
    const { root } = await testAuthority();
    const file = join(await folder(t), "ca.pem");
    await writeFile(file, `a comment\n${root}\nanother\n`);
    await chmod(file, 0o400);
    const { end } = await running(t, ["--ca", file, "--connect-to", ":443:127.0.0.1:8443"]);
    assert.equal(await end(), 0);
  });

  test("--clouds runs stand-ins for Hetzner Cloud and Cloudflare, whose tokens stand in a file alone", async (t) => {
    const { out, end } = await running(t, [
      "--clouds",
      "--cloud-zone",
      "zone.example",
      "--cloud-mischief",
      "off,lag=9000",
    ]);
    const file = /^ {2}\. (\S+)$/mu.exec(out())?.[1] ?? "";
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const lines = [...(await readFile(file, "utf8")).matchAll(/^export (\w+)=(\S+)$/gmu)];
    const variables = new Map(lines.map(([, name, value]) => [name, value]));
    const hetzner = { url: variables.get("HCLOUD_ENDPOINT"), token: variables.get("HCLOUD_TOKEN") ?? "" };
    const cloudflare = {
      url: variables.get("CLOUDFLARE_BASE_URL"),
      token: variables.get("CLOUDFLARE_API_TOKEN") ?? "",
    };
    assert.equal(hetzner.token.length, 64);
    assert.equal(out().includes(hetzner.token) || out().includes(cloudflare.token), false);
    const types = await fetch(`${hetzner.url}/server_types`, {
      headers: { authorization: `Bearer ${hetzner.token}` },
    });
    assert.equal(types.status, 200);
    const zones = await fetch(`${cloudflare.url}/zones?name=zone.example`, {
      headers: { authorization: `Bearer ${cloudflare.token}` },
    });
    const [zone, ...others] = ((await zones.json()) as { result: readonly { id: string }[] }).result;
    assert.deepEqual(others, []);
    const record = { type: "A", name: "new", content: "192.0.2.1" };
    const key = { name: "new", public_key: newSshKeyPair("me").publicKey };
    const made = [
      [`${cloudflare.url}/zones/${zone?.id}/dns_records`, cloudflare.token, record],
      [`${hetzner.url}/ssh_keys`, hetzner.token, key],
    ] as const;
    for (const [url, token, body] of made) {
      const headers = { authorization: `Bearer ${token}` };
      const { ok } = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
      const listed = await (await fetch(url, { headers })).text();
      assert.deepEqual([ok, listed.includes("new")], [true, false], "lists lag");
    }
    const page = await fetch(/^http\S+/mu.exec(out())?.[0] ?? "");
    assert.match(await page.text(), /DNS records of zone\.example at the stand-in for Cloudflare/u);
    assert.equal(await end(), 0);
    await assert.rejects(stat(file));
  });

  for (const [args, sentence] of [
    [["--cloud-zone", "x.example"], /without --clouds/u],
    [["--clouds", "--cloud-mischief", "off,lag=soon"], /--cloud-mischief off,lag=soon is not a rate/u],
    [["--clouds", "--cloud-mischief", "often"], /--cloud-mischief often is not a rate/u],
    [["--clouds", "--cloud-variant", "hetzner"], /--cloud-variant hetzner is not NAME=VALUE/u],
    [["--clouds", "--cloud-variant", "hetzner.readonlyRefusal=x"], /Did you mean hetzner\.readOnlyRefusal/u],
    [["--clouds", "--cloud-variant", "cloudflare.emptyComment=nul"], /Did you mean null/u],
  ] as const) {
    test(`an option of the clouds that cannot be is refused: ${args.join(" ")}`, async () => {
      const { code, err } = await podtrustHere(["sandbox", "--port", "0", ...args]);
      assert.equal(code, 2);
      assert.match(err, sentence);
    });
  }
});
