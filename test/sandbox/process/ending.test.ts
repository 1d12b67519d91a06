/** The processes that a library's program starts: how they begin, what others see of them, and how they end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import type { PodtrustError } from "../../../src/core/base/index.ts";
import {
  SandboxUsageError,
  startAuthority,
  startAuthorityProcess,
  startSandbox,
  startSandboxProcess,
  startStandInCluster,
  startStandInClusterProcess,
} from "../../../src/sandbox/index.ts";
import { isAlive, untilGone } from "../../cluster/harness/endings.ts";

/** What the three processes have in common. */
interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens. */
  readonly url: string;
  /** Asks it for something that it answers. */
  ask(): Promise<unknown>;
  /** What nobody else may see of it. */
  secrets(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Thing {
  /** As the errors call its process. */
  readonly called: string;
  start(options?: object): Promise<Running>;
  /** The same in the same process. */
  startHere(options: object): Promise<AsyncDisposable>;
  /** How a program starts it. */
  readonly call: string;
  /** An option with a function, and who takes it. */
  readonly notCarried: readonly [option: string, by: string];
}

const issuer = "https://oidc.example.com";
const hmacKey = Buffer.alloc(32, 7).toString("base64url");

const things: Readonly<Record<string, Thing>> = {
  "a sandbox": {
    called: "the sandbox's process",
    async start(options) {
      const started = await startSandboxProcess({ account: "444455556666", ...options });
      const { account, admin, controlToken } = started;
      const secrets = [account, admin.secretAccessKey, controlToken];
      return { ...started, ask: () => started.decisions(), secrets: () => Promise.resolve(secrets) };
    },
    startHere: (options) => startSandbox(options),
    call: "startSandboxProcess()",
    notCarried: ["onDecision", "startSandbox"],
  },
  "a stand-in cluster": {
    called: "the stand-in cluster's process",
    async start(options) {
      const started = await startStandInClusterProcess({ issuer, algorithm: "ES256", ...options });
      const secrets = async (): Promise<string[]> => {
        const { users } = parse(await started.kubeconfig()) as {
          users: { user: { "client-key-data": string } }[];
        };
        return [issuer, ...users.map(({ user }) => user["client-key-data"])];
      };
      return { ...started, ask: () => started.keys.list(), secrets };
    },
    startHere: (options) => startStandInCluster({ issuer, ...options }),
    call: `startStandInClusterProcess({ issuer: "${issuer}", algorithm: "ES256" })`,
    notCarried: ["clock", "startStandInCluster"],
  },
  "a stand-in CA": {
    called: "the stand-in CA's process",
    async start(options) {
      const started = await startAuthorityProcess({ externalAccounts: { "kid-1": hmacKey }, ...options });
      const secrets = (): Promise<string[]> => Promise.resolve([hmacKey, "kid-1"]);
      return {
        ...started,
        url: new URL(started.directoryUrl).origin,
        ask: () => started.accounts(),
        secrets,
      };
    },
    startHere: (options) => startAuthority(options),
    call: "startAuthorityProcess()",
    notCarried: ["logger", "startAuthority"],
  },
};

const door = pathToFileURL(join(import.meta.dirname, "../../../src/sandbox/index.ts")).href;

/** Runs a program that starts a process, prints its number, and goes on with the rest. */
async function programThat(
  call: string,
  goesOn: string,
): Promise<{ pid: number; program: ReturnType<typeof spawn> }> {
  const script = `import * as library from ${JSON.stringify(door)};
const started = await library.${call};
console.log(started.pid);
${goesOn}`;
  const args = ["--input-type=module-typescript", "--eval", script];
  const program = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(program.stdout, "data")) as [Buffer];
  return { pid: Number(said.toString()), program };
}

/** An error as whoever catches it tells it from others. */
async function rejection(started: Promise<AsyncDisposable>): Promise<readonly unknown[]> {
  try {
    await using _running = await started;
  } catch (error) {
    const { constructor, message, code, detail } = error as PodtrustError;
    return [constructor, message, code, detail];
  }
  return assert.fail("it started");
}

for (const [name, thing] of Object.entries(things)) {
  const { called, call, notCarried } = thing;
  const start = (options?: object): Promise<Running> => thing.start(options);
  describe(`the process of ${name} of its own`, () => {
    test("is gone after await using, and its port with it", async () => {
      let [pid, url] = [0, ""];
      {
        await using running = await start();
        [pid, url] = [running.pid, running.url];
        assert.ok(isAlive(pid) && pid !== process.pid);
      }
      assert.ok(!isAlive(pid));
      await assert.rejects(fetch(url), (error: Error) => {
        assert.equal((error.cause as { code?: string }).code, "ECONNREFUSED");
        return true;
      });
    });

    test("closed twice, or from two sides at once, is closed once", async () => {
      const running = await start();
      await Promise.all([running.close(), running.close()]);
      await running.close();
      assert.ok(!isAlive(running.pid));
    });

    test("ends with the program that started it, also where that was killed", async () => {
      const { pid, program } = await programThat(call, "setInterval(() => {}, 60_000);");
      assert.ok(isAlive(pid));
      program.kill("SIGKILL");
      await untilGone([pid]);
    });

    test("does not keep a program running that forgot to close it, and ends then", async () => {
      const { pid, program } = await programThat(call, "");
      const [code] = (await once(program, "exit")) as [number];
      assert.equal(code, 0);
      await untilGone([pid]);
    });

    test("that was killed is named when it is asked something, and is closed without complaint", async () => {
      const running = await start();
      process.kill(running.pid, "SIGKILL");
      await untilGone([running.pid]);
      await assert.rejects(running.ask(), (error: PodtrustError) => {
        assert.equal(error.code, "sandbox-process-ended");
        assert.equal(error.message, `${called} ${running.pid} ended by SIGKILL`);
        return true;
      });
      await running.close();
    });

    test("that is killed while it is asked something rejects what waits for it", async () => {
      const running = await start();
      // Stopped, it takes the question and does not answer.
      process.kill(running.pid, "SIGSTOP");
      const asked = running.ask();
      process.kill(running.pid, "SIGKILL");
      await assert.rejects(asked, (error: PodtrustError) => {
        assert.equal(error.code, "sandbox-process-ended");
        return true;
      });
    });

    test("that was closed says so when it is asked something", async () => {
      const running = await start();
      await running.close();
      await assert.rejects(running.ask(), (error: PodtrustError) => {
        assert.equal(error.message, `${called} ${running.pid} ended with exit code 0`);
        assert.match(error.next, /^It was closed\./u);
        return true;
      });
    });

    test("is not started with an option that would not reach it", async () => {
      const [option, by] = notCarried;
      await assert.rejects(start({ [option]: () => undefined }), (error: Error) => {
        assert.ok(error instanceof SandboxUsageError);
        const sentence = `${option} has functions, which no other process can be given: ${by} takes it`;
        assert.equal(error.message, sentence);
        return true;
      });
    });

    test("that is not ready in time is named, and ended", async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const starting = start();
      t.mock.timers.tick(30_000);
      await assert.rejects(starting, (error: PodtrustError) => {
        assert.equal(error.code, "sandbox-process-ended");
        assert.match(error.message, new RegExp(`^${called} \\d+ was not ready after 30 s$`, "u"));
        assert.ok(!isAlive(Number(error.detail["pid"])));
        return true;
      });
    });
  });

  describe(`the process of ${name} of its own, while it runs,`, () => {
    let running: Running;
    before(async () => {
      running = await start();
    });
    after(() => running.close());

    test("outlives the interrupt of a terminal, so that its program may still ask it", async () => {
      process.kill(running.pid, "SIGINT");
      assert.ok(Array.isArray(await running.ask()));
    });

    test("shows its secrets neither in its arguments nor in its environment", async () => {
      const secrets = await running.secrets();
      assert.ok(secrets.length > 1 && secrets.every((secret) => secret.length > 4));
      for (const file of ["cmdline", "environ"]) {
        const text = await readFile(`/proc/${running.pid}/${file}`, "latin1");
        assert.ok(text.length > 0);
        assert.ok(secrets.every((secret) => !text.includes(secret)));
      }
    });

    test("has another refuse a port that is taken, with the error of the same process", async () => {
      const port = Number(new URL(running.url).port);
      const there = await rejection(start({ port }));
      assert.match(String(there[1]), /EADDRINUSE/u);
      assert.deepEqual(there.slice(0, 2), (await rejection(thing.startHere({ port }))).slice(0, 2));
    });
  });
}

describe("the process of a sandbox of its own, which cannot be started,", () => {
  test("is named with the reason", async (t) => {
    const path = process.execPath;
    t.after(() => (process.execPath = path));
    process.execPath = join(import.meta.dirname, "no-such-program");
    await assert.rejects(startSandboxProcess(), (error: PodtrustError) => {
      assert.equal(error.code, "sandbox-process-ended");
      assert.match(error.message, /^the sandbox's process could not be started: .*ENOENT/u);
      return true;
    });
  });

  test("is refused what its sandbox refuses, in the same words", async () => {
    const [type, sentence, code] = await rejection(startSandboxProcess({ account: "1" }));
    assert.equal(sentence, "the account 1 is not a number of twelve digits");
    assert.deepEqual([type, sentence, code], (await rejection(startSandbox({ account: "1" }))).slice(0, 3));
  });
});
