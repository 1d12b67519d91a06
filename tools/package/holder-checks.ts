import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { softHsmLibrary, softHsmProgram } from "../../test/support/soft-hsm.ts";
import { type HolderFolder, lockedOf } from "./holders.ts";
import { type Check, installPacked, megabytesIn, npm, versionIn } from "./support.ts";

type Answer = Readonly<Record<string, unknown>>;

/** What the installed program answers to these lines; it ends with its input. */
function answersOf(program: string, env: NodeJS.ProcessEnv, ...asked: readonly object[]): readonly Answer[] {
  const input = asked.map((one) => `${JSON.stringify(one)}\n`).join("");
  const ran = spawnSync(program, {
    input,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, ...env },
  });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
}

/** What each of them promises; `to` is where it is installed. */
function commonChecks(folder: HolderFolder, to: string, most: number): readonly Check[] {
  const [name = "", ...others] = lockedOf(folder);
  return [
    [
      `${name}: its package.json points to nothing that is missing or of another kind (publint)`,
      () => execFileSync(join("node_modules", ".bin", "publint"), [folder, "--strict"], { stdio: "inherit" }),
    ],
    [
      `${name}: its tarball holds its program, README, CHANGELOG and licence, and nothing else`,
      () => {
        const listed = npm(".", "pack", `./${folder}`, "--dry-run", "--json", "--ignore-scripts");
        const [entry] = Object.values(JSON.parse(listed) as Record<string, { files: { path: string }[] }>);
        const scripts = globSync("*.mjs", { cwd: folder });
        assert.deepEqual(
          entry?.files.map(({ path }) => path).sort(),
          ["CHANGELOG.md", "LICENSE", "README.md", "package.json", ...scripts].sort(),
        );
        const changelog = readFileSync(join(folder, "CHANGELOG.md"), "utf8");
        assert.ok(
          changelog.includes(`\n## ${versionIn(folder)}\n`),
          `no ${versionIn(folder)} in CHANGELOG.md`,
        );
      },
    ],
    [
      `${name}: it installs elsewhere with the packages of its lock file alone, below ${most} MB`,
      () => {
        mkdirSync(to, { recursive: true });
        const installed = installPacked(`./${folder}`, to);
        const megabytes = megabytesIn(to);
        console.log(`  ${installed.length} packages, ${megabytes.toFixed(1)} MB`);
        assert.deepEqual([...installed].sort(), [name, ...others].sort());
        assert.ok(megabytes < most, `${megabytes} MB`);
      },
    ],
  ];
}

function pkcs11Checks(to: string): readonly Check[] {
  const bin = join(to, "node_modules", ".bin");
  return [
    ...commonChecks("packages/pkcs11", to, 5),
    [
      "@podtrust/pkcs11: without its addon or its settings it says in one sentence what to do",
      () => {
        const said = (env: NodeJS.ProcessEnv): string => {
          const ran = spawnSync(join(bin, "podtrust-pkcs11"), {
            encoding: "utf8",
            env: { ...process.env, ...env },
          });
          assert.equal(ran.status, 1);
          return ran.stderr;
        };
        assert.equal(said({}), "podtrust-pkcs11: the addon is not built: run podtrust-pkcs11-build\n");
        execFileSync(join(bin, "podtrust-pkcs11-build"), {
          cwd: "/",
          stdio: ["ignore", "ignore", "inherit"],
        });
        assert.equal(said({}), "podtrust-pkcs11: PODTRUST_PKCS11_MODULE is not set\n");
      },
    ],
    [
      "@podtrust/pkcs11: built by the machine's compiler, it signs with a key of SoftHSM",
      () => {
        if (softHsmLibrary === undefined) {
          assert.notEqual(process.env["CI"], "true", "Debian's softhsm2 is not installed");
          console.log("  left out: Debian's softhsm2 is not installed");
          return;
        }
        const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
        const spki = publicKey.export({ type: "spki", format: "der" });
        const at = join(to, "softhsm");
        mkdirSync(at);
        const main = join(to, "node_modules/@podtrust/pkcs11/main.mjs");
        const input = Buffer.from("header.claims");
        const [hello, named, signed] = answersOf(
          softHsmProgram(at, { sa: privateKey }, main),
          {},
          { id: 1, do: "public", key: "sa" },
          { id: 2, do: "sign", key: "sa", alg: "ES256", input: input.toString("base64") },
        );
        assert.deepEqual(hello, { scheme: "pkcs11" });
        assert.deepEqual(named, { id: 1, publicKey: spki.toString("base64") });
        const key = createPublicKey({ key: spki, type: "spki", format: "der" });
        const signature = Buffer.from(String(signed?.["signature"]), "base64");
        assert.ok(verify("sha256", input, { key, dsaEncoding: "ieee-p1363" }, signature));
      },
    ],
  ];
}

function kmsChecks(to: string): readonly Check[] {
  return [
    ...commonChecks("packages/kms", to, 20),
    [
      "@podtrust/kms: it starts, and answers what it cannot do",
      () => {
        const program = join(to, "node_modules", ".bin", "podtrust-kms");
        assert.ok(existsSync(program));
        const answers = answersOf(program, { AWS_REGION: "eu-central-1" }, { id: 1, do: "dance" });
        assert.deepEqual(answers, [{ scheme: "kms" }, { id: 1, error: "it cannot do that" }]);
      },
    ],
  ];
}

/** What the programs that hold keys promise, each in a folder of its own. */
export const holderChecks = {
  "@podtrust/pkcs11": pkcs11Checks,
  "@podtrust/kms": kmsChecks,
} as const;
