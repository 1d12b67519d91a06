import assert from "node:assert/strict";
import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { type Check, installPacked, megabytesIn, npm, versionIn } from "./support.ts";
import { foreignToPodtrust } from "./holders.ts";
import { sandboxFolder } from "./sandbox.ts";

/** What the package podtrust promises; `folder` is where it is installed. */
export function podtrustChecks(folder: string): readonly Check[] {
  const version = versionIn(".");
  const podtrust = (...args: readonly string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [join(folder, "node_modules/podtrust/dist/cli/main.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
      timeout: 120_000,
    });
  return [
    [
      "a checkout that was never built is packed with its build, and installed by a git address, too",
      () => {
        const checkout = join(folder, "checkout");
        execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${resolve(".")}`, checkout]);
        symlinkSync(resolve("node_modules"), join(checkout, "node_modules"));
        for (const [place, name, program] of [
          [".", `podtrust-${version}`, "cli/main.js"],
          [`./${sandboxFolder}`, `podtrust-sandbox-${versionIn(sandboxFolder)}`, "sandbox/cli/main.js"],
        ] as const) {
          rmSync(join(checkout, "dist"), { recursive: true, force: true });
          rmSync(join(checkout, sandboxFolder, "dist"), { recursive: true, force: true });
          npm(checkout, "pack", place, "--loglevel=error");
          const packed = execFileSync("tar", ["tzf", join(checkout, `${name}.tgz`)], { encoding: "utf8" });
          assert.ok(packed.split("\n").includes(`package/dist/${program}`), packed);
        }
        // npm runs prepare where it was typed: in the checkout it builds nothing, and for another project it does.
        const prepared = (typedIn: string): boolean => {
          rmSync(join(checkout, "dist"), { recursive: true, force: true });
          const env = { ...process.env, INIT_CWD: typedIn };
          execFileSync(process.execPath, ["tools/prepare.ts"], { cwd: checkout, env, stdio: "ignore" });
          return existsSync(join(checkout, "dist", "cli", "main.js"));
        };
        assert.deepEqual([prepared(checkout), prepared(folder)], [false, true]);
        rmSync(checkout, { recursive: true });
      },
    ],
    [
      "a package that runs a script at its installation is one that was looked at",
      () => {
        const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
          packages: Record<string, { hasInstallScript?: true }>;
        };
        const { allowScripts } = JSON.parse(readFileSync("package.json", "utf8")) as { allowScripts: object };
        const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript === true);
        assert.deepEqual(
          scripted.filter((name) => name !== "").map((name) => name.replace("node_modules/", "")),
          Object.keys(allowScripts),
        );
      },
    ],
    [
      "the tarball holds what users need and nothing else",
      () => {
        const listed = npm(".", "pack", "--dry-run", "--json", "--ignore-scripts");
        const [entry] = Object.values(JSON.parse(listed) as Record<string, { files: { path: string }[] }>);
        const paths = entry?.files.map((file) => file.path) ?? [];
        assert.ok(
          paths.includes("dist/cli/main.js") && paths.includes("LICENSE") && paths.includes("README.md"),
        );
        // What README, help and errors point to.
        assert.ok(paths.includes("docs/how-to/explain.md") && paths.includes("docs/reference/errors.md"));
        assert.deepEqual(
          paths.filter((path) => /\.test\.|^test\/|^tools\/|^src\/|^packages\/|node_modules/u.test(path)),
          [],
        );
      },
    ],
    [
      "its package.json points to nothing that is missing or of another kind (publint)",
      () => execFileSync(join("node_modules", ".bin", "publint"), ["--strict"], { stdio: "inherit" }),
    ],
    [
      "it installs elsewhere, without our development Node, the sandbox's package, whose modules are its own, and what holds a signer's keys",
      () => {
        const installed = installPacked(".", folder);
        console.log(`  ${installed.length} packages`);
        assert.ok(installed.includes("podtrust") && installed.length <= 41);
        assert.deepEqual(
          installed.filter(
            (name) => /^node-|^@podtrust\//u.test(name) || foreignToPodtrust.some((one) => one === name),
          ),
          [],
        );
      },
    ],
    [
      "with all that it brings it takes less than 82 MB",
      () => {
        const megabytes = megabytesIn(folder);
        console.log(`  ${megabytes.toFixed(1)} MB`);
        assert.ok(megabytes < 82, `${megabytes} MB`);
      },
    ],
    [
      "it says its version and its commands",
      () => {
        assert.equal(podtrust("--version").stdout.trim(), version);
        const help = podtrust("--help");
        assert.equal(help.status, 0);
        assert.match(help.stdout, /demo/u);
        assert.match(help.stdout, /serve/u);
        const [, guide = ""] = /^Guide: (.+)$/mu.exec(podtrust("explain", "--help").stdout) ?? [];
        assert.ok(readFileSync(guide, "utf8").length > 0, guide);
      },
    ],
    ["a wrong call ends with 2 and says so", () => assert.equal(podtrust("dmeo").status, 2)],
    [
      "the GitHub Action's step installs it as a command",
      () => {
        const [, block = ""] =
          /- name: Install podtrust[^]*?\n {6}run: \|\n((?: {8}.*\n)+)/u.exec(
            readFileSync("action.yml", "utf8"),
          ) ?? [];
        const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
        const paths = join(folder, "github-path");
        const env = {
          ...process.env,
          PACKAGE: join(folder, tarball),
          ACTION: resolve("."),
          GITHUB_PATH: paths,
        };
        execFileSync("bash", ["-eo", "pipefail", "-c", block], {
          cwd: folder,
          env,
          stdio: ["ignore", "pipe", "inherit"],
        });
        const bin = readFileSync(paths, "utf8").trim();
        const said = execFileSync(join(bin, "podtrust"), ["--version"], { encoding: "utf8" });
        assert.equal(said.trim(), version);
      },
    ],
    [
      "the whole demo runs from the installed package",
      () => {
        const demo = podtrust("demo", "--json");
        assert.equal(demo.status, 0, demo.stderr);
        const story = JSON.parse(demo.stdout) as { refusals: unknown[]; links: { ok: boolean }[] };
        assert.ok(story.refusals.length >= 6 && story.links.every((link) => link.ok));
      },
    ],
  ];
}
