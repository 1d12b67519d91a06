import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { type TestAuthority, testAuthority } from "../support/certificates.ts";
import { discoveryOf } from "../support/issuer-server.ts";
import { startOpenBaoStandIn } from "../support/openbao-stand-in.ts";
import { until } from "../support/until.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");
const issuer = "https://oidc.example.test";
const host = "oidc.example.test";

interface ServeSetup {
  readonly folder: string;
  readonly config: string;
  readonly cluster: StandInCluster;
  readonly authority: TestAuthority;
  write(change?: Record<string, unknown>): Promise<void>;
}

async function place(t: TestContext): Promise<ServeSetup> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-serve-"));
  const cluster = await startStandInCluster({ issuer });
  t.after(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });
  const authority = await testAuthority();
  const { certificate, key } = await authority.issue([host]);
  await writeFile(join(folder, "tls.crt"), certificate);
  await writeFile(join(folder, "tls.key"), key, { mode: 0o600 });
  await writeFile(join(folder, "publisher.kubeconfig"), cluster.kubeconfig("publisher"), { mode: 0o600 });
  const config = join(folder, "podtrust.yaml");
  const write = (change: Record<string, unknown> = {}): Promise<void> =>
    // JSON is YAML.
    writeFile(
      config,
      JSON.stringify({
        stack: "prod",
        issuer,
        publisher: {
          source: { kubeconfig: "publisher.kubeconfig" },
          stateDir: "state",
          admin: "127.0.0.1:0",
          pollInterval: "1s",
          https: { listen: ["127.0.0.1:0"], certificateFile: "tls.crt", keyFile: "tls.key" },
          ...change,
        },
      }),
    );
  await write();
  return { folder, config, cluster, authority, write };
}

interface Running {
  readonly child: ChildProcess;
  readonly log: () => string;
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code, also when it has ended already. */
  readonly exited: Promise<number | null>;
  end(): Promise<number | null>;
}

function run(t: TestContext, command: readonly string[], stdio: number[] = []): Running {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe", ...stdio] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (log += text));
  }
  const gone = once(child, "exit") as Promise<[number | null]>;
  const end = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return (await gone)[0];
  };
  t.after(end);
  return {
    child,
    exited: gone.then(([code]) => code),
    log: () => log,
    end,
    until: (pattern) =>
      until(
        `the log has ${String(pattern)}`,
        () => {
          const found = pattern.exec(log);
          if (found === null && child.exitCode !== null) throw new Error(`no ${String(pattern)} in\n${log}`);
          return found ?? undefined;
        },
        { everyMs: 10, detail: () => log },
      ),
  };
}

const asRoot = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
const serve = (t: TestContext, at: ServeSetup): Running =>
  run(t, [process.execPath, main, "serve", "-f", at.config, ...asRoot]);

const portOf = async (running: Running, name: string): Promise<number> =>
  Number((await running.until(new RegExp(`"${name}":\\[?"127\\.0\\.0\\.1:(\\d+)"`, "u")))[1]);

async function jwks(
  at: ServeSetup,
  port: number,
): Promise<{ text: string; cacheControl: string | undefined }> {
  const answer = await request(`${issuer}/openid/v1/jwks`, {
    ca: at.authority.root,
    connectTo: [parseConnectTo(`${host}:443:127.0.0.1:${port}`)],
  });
  assert.equal(answer.status, 200);
  return { text: answer.body.toString(), cacheControl: answer.headers["cache-control"] };
}

async function podtrust(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (out += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out };
}

describe("podtrust serve", () => {
  test("serve publishes a cluster with its least rights, SIGHUP takes a new config, SIGTERM ends it", async (t) => {
    const at = await place(t);
    const running = serve(t, at);
    const port = await portOf(running, "https");
    await running.until(/every stack is published/u);
    assert.match((await jwks(at, port)).text, /"kid"/u);

    await at.write({ cacheControl: "public, max-age=7" });
    running.child.kill("SIGHUP");
    await running.until(/the config was read again/u);
    assert.equal((await jwks(at, port)).cacheControl, "public, max-age=7");

    const good = await readFile(at.config, "utf8");
    await writeFile(at.config, "stack: [");
    running.child.kill("SIGHUP");
    await running.until(/the new config is refused and the old one stays in use/u);
    assert.equal((await jwks(at, port)).cacheControl, "public, max-age=7");

    const text = JSON.stringify({ ...JSON.parse(good), issuer: "https://oidc.exmaple.test" });
    await writeFile(at.config, text);
    running.child.kill("SIGHUP");
    await running.until(/take https:\/\/oidc\.example\.test off the net/u);
    assert.equal((await jwks(at, port)).cacheControl, "public, max-age=7");

    assert.equal(await running.end(), 0);
    assert.match(running.log(), /the publisher has ended/u);
  });

  test("an administrator's credentials are refused, and nothing listens", async (t) => {
    const at = await place(t);
    await writeFile(join(at.folder, "publisher.kubeconfig"), at.cluster.kubeconfig("admin"), { mode: 0o600 });
    const { code, out } = await podtrust("serve", "-f", at.config, ...asRoot, "--json");
    assert.equal(code, 1, out);
    assert.match(out, /publisher-admin-credentials/u);
    assert.match(out, /podtrust manifests publisher-rbac/u);
  });

  test("rotate status shows every key, rotate distrust takes one out at once, rotate restore brings it back", async (t) => {
    const at = await place(t);
    const next = await at.cluster.keys.create();
    const running = serve(t, at);
    const port = await portOf(running, "https");
    await running.until(/every stack is published/u);
    const { kid } = next;
    const status = await podtrust("rotate", "status", "--state", join(at.folder, "state"));
    assert.equal(status.code, 0);
    assert.match(status.out, new RegExp(`${kid}  \\w+  current`, "u"));
    // The publisher reads by a certificate, and so nothing shows which of the two keys signs.
    const unsure = await podtrust("rotate", "distrust", kid, "-f", at.config);
    assert.equal(unsure.code, 1);
    assert.match(unsure.out, /publisher-key-signs/u);
    assert.match(unsure.out, new RegExp(`rotate distrust -f \\S+ ${kid} --force`, "u"));
    assert.ok((await jwks(at, port)).text.includes(kid));
    const done = await podtrust("rotate", "distrust", kid, "-f", at.config, "--force", "--json");
    assert.equal(done.code, 0);
    assert.equal((JSON.parse(done.out) as { changed: boolean }).changed, true);
    assert.ok(!(await jwks(at, port)).text.includes(kid));
    const back = await podtrust("rotate", "restore", kid, "-f", at.config);
    assert.equal(back.code, 0);
    assert.match(back.out, /is restored\.\nIt is published\./u);
    assert.ok((await jwks(at, port)).text.includes(kid));
    const again = await podtrust("rotate", "distrust", "unknown", "-f", at.config);
    assert.equal(again.code, 1);
    assert.match(again.out, /no key with the kid "unknown" is known/u);
    await running.end();
    const gone = await podtrust("rotate", "status", "-f", at.config);
    assert.equal(gone.code, 1);
    assert.match(gone.out, /publisher-not-running/u);
  });

  test("rotate distrust makes an OpenBao of the config fetch the keys again, and says that it has", async (t) => {
    const at = await place(t);
    const { kid } = await at.cluster.keys.create();
    const running = serve(t, at);
    const port = await portOf(running, "https");
    await running.until(/every stack is published/u);
    const fetched: string[] = [];
    const bao = await startOpenBaoStandIn({
      mount: "podtrust",
      description: "",
      issuer,
      roles: { web: { boundAudiences: ["openbao"], boundSubject: "" } },
      async fetch() {
        const { text } = await jwks(at, port);
        fetched.push(text);
        return { ok: true, discovery: discoveryOf(issuer), jwks: text };
      },
      now: () => 1_800_000_000,
    });
    t.after(() => bao.close());
    const config = JSON.parse(await readFile(at.config, "utf8")) as object;
    const roles = [{ name: "web", serviceAccounts: ["shop/web"], policies: ["web"] }];
    const openbao = [{ address: bao.address, mount: "podtrust", audience: "openbao", roles }];
    await writeFile(at.config, JSON.stringify({ ...config, openbao }));
    await writeFile(join(at.folder, "root.pem"), at.authority.root);
    const route = ["--connect-to", `${host}:443:127.0.0.1:${port}`, "--ca", join(at.folder, "root.pem")];
    const done = await podtrust("rotate", "distrust", kid, "-f", at.config, "--force", "--json", ...route);
    assert.equal(done.code, 0, done.out);
    const { parties } = JSON.parse(done.out) as { readonly parties: readonly { readonly outcome: string }[] };
    assert.deepEqual(
      parties.map(({ outcome }) => outcome),
      ["done"],
    );
    assert.ok(fetched.length > 0);
    for (const text of fetched) assert.ok(!text.includes(kid));
  });

  test("a reader of the log that goes away does not end the publisher", async (t) => {
    const at = await place(t);
    // As in `podtrust serve 2>&1 | head -1`: the log's first lines are read, and the pipe is closed.
    const running = serve(t, at);
    const port = await portOf(running, "https");
    await running.until(/every stack is published/u);
    running.child.stderr?.destroy();
    running.child.stdout?.destroy();
    for (const seconds of [3, 4, 5]) {
      // Each reload is logged, into a pipe without a reader.
      await at.write({ cacheControl: `public, max-age=${seconds}` });
      running.child.kill("SIGHUP");
      await until("the new config is served", async () =>
        (await jwks(at, port)).cacheControl?.endsWith(`max-age=${seconds}`),
      );
    }
    assert.equal(running.child.exitCode, null);
    assert.match((await jwks(at, port)).text, /"kid"/u);
    assert.equal(await running.end(), 0);
  });

  test("ports come by socket activation, and a name that was not passed is refused", async (t) => {
    const at = await place(t);
    const server: Server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const https = { certificateFile: "tls.crt", keyFile: "tls.key" };
    await at.write({ https: { ...https, listen: ["systemd:https"] } });
    const script = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=https exec "$@"';
    const command = ["sh", "-c", script, "sh", process.execPath, main, "serve", "-f", at.config, ...asRoot];
    const running = run(t, command, [fd]);
    await running.until(/every stack is published/u);
    server.close();
    assert.match((await jwks(at, port)).text, /"kid"/u);
    assert.equal(await running.end(), 0);

    await at.write({ https: { ...https, listen: ["systemd:other"] } });
    const refused = run(t, [process.execPath, main, "serve", "-f", at.config, ...asRoot]);
    await refused.until(/no socket of the name other was passed/u);
    assert.equal(await refused.exited, 1);
  });

  test(
    "root is refused, with what to do instead",
    { skip: process.getuid?.() !== 0 && "the tests do not run as root" },
    async (t) => {
      const at = await place(t);
      const { code, out } = await podtrust("serve", "-f", at.config);
      assert.equal(code, 1);
      assert.match(out, /does not run as root[^]*LISTEN_FDS[^]*CAP_NET_BIND_SERVICE/u);
    },
  );

  test("a config without publisher is refused by name: the issuer is served elsewhere", async (t) => {
    const at = await place(t);
    await writeFile(at.config, JSON.stringify({ stack: "prod", issuer }));
    const { code, out } = await podtrust("serve", "-f", at.config, ...asRoot);
    assert.notEqual(code, 0);
    assert.match(out, /config-without-publisher/u);
  });
});
