/** What `npm run release` makes: podtrust, and the publisher alone, as one file each, for two architectures. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { foreignToPodtrust, holderFolders, lockedOf } from "../../tools/package/holders.ts";
import { testAuthority } from "../support/certificates.ts";
import { certificateFiles, startPublisherProcess } from "../support/publisher-process.ts";
import { noHome } from "../support/nowhere.ts";

const run = promisify(execFile);
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const crossed = "/usr/aarch64-linux-gnu";

function whyNoEmulator(): string | false {
  if (process.arch !== "x64") return "this machine is no x64";
  try {
    execFileSync("qemu-aarch64-static", ["--version"], { stdio: "ignore" });
  } catch {
    return "qemu-aarch64-static is not installed";
  }
  return existsSync(join(crossed, "lib/libstdc++.so.6")) ? false : "the libraries of arm64 are not installed";
}

describe("npm run release", { skip: process.platform !== "linux" && "it is built on Linux" }, () => {
  let folder: string;
  let said = "";
  const programs = new Map<string, string>();
  const programOf = (architecture: string): string => programs.get(architecture) ?? "";

  // The lowest level: how long compression takes is not what is asked here.
  const release = (to: string, ...parts: readonly string[]): Promise<{ readonly stdout: string }> =>
    run(process.execPath, ["tools/release.ts", "--level", "1", "--to", to, ...parts], {
      maxBuffer: 1024 * 1024,
      env: { ...process.env, SOURCE_DATE_EPOCH: "1764115200" },
    });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-release-"));
    const parts = ["linux-x64", "linux-arm64", "publisher-linux-x64", "publisher-linux-arm64", "sbom"];
    ({ stdout: said } = await release(folder, ...parts));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [architecture, machine] of [
    ["x64", 0x3e],
    ["arm64", 0xb7],
  ] as const) {
    test(`the file for ${architecture} is a program for it, and of the sums that stand beside it`, () => {
      const name = `podtrust-publisher-${version}-linux-${architecture}`;
      const packed = readFileSync(join(folder, `${name}.zst`));
      const program = zstdDecompressSync(packed);
      // ELF64, e_machine.
      assert.equal(program.subarray(0, 5).toString("latin1"), "\x7fELF\x02");
      assert.equal(program.readUInt16LE(18), machine);
      const sums = readFileSync(join(folder, `${name}.zst.sha256`), "utf8");
      assert.equal(sums, `${sum(packed)}  ${name}.zst\n${sum(program)}  ${name}\n`);
      const path = join(folder, name);
      writeFileSync(path, program, { mode: 0o755 });
      programs.set(architecture, path);
    });
  }

  test("a step that takes long is said before it begins", () => {
    const lines = said.trimEnd().split("\n");
    const at = (pattern: RegExp): number => lines.findIndex((line) => pattern.test(line));
    const steps = [
      /^release: joins the modules of podtrust-publisher$/u,
      /^release: puts podtrust-publisher into the Node of linux-arm64$/u,
      /^release: compresses podtrust-publisher-\S+-linux-arm64, \d+\.\d MB, by zstd of level 1: the longest step$/u,
      /^release: .*podtrust-publisher-\S+-linux-arm64\.zst, \d+\.\d MB$/u,
    ].map(at);
    assert.ok(!steps.includes(-1), said);
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
      said,
    );
  });

  const onThisMachine = { skip: process.arch !== "x64" && "this machine is no x64" };

  test(
    "the program says the version that it was built of, without a package or Node around it",
    onThisMachine,
    async () => {
      const options = { cwd: "/", env: { NODE_OPTIONS: "--require /nonexistent" } };
      assert.equal((await run(programOf("x64"), ["--version"], options)).stdout, `${version}\n`);
      const help = (await run(programOf("x64"), ["--help"], options)).stdout;
      assert.match(help, /^ {2}serve /mu);
      assert.doesNotMatch(help, /sandbox|demo/u);
    },
  );

  test("the program serves a cluster's documents, and its metrics", onThisMachine, async (t) => {
    const host = "oidc.example.test";
    const cluster = await startStandInCluster({ issuer: `https://${host}` });
    t.after(() => cluster.close());
    const authority = await testAuthority();
    const served = {
      stack: "prod",
      issuer: cluster.issuer,
      kubeconfig: cluster.kubeconfig("publisher"),
      https: await certificateFiles(folder, await authority.issue([host])),
    };
    const publisher = await startPublisherProcess({
      command: [programOf("x64")],
      folder,
      stacks: [served],
    });
    t.after(() => publisher.close());
    const answer = await request(`${cluster.issuer}/openid/v1/jwks`, {
      ca: authority.root,
      connectTo: [parseConnectTo(`${host}:443:127.0.0.1:${publisher.port}`)],
    });
    assert.equal(answer.status, 200);
    assert.match(answer.body.toString(), new RegExp(cluster.keys.list()[0]?.kid ?? "none", "u"));
    const status = ["rotate", "status", "--json", "--state", publisher.stateDir];
    assert.match((await run(programOf("x64"), status)).stdout, /"signs"/u);
    // What is loaded only by those who ask is in the file as well.
    const [, admin] = /"admin":"(127\.0\.0\.1:\d+)"/u.exec(publisher.log()) ?? [];
    const { stdout } = await run("curl", ["-sS", `http://${admin}/metrics`]);
    assert.match(stdout, /podtrust_ready 1/u);
  });

  /** Unpacked as a user would, beside the links to it. */
  function unpacked(target: string): string {
    const to = join(folder, target);
    mkdirSync(to);
    const tar = zstdDecompressSync(readFileSync(join(folder, `podtrust-${version}-${target}.tar.zst`)));
    execFileSync("tar", ["-xf", "-", "-C", to], { input: tar });
    return to;
  }

  test(
    "podtrust is one file that does all of the demo, without a package or Node around it",
    onThisMachine,
    async () => {
      const to = unpacked("linux-x64");
      const podtrust = join(to, "podtrust");
      const options = { cwd: "/", env: { HOME: noHome, PATH: "/nonexistent" } };
      // Its modules stand as if they were beside it; what lies there is not taken for them.
      for (const name of ["start.mjs", "main.mjs"]) writeFileSync(join(to, name), "process.exit(9);\n");
      assert.equal((await run(podtrust, ["--version"], options)).stdout, `${version}\n`);
      const { stdout: help } = await run(podtrust, ["explain", "--help"], options);
      assert.match(help, /^Guide: docs\/how-to\/explain\.md$/mu);
      const { stdout } = await run(podtrust, ["demo", "--json"], options);
      const story = JSON.parse(stdout) as { refusals: unknown[]; links: { ok: boolean }[] };
      assert.ok(story.refusals.length >= 6 && story.links.every((link) => link.ok));
      const licences = readFileSync(join(to, "LICENSES.txt"), "utf8");
      for (const name of ["node", "commander", "@aws-sdk/client-sts"])
        assert.match(licences, new RegExp(`^== ${name} [\\d.]+ \\(`, "mu"));
    },
  );

  test(
    "links to podtrust's executable are kubectl's plugin and what completes it",
    onThisMachine,
    async () => {
      const { stdout } = await run(join(folder, "linux-x64", "kubectl_complete-podtrust"), ["expl"]);
      assert.match(stdout, /^explain\t.*\n:4\n$/u);
      const plugin = await run(join(folder, "linux-x64", "kubectl-podtrust"), ["version"]);
      assert.equal(plugin.stdout, `${version}\n`);
    },
  );

  test("the ones for arm64 run, in an emulator", { skip: whyNoEmulator() }, async () => {
    for (const program of [programOf("arm64"), join(unpacked("linux-arm64"), "podtrust")]) {
      const { stdout } = await run("qemu-aarch64-static", ["-L", crossed, program, "--version"]);
      assert.equal(stdout, `${version}\n`);
    }
  });

  test("a second build gives the same bytes", async () => {
    const again = mkdtempSync(join(tmpdir(), "podtrust-release-again-"));
    try {
      await release(again, "publisher-linux-x64", "sbom");
      const names = readdirSync(again).filter((name) => name !== "SHA256SUMS");
      assert.equal(names.length, 6);
      for (const name of names) {
        const [one, other] = [folder, again].map((where) => readFileSync(join(where, name)));
        assert.ok(one !== undefined && other !== undefined && one.equals(other), name);
      }
    } finally {
      rmSync(again, { recursive: true, force: true });
    }
  });

  test("the sums of all of it stand in one file, and the SBOM names what users install, at the time it was given", () => {
    const names = readFileSync(join(folder, "SHA256SUMS"), "utf8").trimEnd().split("\n");
    for (const line of names) {
      const [hash, name = ""] = line.split("  ");
      assert.equal(hash, sum(readFileSync(join(folder, name))), name);
    }
    assert.equal(names.length, 8);
    const bom = JSON.parse(readFileSync(join(folder, `podtrust-${version}.cdx.json`), "utf8")) as {
      bomFormat: string;
      metadata: { timestamp: string; component: { name: string } };
      components: readonly { name: string }[];
    };
    assert.deepEqual([bom.bomFormat, bom.metadata.timestamp], ["CycloneDX", "2025-11-26T00:00:00.000Z"]);
    const components = bom.components.map(({ name }) => name);
    assert.ok(components.includes("commander"));
    assert.ok(!components.includes("typescript"));
    const manifest = JSON.parse(readFileSync("packages/sandbox/package.json", "utf8")) as { version: string };
    const sandbox = JSON.parse(
      readFileSync(join(folder, `podtrust-sandbox-${manifest.version}.cdx.json`), "utf8"),
    ) as typeof bom;
    assert.equal(sandbox.metadata.component.name, "@podtrust/sandbox");
    assert.deepEqual(
      sandbox.components.map(({ name }) => name),
      ["commander"],
    );
  });

  test("the programs that hold a signer's keys have an SBOM of their own lock files, and neither podtrust nor an executable has any of them", () => {
    const componentsOf = (file: string): readonly string[] =>
      (
        JSON.parse(readFileSync(join(folder, file), "utf8")) as {
          readonly components: readonly { readonly group?: string; readonly name: string }[];
        }
      ).components.map(({ name }) => name);
    for (const at of holderFolders) {
      const { name, version: own } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
        name: string;
        version: string;
      };
      const [, ...others] = lockedOf(at);
      const file = `${name.replace("@", "").replace("/", "-")}-${own}.cdx.json`;
      assert.deepEqual([...new Set(componentsOf(file))].sort(), [...new Set(others)].sort());
    }
    const ours = componentsOf(`podtrust-${version}.cdx.json`);
    assert.deepEqual(
      foreignToPodtrust.filter((name) => ours.includes(name)),
      [],
    );
    // The build of the executables, above, fails where an import would bring one of them.
    assert.ok(existsSync(join(folder, `podtrust-${version}-linux-x64.tar.zst`)));
  });
});
