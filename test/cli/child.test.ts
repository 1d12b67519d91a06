import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { mainFile, podtrustChild } from "../support/cli.ts";
import { emptyFile } from "../support/nowhere.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-cli-"));
});
after(() => rm(folder, { recursive: true }));

async function withConfig(
  text: string,
  ...flags: string[]
): Promise<Awaited<ReturnType<typeof podtrustChild>>> {
  await writeFile(join(folder, "podtrust.yaml"), text);
  return podtrustChild(["token", "aws-test/demo", "-f", "podtrust.yaml", ...flags], { cwd: folder });
}

const good = (issuer: string): string => `stack: prod\nissuer: "${issuer}"\n`;

describe("podtrust as a process", () => {
  test("is used wrongly: exit 2, the error on standard error, nothing on standard output", async () => {
    const { code, out, err } = await podtrustChild(["tokn"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(err, "error: unknown command 'tokn'\nnext:  Did you mean token?\ncode:  usage\n");
  });

  test("writes no colour into a pipe, and colour when it is forced", async () => {
    assert.ok(!(await podtrustChild(["tokn"])).err.includes("\u001B["));
    assert.ok((await podtrustChild(["tokn"], { env: { FORCE_COLOR: "1" } })).err.includes("\u001B["));
    const both = await podtrustChild(["tokn"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    assert.ok(!both.err.includes("\u001B["));
  });

  test("names all mistakes of a config at once", async () => {
    const { code, out, err } = await withConfig(
      "stak: prod\nissuer: http://a.example:80/?x\ndns: clodflare\n",
    );
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^error: podtrust\.yaml has 6 mistakes:$/mu);
    assert.match(err, /podtrust\.yaml:1:1: stak: is not a key here; did you mean stack\?/u);
    assert.match(err, /podtrust\.yaml:1:1: stack: is missing/u);
    assert.match(err, /podtrust\.yaml:2:9: issuer: .*https:\/\/ only/u);
    assert.match(err, /podtrust\.yaml:2:9: issuer: has the port/u);
    assert.match(err, /podtrust\.yaml:2:9: issuer: has the query/u);
    assert.match(err, /podtrust\.yaml:3:6: dns: "clodflare" is not accepted/u);
    assert.match(err, /^code: {2}config-invalid$/mu);
  });

  test("gives the same as one object with --json", async () => {
    const { code, out, err } = await withConfig("stack: Prod\nissuer: https://a.example.com\n", "--json");
    assert.deepEqual([code, err], [2, ""]);
    const { error } = JSON.parse(out) as {
      error: { code: string; detail: { problems: { key: string; line: number }[] } };
    };
    assert.equal(error.code, "config-invalid");
    assert.deepEqual(
      error.detail.problems.map(({ key, line }) => [key, line]),
      [["stack", 1]],
    );
  });

  const issuers: [string, string, RegExp][] = [
    ["plain http", "http://oidc.example.com", /https:\/\/ only/u],
    ["a port", "https://oidc.example.com:8443", /port/u],
    ["a query", "https://oidc.example.com?a=b", /query/u],
    ["over 255 characters", `https://oidc.example.com/${"x".repeat(240)}`, /255/u],
  ];
  for (const [what, issuer, text] of issuers) {
    test(`refuses an issuer with ${what}, and changes nothing`, async () => {
      const { code, err } = await withConfig(good(issuer));
      assert.equal(code, 2);
      assert.match(err, text);
      assert.match(err, /^code: {2}config-invalid$/mu);
    });
  }

  test("takes an issuer that ends with a slash as one of its own", async () => {
    const { err } = await withConfig(good("https://oidc.example.com/"));
    // It gets past the config: what is missing is a cluster.
    assert.match(err, /has no cluster/u);
  });

  test("says what is wrong with a config that is no file, no text, or not there", async () => {
    await writeFile(join(folder, "binary.yaml"), Buffer.from([0xff, 0xfe, 0x00]));
    for (const name of ["absent.yaml", ".", "binary.yaml"]) {
      const { code, err } = await podtrustChild(["token", "a/b", "-f", name], { cwd: folder });
      assert.equal(code, 2, name);
      assert.match(err, /^code: {2}config-unreadable$/mu);
    }
  });

  test("says where it looked for a config that is not there, and how to name one", async () => {
    const empty = await mkdtemp(join(folder, "empty-"));
    const { code, err } = await podtrustChild(["plan"], { cwd: empty });
    assert.equal(code, 2);
    assert.match(err, /^error: there is no podtrust\.yaml in \S+empty-/u);
    assert.match(
      err,
      /^next: {2}Write one with `podtrust init`, run the command in the folder of podtrust\.yaml, or name the config file with -f/mu,
    );
  });

  /** Modules of ours that a command line loads, as Node names them where it resolves them. */
  async function modulesOf(...args: readonly string[]): Promise<readonly string[]> {
    const { err } = await podtrustChild(args, { cwd: folder, env: { NODE_DEBUG: "esm" } });
    assert.match(
      err,
      /node_modules\/commander/u,
      "a trace without the parser of the command line has seen nothing",
    );
    assert.doesNotMatch(err, /node_modules\/(?:@aws-sdk|zod|yaml|@kubernetes)/u);
    const loaded = [...err.matchAll(/file:\/\/[^' ]*\/src\/([^' ]+\.ts)/gu)].map(([, file = ""]) => file);
    return [...new Set(loaded)];
  }

  test("starts fast enough to be typed: --help loads no SDK, no parser of files and no command", async () => {
    // The aim is 150 ms, which npm run bench measures.
    const modules = await modulesOf("--help");
    assert.deepEqual(
      modules.filter((file) => !file.startsWith("core/")),
      ["cli/main.ts", "cli/commands.ts"],
    );
    assert.ok(modules.length <= 92, `--help loads ${modules.length} modules`);
  });

  test("a command's help loads the words of that command alone, wherever its name stands", async () => {
    for (const args of [
      ["up", "--help"],
      ["--json", "help", "up"],
    ]) {
      const modules = await modulesOf(...args);
      assert.deepEqual(
        modules.filter((file) => file.endsWith("/command.ts")),
        ["cli/up/command.ts"],
      );
    }
  });

  test("a plan of AWS alone loads no other relying party's client, parts or judge, and another's loads its own", async () => {
    const cwd = await mkdtemp(join(folder, "parties-"));
    const parties = async (sections: string): Promise<readonly string[]> => {
      await writeFile(
        join(cwd, "podtrust.yaml"),
        `stack: prod\nissuer: https://oidc.example.com\n${sections}`,
      );
      const env = { NODE_DEBUG: "esm", AWS_EC2_METADATA_DISABLED: "true" };
      const { err } = await podtrustChild(["plan"], { cwd, env });
      assert.match(err, /stack\/parts\/aws\/part/u);
      const loaded = [...err.matchAll(/file:\/\/[^' ]*\/src\/([^' ]+\.ts)/gu)].map(([, file = ""]) => file);
      // What names errors and reads any config, and a pure room that knows every annotation.
      return [...new Set(loaded)].filter(
        (file) =>
          /(?:^|\/)(?:gcp|azure|openbao)(?:\/|\.ts$)/u.test(file) &&
          !/^(?:core\/(?:base|reasons)|config|rules\/injection)\//u.test(file),
      );
    };
    assert.deepEqual(await parties('aws: [{account: "111122223333", region: eu-central-1}]\n'), []);
    const id = "11111111-2222-3333-4444-555555555555";
    for (const [name, section] of [
      ["openbao", "openbao: [{address: https://bao.example.com, mount: podtrust}]\n"],
      ["azure", `azure: [{tenant: ${id}, subscription: ${id}, resourceGroup: podtrust}]\n`],
    ] as const) {
      const own = await parties(section);
      assert.ok(own.includes(`stack/parts/${name}/part.ts`), own.join());
      assert.deepEqual(
        own.filter((file) => !file.includes(name)),
        [],
      );
    }
  });

  test("the sandbox starts without what only a cluster, an authority or a config needs: no certificates, no parser", async () => {
    const { code, err } = await podtrustChild(["sandbox", "--port", "0", "--json"], {
      cwd: folder,
      env: { HOME: folder, NODE_DEBUG: "esm" },
      onOutput: (out, kill) => {
        if (out.includes("\n}")) kill("SIGTERM");
      },
    });
    assert.equal(code, 0);
    assert.match(err, /node_modules\/commander/u);
    assert.match(err, /sandbox\/aws\/start/u);
    assert.doesNotMatch(err, /node_modules\/(?:@aws-sdk|zod|yaml)/u);
    assert.doesNotMatch(
      err,
      /core\/x509\/|sandbox\/(?:authority|ca\/ca|cluster\/cluster|hetzner\/hetzner|cloudflare\/cloudflare)/u,
    );
    // One for AWS alone has nothing of another cloud in its memory.
    assert.doesNotMatch(err, /sandbox\/(?:azure|front)\/|rules\/azure/u);
  });
});

describe("a signal", () => {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    test(`${name} ends what serves, which cleans up and exits 0`, async () => {
      const { code, err } = await podtrustChild(["sandbox", "--port", "0", "--json"], {
        cwd: folder,
        env: { HOME: folder },
        onOutput: (out, kill) => {
          if (out.includes("\n}")) kill(name);
        },
      });
      assert.deepEqual([code, err], [0, ""]);
    });
  }
});

describe("a reader that has seen enough", () => {
  test("does not end what serves: it goes on until a signal", async () => {
    const env = { PATH: process.env["PATH"], HOME: folder, NODE_NO_WARNINGS: "1" };
    const child = spawn(process.execPath, [mainFile, "sandbox", "--port", "0"], { cwd: folder, env });
    let text = "";
    for await (const part of child.stdout.setEncoding("utf8")) {
      text += String(part);
      // Leaving the loop closes the pipe, as head does.
      if (text.includes("Ready.")) break;
    }
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/u.exec(text) ?? [];
    // Refused, and written to a log that nothing reads.
    await (await fetch(url, { method: "POST", body: "Action=GetCallerIdentity&Version=2011-06-15" })).text();
    assert.equal((await fetch(`${url}/`)).status, 200);
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, 0);
  });
});

describe("a command that a signal ends before it is done", () => {
  for (const [name, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    test(`exits ${expected} after ${name}, having cleaned up`, async () => {
      const temporary = await mkdtemp(join(folder, "tmp-"));
      let kill = (): void => {};
      const { code, err } = await podtrustChild(["demo"], {
        env: { TMPDIR: temporary },
        onStart(how) {
          kill = () => {
            how(name);
            // A second signal would end it at once.
            kill = () => {};
          };
        },
        onOutput: () => kill(),
      });
      assert.equal(code, expected, err);
      assert.deepEqual(await readdir(temporary), []);
    });
  }
});

describe("the job without AWS", () => {
  const job = {
    AWS_REGION: "eu-central-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: emptyFile,
  };

  test("without a token the SDK stops before it asks: its own code and text, exit 1", async () => {
    const { code, out } = await podtrustChild(["job", "--json"], {
      env: { ...job, AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
    });
    const { error } = JSON.parse(out) as { error: { code: string; message: string; call: string } };
    assert.deepEqual([code, error.code, error.call], [1, "CredentialsProviderError", "GetCallerIdentity"]);
    assert.equal(out.trim().split("\n").length, 1);
  });
});
