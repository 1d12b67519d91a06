/** What podtrust reads of the environment and of files with credentials stands in tables: npm run lint finds every other reading. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settings } from "../../src/core/base/index.ts";
import { credentials } from "../../src/core/credentials/credential-rows.ts";
import { environmentReaders, ownEnvironment } from "../../tools/lint/environment.ts";
import { fileReaders } from "../../tools/lint/file-reads.ts";
import { foundBy } from "./linted.ts";

const root = join(import.meta.dirname, "../..");
const given = (body: string): string =>
  `type Environment = Record<string, string | undefined>;\nexport const of = (env: Environment, context: { env: Environment }, name: string): unknown => ${body};\n`;

test("npm run lint fails on an environment that is read beside the tables, in each of twenty-one spellings", () => {
  const faults = {
    "src/providers/hetzner/own.ts": 'export const token = process.env["HCLOUD_TOKEN"];\n',
    "src/providers/hetzner/text.ts": 'export const token = process["env"];\n',
    "src/providers/hetzner/global.ts": "export const all = globalThis.process.env;\n",
    "src/providers/hetzner/taken.ts": "const { env: all } = process;\nexport { all };\n",
    "src/providers/hetzner/named.ts": 'import { env } from "node:process";\nexport const all = () => env;\n',
    "src/providers/hetzner/old-name.ts": 'import { env as all } from "process";\nexport const of = all;\n',
    "src/providers/hetzner/module.ts": 'import own from "node:process";\nexport const all = own.env;\n',
    "src/cli/up/member.ts": given('env["BAO_TOKEN"]'),
    "src/cli/up/dot.ts": given("context.env.BAO_TOKEN"),
    "src/cli/up/computed.ts": given("context.env[name]"),
    "src/cli/up/optional.ts": given('context?.env?.["BAO_TOKEN"]'),
    "src/cli/up/pattern.ts": given("{ const { BAO_TOKEN: token } = context.env; return token; }"),
    "src/cli/up/inside.ts": given("{ const { env: { BAO_TOKEN } } = context; return BAO_TOKEN; }"),
    "src/cli/up/other-name.ts": given("{ const { env: all } = context; return all[name]; }"),
    "src/cli/up/alias.ts": given("{ const all = context.env; return all[name]; }"),
    "src/cli/up/assigned.ts": given("{ let all; all = env; return all; }"),
    "src/cli/up/typed.ts":
      'import type { Environment } from "../../core/base/index.ts";\nexport const of = (all: Environment): unknown => all;\n',
    "src/cli/up/spread.ts": given("({ ...env })"),
    "src/cli/up/entries.ts": given("Object.entries(context.env)"),
    "src/cli/up/in.ts": given("name in env"),
    "packages/kms/main.mjs": 'export const token = process.env["TOKEN"];\n',
  };
  const fine = {
    "src/cli/up/handed-on.ts": given("((one: { env: Environment }) => one)({ env })"),
    "src/cli/up/setting.ts":
      'import { type Environment, setting } from "../../core/base/index.ts";\nexport const of = (env: Environment) => setting(env, "HOME");\n',
    "src/cli/up/of-a-unit.ts":
      'export const of = (unit: { environment: Record<string, string> }) => unit.environment["K3S_TOKEN"];\n',
    "src/cli/up/own.test.ts": given('env["BAO_TOKEN"]'),
    "src/core/credentials/variables.ts": given("env[name]"),
  };
  assert.deepEqual(foundBy("no-environment", { ...faults, ...fine }), Object.keys(faults));
});

test("npm run lint fails on a file that is read past its row of the table, in each of eleven spellings", () => {
  const faults = {
    "src/providers/hetzner/token.ts":
      'import { readFile } from "node:fs/promises";\nexport const of = (tokenFile: string) => readFile(tokenFile, "utf8");\n',
    "src/providers/hetzner/sync.ts":
      'import { readFileSync as read } from "node:fs";\nexport const of = (tokenFile: string) => read(tokenFile);\n',
    "src/providers/hetzner/whole.ts":
      'import * as files from "node:fs";\nexport const of = (name: string) => files.readFileSync(name);\n',
    "src/providers/hetzner/default.ts":
      'import files from "fs";\nexport const of = (name: string) => files.readFileSync(name);\n',
    "src/providers/hetzner/promises.ts":
      'import { promises } from "node:fs";\nexport const of = (name: string) => promises.readFile(name);\n',
    "src/providers/hetzner/opened.ts":
      'import { open } from "node:fs/promises";\nexport const of = (name: string) => open(name);\n',
    "src/providers/hetzner/stream.ts":
      'import { createReadStream } from "node:fs";\nexport const of = (name: string) => createReadStream(name);\n',
    "src/providers/hetzner/copy.ts":
      'import { copyFile } from "node:fs/promises";\nexport const of = (name: string) => copyFile(name, "/tmp/x");\n',
    "src/providers/hetzner/on-demand.ts":
      'export const of = async (name: string) => (await import("node:fs/promises")).readFile(name);\n',
    "src/providers/hetzner/bounded.ts":
      'import { readBoundedText } from "../../core/files/index.ts";\nexport const of = (name: string) => readBoundedText(name, 4096);\n',
    "src/providers/hetzner/late.ts":
      'export const of = async (name: string) => (await import("../../core/files/index.ts")).readBoundedText(name, 4096);\n',
  };
  const fine = {
    "src/providers/hetzner/row.ts":
      'import { readCredentialFile } from "../../core/files/index.ts";\nexport const of = (name: string) => readCredentialFile("hetzner-token", name);\n',
    "src/providers/hetzner/there.ts":
      'import { stat } from "node:fs/promises";\nexport const of = (name: string) => stat(name);\n',
    "src/providers/hetzner/own.test.ts":
      'import { readFile } from "node:fs/promises";\nexport const of = (name: string) => readFile(name);\n',
    "src/config/load.ts":
      'import { readBounded } from "../core/files/index.ts";\nexport const of = (name: string) => readBounded(name, 4096);\n',
  };
  assert.deepEqual(foundBy("no-file-read", { ...faults, ...fine }), Object.keys(faults));
});

/** The source of the files of an entry. */
const sourceOf = (entry: string): string =>
  globSync(entry.endsWith("/") ? `${entry}**/*.{ts,mjs}` : entry, { cwd: root })
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(root, name), "utf8"))
    .join("\n");

test("every file that may read the environment or files does", () => {
  const idle = (list: readonly string[], used: RegExp): readonly string[] =>
    list.filter((entry) => !used.test(sourceOf(entry)));
  assert.deepEqual(idle(ownEnvironment, /process\.env\b|\{ env \} = process\b/u), []);
  assert.deepEqual(idle(environmentReaders, /\benv(?:\[|\.|\))|\.\.\.env\b|\} = env\b/u), []);
  assert.deepEqual(
    idle(fileReaders, /\breadBounded(?:Text)?\(|\b(?:open|openSync|readFileSync|createReadStream)\(/u),
    [],
  );
  assert.deepEqual(idle(["src/cli/up/command.ts"], /process\.env\b/u), ["src/cli/up/command.ts"]);
});

test("a variable of the environment is a credential's or a setting, and not both", () => {
  const held = new Set<string>(
    Object.values(credentials).flatMap(({ variables }): readonly string[] => variables),
  );
  assert.deepEqual(
    Object.keys(settings).filter((name) => held.has(name)),
    [],
  );
  assert.ok(held.has("BAO_TOKEN"));
});
