import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as library from "../../src/sandbox/index.ts";
import { exportedNames } from "../../tools/docs/sandbox-library.ts";

const root = join(import.meta.dirname, "../..");
const files = globSync("test/sandbox/examples/*.ts", { cwd: root }).sort();
// Below the project, so that its packages are found.
const folder = join(root, `.cache/examples-${process.pid}`);
/** Runs a program of a page from a file of this name, with the library of this checkout. */
async function run(text: string, name: string): Promise<void> {
  const door = pathToFileURL(join(root, "src/sandbox/index.ts")).href;
  assert.ok(text.includes('"@podtrust/sandbox"'));
  await mkdir(folder, { recursive: true });
  const copy = join(folder, name);
  await writeFile(copy, text.replace('"@podtrust/sandbox"', JSON.stringify(door)));
  await import(pathToFileURL(copy).href);
}

describe("the examples of the sandbox's library", () => {
  after(() => rm(folder, { recursive: true, force: true }));

  for (const file of files) {
    test(`the program runs as the page shows it: ${basename(file, ".ts")}`, async () => {
      await run(await readFile(join(root, file), "utf8"), basename(file));
    });
  }

  test("README's program for a test runs as it stands", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const programs = [...readme.matchAll(/^```ts\n([^]*?)^```$/gmu)].map(([, text = ""]) => text);
    assert.equal(programs.length, 1);
    await run(programs[0] ?? "", "readme.ts");
  });

  test("the program on the page of Google Cloud runs as it stands", async () => {
    const page = await readFile(join(root, "docs/how-to/sandbox/google-cloud.md"), "utf8");
    const [, program = ""] = /^```ts\n([^]*?)^```$/mu.exec(page) ?? [];
    await run(program, "google-cloud-page.ts");
  });

  test("every function and value that the package exports is used in one of them", async () => {
    const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
    const used = new Set(
      texts
        .flatMap((text) => /import \{([^}]+)\} from "@podtrust\/sandbox"/u.exec(text)?.[1]?.split(",") ?? [])
        .map((name) => name.trim()),
    );
    const exported = Object.keys(library);
    assert.deepEqual(
      exported.filter((name) => !used.has(name)),
      [],
    );
    assert.ok(exported.every((name) => exportedNames().includes(name)));
    assert.ok(exported.length >= 8);
  });

  test("each optional member of the options has its default in its docs", async () => {
    const sources = globSync("src/sandbox/**/*.ts", { cwd: root }).map((file) => join(root, file));
    const texts = await Promise.all(sources.map((file) => readFile(file, "utf8")));
    const doors = await Promise.all(
      ["index", "gcp", "azure"].map((name) => readFile(join(root, `src/sandbox/${name}.ts`), "utf8")),
    );
    const names = new Set(doors.join("\n").match(/\b\w+Options\b/gu));
    const optional = [...names].flatMap((name) => {
      const declared = new RegExp(String.raw`export interface ${name}\b[^{]*\{([^]*?)\n\}`, "u");
      const [, body = ""] = texts.map((text) => declared.exec(text)).find((found) => found !== null) ?? [];
      const members = /(?: {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n)? {2}readonly (\w+)\?:/gu;
      return [...body.matchAll(members)].map(([, doc = "", member]) => [`${name}.${member}`, doc] as const);
    });
    assert.ok(names.size >= 16 && optional.length >= 80, `${names.size} options, ${optional.length} members`);
    assert.deepEqual(
      optional.filter(([, doc]) => !/@default \S/u.test(doc)).map(([member]) => member),
      [],
    );
  });

  test("each function that starts or reaches something, and each class of error, has an example in its docs, and each class its default", async () => {
    const sources = globSync("src/sandbox/**/*.ts", { cwd: root }).map((file) => join(root, file));
    const text = (await Promise.all(sources.map((file) => readFile(file, "utf8")))).join("\n");
    const names = Object.keys(library).filter((name) => /^(?:start|connect|Sandbox)/u.test(name));
    assert.ok(names.length >= 14, names.join());
    for (const name of names) {
      const declared = new RegExp(
        String.raw`/\*\*((?:(?!\*/)[^])*)\*/\nexport (?:function|class) ${name}\b(?:(?!\n\}\n)[^])*`,
        "u",
      ).exec(text);
      assert.match(declared?.[1] ?? "", /@example/u, name);
      if (name.startsWith("Sandbox")) assert.match(declared?.[0] ?? "", /@default/u, name);
    }
  });
});
