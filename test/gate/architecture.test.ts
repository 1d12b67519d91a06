import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { links } from "../../src/core/base/index.ts";
import { allowed } from "../../tools/rooms.ts";

const page = readFileSync("ARCHITECTURE.md", "utf8");

function sectionOf(title: string): string {
  const [, after = ""] = page.split(`\n## ${title}\n`);
  return after.split("\n## ", 1)[0] ?? "";
}

/** The folders that a line of the map begins with: `acme/  tls/   what they are for`. */
function foldersOf(line: string): string[] {
  const [, names = ""] = /^((?:[a-z][a-z0-9-]*(?:\/[a-z0-9-]+)*\/ {1,2})+)/u.exec(`${line} `) ?? [];
  return names.split(" ").flatMap((name) => (name === "" ? [] : [name.slice(0, -1)]));
}

const map = /```\n([^]*?)```/u.exec(sectionOf("The folders"))?.[1]?.split("\n") ?? [];
const onMap = map.flatMap(foldersOf);
const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

describe("ARCHITECTURE.md", () => {
  test("has every folder of src/ on its map, and none that is not there", () => {
    const there = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const top = onMap.filter((name) => !name.includes("/"));
    assert.deepEqual(top.toSorted(), there.map(({ name }) => name).toSorted());
    assert.deepEqual(
      onMap.filter((name) => !isFolder(`src/${name}`)),
      [],
    );
    assert.equal(new Set(onMap).size, onMap.length, "a folder is named once");
  });

  test("says of every folder on its map what it is for", () => {
    for (const line of map.filter((one) => foldersOf(one).length > 0)) {
      assert.match(line, /\/ {2,}\S.{10,}$/u);
    }
  });

  test("says nothing of a folder or a file that is not there", () => {
    const named = [...page.matchAll(/`((?:[a-z0-9.-]+\/)+(?:[a-z0-9.-]+\.[a-z]+)?)`/gu)].map(
      ([, name]) => name ?? "",
    );
    assert.ok(named.length > 20);
    const lost = named.filter((name) => !existsSync(`src/${name}`) && !existsSync(name));
    assert.deepEqual(lost, []);
  });

  test("walks the path of a token through folders that are there, step by step", () => {
    const steps = sectionOf("The path of a token").match(/^\| (?!on the way|---).*\|$/gmu) ?? [];
    assert.equal(steps.length, 8);
    for (const step of steps) {
      const where = step.split("|").at(-2) ?? "";
      const folders = [...where.matchAll(/`([a-z0-9/-]+\/)`/gu)].map(([, name]) => name ?? "");
      assert.ok(folders.length > 0, step);
      for (const folder of folders) assert.ok(isFolder(`src/${folder}`), `${folder} of: ${step}`);
    }
  });

  test("names the links of the chain as the code does, in its order", () => {
    assert.ok(page.includes(`\`${links.join(" · ")}\``));
  });

  test("has on its map whatever has rules of its own in tools/rooms.ts", () => {
    assert.deepEqual(
      Object.keys(allowed).filter((room) => !onMap.includes(room)),
      [],
    );
  });

  test("draws directions of imports that tools/rooms.ts allows, from every root", () => {
    const drawn = [...page.matchAll(/^([a-z/]+) +──► (.*)$/gmu)].flatMap(([, from = "", to = ""]) =>
      to.split(" ").map((one) => [from, one] as const),
    );
    assert.ok(drawn.length > 20);
    assert.deepEqual(
      drawn.filter(([from, to]) => allowed[from]?.includes(to) !== true),
      [],
    );
    const roots = map.filter((line) => / root {3}/u.test(line)).flatMap(foldersOf);
    const starts = drawn.map(([from]) => from);
    for (const root of roots)
      assert.ok(
        starts.some((from) => from.split("/")[0] === root),
        root,
      );
  });
});
