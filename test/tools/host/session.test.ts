/** The SSH session against a real sshd. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { defined, type PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import {
  newSshKeyPair,
  openSession,
  pinnedKnownHosts,
  type SshSession,
  type SshTarget,
} from "../../../src/providers/host/index.ts";
import { freePort } from "../../support/free-port.ts";
import { type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";
import { noHome } from "../../support/nowhere.ts";

const missing = whyNoSshHost();
const options = defined({ skip: missing });

let host: SshHost;
let folder: string;

before(async () => {
  if (missing !== undefined) return;
  host = await startSshHost();
  folder = await mkdtemp(join(tmpdir(), "podtrust-session-"));
});
after(async () => {
  await host?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const env = { PATH: process.env["PATH"] ?? "", HOME: noHome, HCLOUD_TOKEN: "do-not-pass" };
const minute = 60_000;

const targetOf = (more: Partial<SshTarget> = {}): SshTarget => ({
  address: "127.0.0.1",
  port: host.port,
  user: host.user,
  hostKeys: [host.hostKey],
  keyFile: host.keyFile,
  ...more,
});

async function sessionTo(t: TestContext, more: Partial<SshTarget> = {}): Promise<SshSession> {
  const target = targetOf(more);
  const state = new StateFolder(await mkdtemp(join(folder, "state-")));
  const knownHosts = await pinnedKnownHosts(target, { env, state, alias: "podtrust-test" });
  const session = openSession({ env, clock: systemClock, target, knownHosts, alias: "podtrust-test" });
  t.after(() => session.close());
  return session;
}

const failing = (code: string, message: RegExp) => (error: PodtrustError) => {
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  assert.ok(error.next.length > 10);
  return true;
};

test(
  "a script runs on the machine with its input, and its code, output and lines come back",
  options,
  async (t) => {
    const session = await sessionTo(t);
    const lines: string[] = [];
    const script = "set -eu\nread -r word\necho \"it's $word\"\necho 'to stderr' >&2\nexit 3\n";
    const result = await session.run(script, {
      stdin: "here\n",
      timeoutMs: minute,
      onLine: (line) => lines.push(line),
    });
    assert.deepEqual(result, { code: 3, stdout: "it's here\n", stderr: "to stderr\n" });
    assert.deepEqual(lines.sort(), ["it's here", "to stderr"]);
  },
);

test("a machine whose dd knows no fullblock reads the script byte by byte", options, async (t) => {
  await host.program("dd", 'case "$*" in *fullblock*) exit 1 ;; esac; exec /bin/dd "$@"');
  t.after(() => host.program("dd", 'exec /bin/dd "$@"'));
  const session = await sessionTo(t);
  const { code, stdout } = await session.run("cat", { stdin: "what follows\n", timeoutMs: minute });
  assert.deepEqual([code, stdout], [0, "what follows\n"]);
});

test("neither a script nor what it reads stands in a list of processes", options, async (t) => {
  const session = await sessionTo(t);
  const script = "set -eu\n: very-private-script\ncat >/dev/null\necho read\nsleep 1\n";
  let seen = "";
  await session.run(script, {
    stdin: "very-private-input",
    timeoutMs: minute,
    onLine: () => (seen = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })),
  });
  assert.match(seen, /dd bs=/u);
  assert.doesNotMatch(seen, /very-private/u);
});

test("a cloud's token in the environment is not passed to ssh", options, async (t) => {
  const session = await sessionTo(t);
  await session.run("true", { timeoutMs: minute });
  const here = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  const master = here
    .split("\n")
    .find((line) => line.includes("ControlMaster=yes") && line.includes(String(host.port)));
  const pid = master?.trim().split(" ")[0] ?? "";
  const environment = execFileSync("cat", [`/proc/${pid}/environ`], { encoding: "utf8" });
  assert.match(environment, /PATH=/u);
  assert.doesNotMatch(environment, /do-not-pass/u);
});

test("many scripts share one connection", options, async (t) => {
  const session = await sessionTo(t);
  const count = await Promise.all(
    [1, 2, 3, 4, 5].map(async (n) => (await session.run(`echo ${n}`, { timeoutMs: minute })).stdout.trim()),
  );
  assert.deepEqual(count, ["1", "2", "3", "4", "5"]);
  const here = execFileSync("ps", ["-eo", "args="], { encoding: "utf8" });
  const masters = here
    .split("\n")
    .filter((l) => l.includes("ControlMaster=yes") && l.includes(String(host.port)));
  assert.equal(masters.length, 1);
});

test("a file is put in place with its mode, from bytes and from a file of a mebibyte", options, async (t) => {
  const session = await sessionTo(t);
  await session.put("/etc/podtrust/a file's name", "text\n", { mode: 0o640 });
  assert.equal(await host.file("etc/podtrust/a file's name"), "text\n");
  const big = join(folder, "big");
  await writeFile(big, Buffer.alloc(1024 * 1024, "podtrust"));
  await session.put("/usr/local/bin/big", { file: big }, { mode: 0o755 });
  const { stdout } = await session.run(
    "stat -c '%a %s' /usr/local/bin/big \"/etc/podtrust/a file's name\"; ls /etc/podtrust",
    { timeoutMs: minute },
  );
  assert.equal(stdout, "755 1048576\n640 5\na file's name\n");
});

test("a forwarded port leads to what listens on the machine, until it is closed", options, async (t) => {
  const server = createServer((_, response) => response.end("from behind")).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const session = await sessionTo(t);
  const forward = await session.forward(`127.0.0.1:${(server.address() as { port: number }).port}`);
  const single = { headers: { connection: "close" } };
  assert.equal(await (await fetch(`http://127.0.0.1:${forward.port}/`, single)).text(), "from behind");
  await forward.close();
  await assert.rejects(fetch(`http://127.0.0.1:${forward.port}/`));
});

test(
  "a port that is taken is named; a forwarded one is free again when its connection was cut",
  options,
  async (t) => {
    const session = await sessionTo(t);
    const first = await session.forward(`127.0.0.1:${host.port}`);
    const { port } = first;
    await assert.rejects(
      session.forward(`127.0.0.1:${host.port}`, { port }),
      failing(
        "ssh-failed",
        new RegExp(`port ${port} of this machine cannot be forwarded: .*EADDRINUSE`, "u"),
      ),
    );
    const lost = session.lost();
    host.cut();
    await lost;
    const second = await session.forward(`127.0.0.1:${host.port}`, { port });
    assert.equal(second.port, port);
    // What is gone is closed without a word to the connection that stands now.
    await first.close();
    const greeting = connect({ port, host: "127.0.0.1" });
    const [said] = (await once(greeting, "data")) as [Buffer];
    assert.match(String(said), /^SSH-2\.0-/u);
    greeting.destroy();
  },
);

test(
  "a connection that was cut fails what was under way, and the next script has a new one",
  options,
  async (t) => {
    const session = await sessionTo(t);
    await session.run("true", { timeoutMs: minute });
    const waiting = session.run("echo started; sleep 30", {
      timeoutMs: minute,
      onLine: () => host.cut(),
    });
    await assert.rejects(waiting, failing("ssh-lost", /closed the connection|Connection/u));
    assert.equal((await session.run("echo again", { timeoutMs: minute })).stdout, "again\n");
  },
);

test(
  "a connection that was cut is named as that, whatever the script had said before",
  options,
  async (t) => {
    const session = await sessionTo(t);
    await session.run("true", { timeoutMs: minute });
    const script = "echo 'curl: (7) Connection refused' >&2; echo started; sleep 30";
    const waiting = session.run(script, {
      timeoutMs: minute,
      onLine: (line) => void (line === "started" && host.cut()),
    });
    await assert.rejects(waiting, failing("ssh-lost", /closed the connection/u));
  },
);

test(
  "a host key that is not the pinned one is refused before anything is sent, with both named",
  options,
  async (t) => {
    const other = "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDnvcQzNhOxzRbHoTw";
    await assert.rejects(
      sessionTo(t, { hostKeys: [other] }),
      failing("ssh-host-key", new RegExp(`${host.hostKey.replaceAll("+", "\\+")}.*${other}`, "u")),
    );
  },
);

test(
  "without a pinned key and without one in the person's known_hosts the shown one is named and not trusted",
  options,
  async (t) => {
    await assert.rejects(
      sessionTo(t, { hostKeys: [] }),
      failing("ssh-host-key-unknown", /it shows SHA256:/u),
    );
  },
);

test(
  "the key that the person's own known_hosts has is taken where the config pins none",
  options,
  async (t) => {
    const home = await mkdtemp(join(folder, "home-"));
    const key = await host.file("etc/ssh/ssh_host_ed25519_key.pub");
    execFileSync("mkdir", ["-p", join(home, ".ssh")]);
    await writeFile(join(home, ".ssh", "known_hosts"), `[127.0.0.1]:${host.port} ${key}`);
    const state = new StateFolder(await mkdtemp(join(folder, "state-")));
    const target = targetOf({ hostKeys: [] });
    const known = { ...env, HOME: home };
    const knownHosts = await pinnedKnownHosts(target, { env: known, state, alias: "podtrust-test" });
    const session = openSession({ env, clock: systemClock, target, knownHosts, alias: "podtrust-test" });
    t.after(() => session.close());
    assert.equal((await session.run("echo in", { timeoutMs: minute })).stdout, "in\n");
  },
);

test(
  "a machine that is reached by another address is known by its own name and key, and called by them",
  options,
  async (t) => {
    const home = await mkdtemp(join(folder, "home-"));
    const key = await host.file("etc/ssh/ssh_host_ed25519_key.pub");
    execFileSync("mkdir", ["-p", join(home, ".ssh")]);
    await writeFile(join(home, ".ssh", "known_hosts"), `203.0.113.7 ${key}`);
    const state = new StateFolder(await mkdtemp(join(folder, "state-")));
    const via = { address: "127.0.0.1", port: host.port };
    const target = targetOf({ address: "203.0.113.7", port: 22, hostKeys: [], via });
    const context = { env: { ...env, HOME: home }, state, alias: "podtrust-test" };
    const knownHosts = await pinnedKnownHosts(target, context);
    const session = openSession({ ...context, clock: systemClock, target, knownHosts });
    t.after(() => session.close());
    assert.equal((await session.run("echo in", { timeoutMs: minute })).stdout, "in\n");
    const other = "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDnvcQzNhOxzRbHoTw";
    await assert.rejects(
      sessionTo(t, { address: "203.0.113.7", port: 22, hostKeys: [other], via }),
      failing("ssh-host-key", /@203\.0\.113\.7 shows the host key/u),
    );
  },
);

test(
  "a pinned key that what pins it replaces is reported with both fingerprints, once, and never at the first pin",
  options,
  async () => {
    const state = new StateFolder(await mkdtemp(join(folder, "state-")));
    const notices: string[] = [];
    const notice = (text: string): void => void notices.push(text);
    const context = { env, state, alias: "podtrust-test", notice };
    const file = await pinnedKnownHosts(targetOf(), context);
    assert.deepEqual(notices, []);
    const { publicKey } = newSshKeyPair("former");
    await writeFile(file, `podtrust-test ${publicKey}\n`);
    await pinnedKnownHosts(targetOf(), context);
    await pinnedKnownHosts(targetOf(), context);
    const [first = "", ...more] = notices;
    assert.deepEqual(more, []);
    assert.ok(first.includes(`${host.hostKey} in place of SHA256:`), first);
  },
);

test("a key that changes after it was pinned is refused by ssh itself", options, async (t) => {
  const session = await sessionTo(t);
  const file = join(host.root, "etc/ssh/ssh_host_ed25519_key");
  execFileSync("sh", [
    "-c",
    `mv ${file} ${file}.old; mv ${file}.pub ${file}.pub.old; ssh-keygen -q -t ed25519 -N "" -f ${file}`,
  ]);
  try {
    await host.restart();
    await assert.rejects(
      session.run("true", { timeoutMs: minute }),
      failing("ssh-host-key", /not the pinned one/u),
    );
  } finally {
    execFileSync("sh", ["-c", `mv -f ${file}.old ${file}; mv -f ${file}.pub.old ${file}.pub`]);
    await host.restart();
  }
});

test("a key that the machine does not accept is named as that", options, async (t) => {
  const stranger = join(folder, "stranger");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
  const session = await sessionTo(t, { keyFile: stranger });
  await assert.rejects(
    session.run("true", { timeoutMs: minute }),
    failing("ssh-denied", /none of the keys.*Permission denied/u),
  );
});

test(
  "a port without a listener, and a name that does not resolve, have errors of their own",
  options,
  async (t) => {
    const port = await freePort();
    await assert.rejects(sessionTo(t, { port }), failing("ssh-unreachable", /refused the connection/u));
    await assert.rejects(
      sessionTo(t, { address: "nobody.invalid" }),
      failing("ssh-unreachable", /resolves to no address/u),
    );
  },
);

test("a machine without ssh is reported as such", options, async () => {
  const state = new StateFolder(await mkdtemp(join(folder, "state-")));
  await assert.rejects(
    pinnedKnownHosts(targetOf(), { env: { PATH: "/nonexistent" }, state, alias: "podtrust-test" }),
    failing("ssh-missing", /not installed/u),
  );
});

test("a script that takes longer than it may is ended", options, async (t) => {
  const session = await sessionTo(t);
  await assert.rejects(
    session.run("sleep 20", { timeoutMs: 500 }),
    failing("host-wait-missed", /longer than/u),
  );
});

test("a full disk is named when a file is put in place, and the old file stays", options, async (t) => {
  const session = await sessionTo(t);
  await session.put("/etc/podtrust/full", "old", { mode: 0o644 });
  await host.program("sync", 'echo "sync: error writing: No space left on device" >&2; exit 1');
  t.after(() => host.program("sync", 'exec /bin/sync "$@"'));
  await assert.rejects(
    session.put("/etc/podtrust/full", "new", { mode: 0o644 }),
    failing("host-disk-full", /no space/u),
  );
  assert.equal(await host.file("etc/podtrust/full"), "old");
});
