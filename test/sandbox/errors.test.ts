import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { isRecord, systemClock } from "../../src/core/base/index.ts";
import * as library from "../../src/sandbox/index.ts";
import {
  connectSandbox,
  SandboxConnectionError,
  SandboxError,
  type SandboxErrorCode,
  SandboxMachineError,
  SandboxUsageError,
  startAuthority,
  startSandbox,
  startSandboxProcess,
  startStandInCloudflare,
  startStandInClouds,
  startStandInCluster,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";

const token = "x".repeat(32);

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "podtrust-test-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Connects to a server that answers in this way in place of a sandbox. */
async function connectTo(t: TestContext, listener: RequestListener): Promise<unknown> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  return connectSandbox({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token });
}

/** A state folder that holds this file. */
async function stateWith(t: TestContext, text: string, mode = 0o600): Promise<string> {
  const path = join(await folder(t), "state");
  await (await startSandbox({ stateDir: path })).close();
  await writeFile(join(path, "roles.json"), text);
  await chmod(join(path, "roles.json"), mode);
  return path;
}

type Provoke = (t: TestContext) => Promise<unknown>;

const usage: Readonly<Record<string, Provoke>> = {
  usage: () => startSandbox({ account: "demo" }),
  "sandbox-seed": async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    await sandbox.seed({ roles: [{ name: "a/b", trustPolicy: {} }] });
  },
  // What answers there is no sandbox.
  "sandbox-control-request": (t) => connectTo(t, (_, answer) => void answer.writeHead(404).end()),
  "http-url-invalid": () => connectSandbox({ url: "ftp://127.0.0.1", token }),
  "issuer-invalid": async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    await sandbox.issuer("http://plain.example");
  },
};

const machine: Readonly<Record<string, Provoke>> = {
  "sandbox-listen": async (t) => {
    const authority = await startAuthority();
    t.after(() => authority.close());
    await startAuthority({ port: authority.port });
  },
  "sandbox-state-invalid": async (t) => startSandbox({ stateDir: await stateWith(t, "{}") }),
  "sandbox-state-locked": async (t) => {
    const stateDir = join(await folder(t), "state");
    const sandbox = await startSandbox({ stateDir });
    t.after(() => sandbox.close());
    await startSandbox({ stateDir });
  },
  "file-unreadable": async (t) => {
    const path = join(await folder(t), "loop");
    await symlink(path, path);
    await startSandbox({ stateDir: path });
  },
  "file-unwritable": async (t) =>
    startSandbox({ adminCredentials: join(await folder(t), "absent", "credentials") }),
  "state-permissions": async (t) => {
    const path = join(await folder(t), "state");
    await mkdir(path);
    await chmod(path, 0o777);
    await startSandbox({ stateDir: path });
  },
};

const connection: Readonly<Record<string, Provoke>> = {
  "sandbox-control-denied": async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    await connectSandbox({ url: sandbox.url, token });
  },
  "sandbox-process-ended": async () => {
    const sandbox = await startSandboxProcess();
    await sandbox.close();
    await sandbox.decisions();
  },
  "http-unreachable": () => connectSandbox({ url: "http://127.0.0.1:1", token }),
  "http-tls": async (t) => {
    const { root } = await testAuthority();
    assert.ok(root.length > 0);
    const cluster = await startStandInCluster({ issuer: "https://oidc.example.test", algorithm: "ES256" });
    t.after(() => cluster.close());
    await connectSandbox({ url: cluster.url, token });
  },
  // Errors of the sandbox's own side come by its answers, and keep their class.
  "http-timeout": (t) =>
    connectTo(t, (_, answer) => {
      const error = { code: "http-timeout", message: "no answer", next: "Ask again." };
      answer.writeHead(500).end(JSON.stringify({ error }));
    }),
  "http-too-large": (t) =>
    connectTo(t, (_, answer) => {
      answer.writeHead(200);
      answer.end(Buffer.alloc(33 * 1024 * 1024, " "));
    }),
};

const internal: Readonly<Record<string, Provoke>> = {
  // Whose fault is thrown here, the sandbox cannot know. No value of an option is: test/sandbox/wrong-{options,arguments}.test.ts.
  internal: () =>
    startSandbox({
      clock: {
        ...systemClock,
        now() {
          throw new TypeError("the clock of a caller");
        },
      },
    }),
};

/** Every code, by the class of error that has it. */
const provoked = [
  [SandboxUsageError, usage],
  [SandboxMachineError, machine],
  [SandboxConnectionError, connection],
  [SandboxError, internal],
] as const;

const everyCode: Readonly<Record<SandboxErrorCode, true>> = {
  usage: true,
  "sandbox-seed": true,
  "sandbox-control-request": true,
  "http-url-invalid": true,
  "issuer-invalid": true,
  "sandbox-listen": true,
  "sandbox-state-invalid": true,
  "sandbox-state-locked": true,
  "file-unreadable": true,
  "file-unwritable": true,
  "state-permissions": true,
  "sandbox-control-denied": true,
  "sandbox-process-ended": true,
  "http-unreachable": true,
  "http-tls": true,
  "http-timeout": true,
  "http-too-large": true,
  internal: true,
};

describe("what leaves the door of the sandbox's library", () => {
  for (const [kind, ways] of provoked) {
    for (const [code, provoke] of Object.entries(ways)) {
      test(`is a ${kind.name} where its code is ${code}, with a sentence and what to do next`, async (t) => {
        const error: unknown = await Promise.resolve()
          .then(() => provoke(t))
          .then(
            () => assert.fail("nothing was thrown"),
            (thrown: unknown) => thrown,
          );
        assert.ok(error instanceof SandboxError, String(error));
        assert.deepEqual([error.constructor, error.name, error.code], [kind, kind.name, code], error.message);
        assert.ok(error.message.length > 0 && error.next.length > 0);
        assert.ok(isRecord(error.toJSON()));
      });
    }
  }

  test("has no code that is not provoked above", () => {
    const codes = provoked.flatMap(([, ways]) => Object.keys(ways));
    assert.deepEqual(codes.sort(), Object.keys(everyCode).sort());
  });

  test("is such an error from whatever is started, wherever its call stands", async (t) => {
    const started = await Promise.all([
      startSandbox(),
      startAuthority(),
      startStandInCluster({ issuer: "https://oidc.example.test", algorithm: "ES256" }),
      startStandInClouds({ mischief: 0 }),
    ]);
    t.after(() => Promise.all(started.map((one) => one.close())));
    const [sandbox, authority, cluster, clouds] = started;
    const account = await sandbox.newAccount();
    const issuer = await account.issuer();
    const wrong: readonly (() => unknown)[] = [
      () => sandbox.clock.advance(-1),
      () => authority.clock.advance(-1),
      () => authority.suggestRenewal(authority.root),
      () => cluster.keys.promote("none"),
      () => cluster.createToken({ namespace: "A!", name: "cart" }),
      () => account.clock.advance(-1),
      () => issuer.token({ namespace: "A!", name: "cart" }),
      () => issuer.cluster.keys.drop("none"),
    ];
    for (const call of wrong) assert.throws(call, SandboxUsageError, String(call));
    await assert.rejects(account.seed({ roles: [{ name: "a/b", trustPolicy: {} }] }), SandboxUsageError);
    const port = (url: string): number => Number(new URL(url).port);
    await assert.rejects(startStandInHetzner({ port: port(clouds.hetzner.url) }), SandboxMachineError);
    await assert.rejects(startStandInCloudflare({ port: port(clouds.hetzner.url) }), SandboxMachineError);
    await assert.rejects(startStandInClouds({ variants: { none: "x" } }), SandboxUsageError);
  });

  test("gives what holds data alone as it is, so that other processes can be given it", async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    assert.deepEqual(structuredClone(sandbox.admin), sandbox.admin);
    assert.deepEqual(structuredClone(sandbox.decisions()), []);
    assert.equal(sandbox.clock, sandbox.clock);
  });

  test("is thrown by each function of it that starts or reaches something", () => {
    const starting = Object.keys(library).filter((name) => /^(?:start|connect)/u.test(name));
    assert.equal(starting.length, 10);
  });
});
