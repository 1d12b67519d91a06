/** ARCHITECTURE.md's list of the files on the way of a binding, and the bounds of docs/adr/0040-way-of-a-binding.md on it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { followedBinding } from "../support/bindings/followed-world.ts";
import { filesRunIn } from "../support/files-run.ts";

describe("the way of a binding in ARCHITECTURE", () => {
  const page = readFileSync("ARCHITECTURE.md", "utf8");
  const [way = ""] = /^## The way of a binding$[^]*?(?=^## )/mu.exec(page) ?? [];
  const [, list = ""] = /```\n([^]*?)```/u.exec(way) ?? [];
  const listed = list.split("\n").flatMap((line) => {
    const [folder, ...names] = line.split(/[ :]+/u).filter((part) => part !== "");
    return folder === undefined ? [] : names.map((name) => `operator/${folder}${name}.ts`);
  });
  /** The rows of its table: a room, and how many of its files run at the most. */
  const rooms = [...way.matchAll(/^\| `(?<room>[a-z/]+)` \| (?<files>\d+) \|/gmu)].map(({ groups }) => ({
    room: groups?.["room"] ?? "",
    files: Number(groups?.["files"]),
  }));
  let ran: readonly string[] = [];

  test("names each file of the operator of which a function runs from the watch event to the status Ready", async (t) => {
    ran = await filesRunIn("src", await followedBinding(t));
    assert.deepEqual(
      listed.toSorted(),
      ran.filter((file) => file.startsWith("operator/")),
    );
  });

  test("is of twenty-two files in four folders at the most", () => {
    assert.ok(listed.length >= 8 && listed.length <= 22, `${listed.length} files`);
    const folders = new Set(listed.map((file) => dirname(file)));
    assert.ok(folders.size <= 4, [...folders].join(", "));
  });

  test("calls no other rooms than those of its table, and of each no more files than it says", () => {
    const isCounted = (file: string): boolean => !/^(?:core|operator|sandbox)\//u.test(file);
    const counts = new Map(rooms.map(({ room }) => [room, 0]));
    for (const file of ran.filter(isCounted)) {
      const room = rooms.find((one) => file.startsWith(`${one.room}/`))?.room;
      assert.ok(room !== undefined, `src/${file} is in none of the rooms`);
      counts.set(room, (counts.get(room) ?? 0) + 1);
    }
    for (const { room, files } of rooms) {
      const count = counts.get(room) ?? 0;
      assert.ok(count > 0 && count <= files, `of src/${room} ${count} files run, and the page says ${files}`);
    }
  });
});
