/** What `npm test` runs: few processes, which many files share, and something of every room. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { importsIn } from "../../tools/imports.ts";
import { allowed } from "../../tools/rooms.ts";
import { filesOfGroup, groups, shards, weightOf } from "../../tools/test/groups.ts";

const files = filesOfGroup("unit");

const rooms = Object.keys(allowed).toSorted((a, b) => b.length - a.length);
/** The innermost room around a file. */
const roomOf = (file: string): string | undefined => rooms.find((room) => file.startsWith(`src/${room}/`));

/** Rooms of which no suite is about anything: none stands there, is named after the room, or imports what is in it. */
function roomsWithoutTest(suites: readonly (readonly [file: string, text: string])[]): readonly string[] {
  const held = suites.flatMap(([file, text]) => {
    const imported = importsIn(text).map((target) => roomOf(join(dirname(file), target)));
    const named = rooms.find((room) =>
      ["/", ".", "-"].some((next) => file.startsWith(`test/${room}${next}`)),
    );
    return [roomOf(file), ...imported, named];
  });
  return rooms.filter((room) => !held.includes(room));
}

/** What says that a suite runs at length, or on every minor of Kubernetes, by night alone. */
const byLength = [
  "test/support/runs.ts",
  "test/support/ssh-host/index.ts",
  "test/cluster/modules.ts",
  "test/cluster/harness/index.ts",
];
const nameByLength = /\b(?:testAtLength|casesOf|DisturbedSteps|isAtLength|testedVersions)\b/u;

/** Suites that have a form at length and that none of these groups runs in it. */
function neverAtLength(
  texts: readonly (readonly [file: string, text: string])[],
  nightly: readonly string[],
): readonly string[] {
  const imported = /import \{(?<names>[^}]*)\} from "(?<path>\.[^"]+)"/gu;
  return texts.flatMap(([file, text]) => {
    const names = [...text.matchAll(imported)]
      .filter(({ groups: found }) => byLength.includes(join(dirname(file), found?.["path"] ?? "")))
      .map(({ groups: found }) => found?.["names"] ?? "");
    const isRead = /\bprocess\.env\["PODTRUST_(?:AT_LENGTH|KUBERNETES)"\]/u.test(text);
    return (isRead || nameByLength.test(names.join())) && !nightly.includes(file) ? [file] : [];
  });
}

describe("the files of npm run test:nightly", () => {
  const texts = globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).map(
    (file) => [file, readFileSync(file, "utf8")] as const,
  );
  const nightlyGroups = Object.keys(groups).filter((group) => groups[group]?.isNightly === true);

  test("and of the other nightly groups are all that have a form at length", () => {
    assert.ok(neverAtLength(texts, []).length >= 20, neverAtLength(texts, []).join());
    assert.deepEqual(neverAtLength(texts, nightlyGroups.flatMap(filesOfGroup)), []);
  });

  test("a form at length that no night runs is found by what the suite imports or reads", () => {
    const runs = (names: string, path: string): string => `import {\n  ${names},\n} from "${path}";\n`;
    const planted = {
      "test/a/one.test.ts": runs("testAtLength", "../support/runs.ts"),
      "test/a/grid.test.ts": runs("casesOf, runs", "../support/runs.ts"),
      "src/a/inside.test.ts": runs("isAtLength", "../../test/support/runs.ts"),
      "test/cluster/minors.test.ts": runs("startCluster, testedVersions", "./harness/index.ts"),
      "test/a/environment.test.ts": `const isLong = process.env[${JSON.stringify("PODTRUST_AT_LENGTH")}] === "yes";\n`,
      "test/a/properties.test.ts": runs("runs", "../support/runs.ts"),
      "test/a/other.test.ts": runs("casesOf", "./own.ts"),
      "test/a/nightly.test.ts": runs("testAtLength", "../support/runs.ts"),
    };
    assert.deepEqual(neverAtLength(Object.entries(planted), ["test/a/nightly.test.ts"]), [
      "test/a/one.test.ts",
      "test/a/grid.test.ts",
      "src/a/inside.test.ts",
      "test/cluster/minors.test.ts",
      "test/a/environment.test.ts",
    ]);
  });

  test("are suites of other groups, and all that try properties", () => {
    const nightly = filesOfGroup("nightly");
    const properties = texts.filter(([, text]) => /numRuns(?::| =) runs\(/u.test(text)).map(([file]) => file);
    assert.ok(properties.length >= 15, properties.join());
    assert.deepEqual(
      properties.filter((file) => !nightly.includes(file)),
      [],
    );
  });

  test("try each property as often as test/support/runs.ts says", () => {
    const fixed = texts.filter(([, text]) => /numRuns: \d/u.test(text)).map(([file]) => file);
    assert.deepEqual(fixed, []);
  });
});

describe("the files of npm test", () => {
  test("run in two processes, each file in one of them", () => {
    const batches = groups["unit"]?.batches?.(files) ?? [];
    assert.deepEqual(
      batches.map(({ isolation }) => isolation),
      ["none", "none"],
    );
    assert.deepEqual(batches.flatMap((batch) => batch.files).sort(), files.toSorted());
  });

  test("are divided by their weight, so that no process waits long for the others", () => {
    const weights = shards(files, 2).map((batch) =>
      batch.files.reduce((sum, file) => sum + weightOf(file), 0),
    );
    const [min, max] = [Math.min(...weights), Math.max(...weights)];
    assert.ok(max - min < 0.02 * max, weights.join(" and "));
  });

  test("keep their hooks inside a suite: at the top of a file they would run for every file of the process", () => {
    const hooked = files.filter((file) =>
      /^(?:before|after|beforeEach|afterEach)\(/mu.test(readFileSync(file, "utf8")),
    );
    assert.deepEqual(hooked, []);
  });

  test("begin a clock that clients share with the machine in a hook or a test: files are loaded minutes before they run", () => {
    const early = files.filter((file) => {
      let block = "";
      return readFileSync(file, "utf8")
        .split("\n")
        .some((line) => {
          if (/^\w/u.test(line)) block = line;
          return /^(?:const|let) .*new TestClock\(Date\.now/u.test(
            block.startsWith("describe(") ? line.replace(/^ {2}(?=\w)/u, "") : line,
          );
        });
    });
    assert.deepEqual(early, []);
  });

  test("need nothing but what npm ci brought: none of them imports what builds servers or machines", () => {
    const building = files.filter((file) =>
      /from "[^"]*\/(?:cluster|machine)\/(?:build|saved|harness\/index)\.ts"/u.test(
        readFileSync(file, "utf8"),
      ),
    );
    assert.deepEqual(building, []);
  });

  test("have at least one of each room of src/", () => {
    assert.deepEqual(roomsWithoutTest(files.map((file) => [file, readFileSync(file, "utf8")])), []);
  });

  test("a room without one is found, though a suite of another room reaches it through what it imports", () => {
    const through = (path: string): readonly [string, string] => [
      path,
      'import { judgeFacts } from "../../src/stack/status/judge/index.ts";\n',
    ];
    const held = ["map/page", "sandbox/mischief", "stack/status/judge"];
    const suites = [
      ["test/map/page.test.ts", ""],
      ["src/sandbox/mischief/a.test.ts", ""],
      through("test/docs/a.test.ts"),
    ] as const;
    assert.deepEqual(
      roomsWithoutTest(suites).toSorted(),
      rooms.filter((room) => !held.includes(room)).toSorted(),
    );
  });

  test("are all tests that no other group has, and no file is in two groups", () => {
    const owners = Object.keys(groups).filter((group) => groups[group]?.isNightly !== true);
    const named = owners.flatMap((group) => filesOfGroup(group));
    assert.equal(new Set(named).size, named.length);
    const later = ["nightly", "machine-nightly"].flatMap((group) => filesOfGroup(group));
    assert.deepEqual(
      [...new Set([...named, ...later])].sort(),
      globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).sort(),
    );
  });
});
