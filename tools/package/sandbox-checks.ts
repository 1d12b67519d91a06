import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { importsIn } from "../imports.ts";
import { sandboxFolder } from "./sandbox.ts";
import { type Check, installPacked, megabytesIn, versionIn } from "./support.ts";

/** What users write to have the sandbox in their own tests. */
const ownTest = `
import { startSandbox, startStandInClouds } from "@podtrust/sandbox";
const aws = await startSandbox({ account: "111122223333" });
const clouds = await startStandInClouds({ mischief: 0 });
const get = async (url: string, token: string): Promise<any> =>
  (await fetch(url, { headers: { authorization: \`Bearer \${token}\` } })).json();
const { servers } = await get(clouds.hetzner.url + "/servers", clouds.hetzner.tokens.readWrite);
const { result } = await get(clouds.cloudflare.url + "/zones?name=example.com", clouds.cloudflare.tokens.edit);
console.log(JSON.stringify({ servers: servers.length, zones: result.map((one: any) => one.name), account: aws.account }));
await Promise.all([aws.close(), clouds.close()]);
`;

/** The program of README for a test. */
function readmeProgram(): string {
  const [, program = ""] =
    /^```js\n([^]*?)^```$/mu.exec(readFileSync(join(sandboxFolder, "README.md"), "utf8")) ?? [];
  assert.ok(program.includes("finally"), "README has no program with try and finally");
  return program;
}

/** What @podtrust/sandbox promises; `folder` is where it is installed. */
export function sandboxChecks(folder: string): readonly Check[] {
  const installed = join(folder, "node_modules/@podtrust/sandbox");
  const filesIn = (pattern: string): readonly string[] => globSync(pattern, { cwd: installed }).sort();
  return [
    [
      "its package.json points to nothing that is missing or of another kind (publint)",
      () =>
        execFileSync(join("node_modules", ".bin", "publint"), [sandboxFolder, "--strict"], {
          stdio: "inherit",
        }),
    ],
    [
      "it brings at most 5 packages and 5.1 MB with it, itself among them",
      () => {
        const packages = installPacked(`./${sandboxFolder}`, folder);
        const megabytes = megabytesIn(folder);
        console.log(`  ${packages.length} packages, ${megabytes.toFixed(2)} MB`);
        assert.ok(packages.includes("@podtrust/sandbox"));
        assert.ok(packages.length <= 5, packages.join(" "));
        assert.ok(megabytes <= 5.1, `${megabytes} MB`);
      },
    ],
    [
      "each import in it leads to a file of it or to a package that its manifest names, and each file is imported",
      () => {
        const { dependencies, bin, exports } = JSON.parse(
          readFileSync(join(installed, "package.json"), "utf8"),
        ) as { dependencies: object; bin: object; exports: object };
        const entered = JSON.stringify([bin, exports]);
        const seen = new Set<string>(["dist/sandbox/process/main.js"]);
        const packages = new Set<string>();
        const files = filesIn("dist/**/*.{js,d.ts}");
        for (const file of files) {
          if (entered.includes(file)) seen.add(file);
          const ending = file.endsWith(".d.ts") ? ".d.ts" : ".js";
          for (const target of importsIn(readFileSync(join(installed, file), "utf8"))) {
            if (target.startsWith("."))
              seen.add(join(dirname(file), target).replace(/(?<!\.d)\.[jt]s$/u, ending));
            else if (!target.startsWith("node:")) packages.add(target);
          }
        }
        assert.deepEqual([...packages].sort(), Object.keys(dependencies).sort());
        assert.deepEqual(
          [...seen].filter((file) => !existsSync(join(installed, file))),
          [],
        );
        assert.ok(files.length > 600, String(files.length));
        assert.deepEqual(
          files.filter((file) => !seen.has(file)),
          [],
        );
      },
    ],
    [
      "each page in it leads to pages that are in it",
      () => {
        const missing = filesIn("{README.md,CHANGELOG.md,docs/**/*.md}").flatMap((page) =>
          [...readFileSync(join(installed, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/gu)]
            .map(([, target = ""]) => join(dirname(page), target))
            .filter((target) => !existsSync(join(installed, target)))
            .map((target) => `${page}: ${target}`),
        );
        assert.deepEqual(missing, []);
      },
    ],
    [
      "its command says its own version and its options, and refuses what is wrong",
      () => {
        const program = join(folder, "node_modules/.bin/podtrust-sandbox");
        const ran = (...args: readonly string[]) =>
          spawnSync(program, args, { cwd: folder, encoding: "utf8" });
        assert.equal(ran("--version").stdout.trim(), versionIn(sandboxFolder));
        const { stdout } = ran("--help");
        assert.match(stdout, /^Usage: podtrust-sandbox \[options\] \[command\]$/mu);
        const [, guide = ""] = /^Guide: (.+)$/mu.exec(stdout) ?? [];
        assert.ok(guide.startsWith("/") && readFileSync(guide, "utf8").length > 0, guide);
        assert.equal(ran("--port", "x").status, 2);
      },
    ],
    [
      "README's program for a test runs as it stands",
      () => {
        writeFileSync(join(folder, "readme.js"), readmeProgram());
        const ran = spawnSync(process.execPath, ["readme.js"], { cwd: folder, encoding: "utf8" });
        assert.equal(ran.status, 0, ran.stderr);
      },
    ],
    [
      "it is a library: AWS and both clouds start in a user's test, with types",
      () => {
        writeFileSync(join(folder, "own-test.ts"), ownTest);
        const ran = spawnSync(process.execPath, ["own-test.ts"], { cwd: folder, encoding: "utf8" });
        assert.equal(ran.status, 0, ran.stderr);
        assert.deepEqual(JSON.parse(ran.stdout), {
          servers: 0,
          zones: ["example.com"],
          account: "111122223333",
        });
        const tsc = resolve("node_modules/typescript/bin/tsc");
        const options = ["--noEmit", "--module", "nodenext", "--strict", "--types", "node"];
        const types = ["--typeRoots", resolve("node_modules/@types")];
        execFileSync(process.execPath, [tsc, ...options, ...types, "own-test.ts"], {
          cwd: folder,
          stdio: "inherit",
        });
      },
    ],
  ];
}
