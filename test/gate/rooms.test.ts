import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, test } from "node:test";
import { groups } from "../../tools/test/groups.ts";
import { oneFileEach } from "./planted-tests.ts";
import { federatedParties } from "../../src/rules/oidc/index.ts";
import { filesOf } from "../../tools/room-files.ts";
import {
  allowed,
  covered,
  federated,
  foreignToPublisher,
  narrowed,
  nodeFree,
  notCovered,
  programs,
  published,
  pure,
} from "../../tools/rooms.ts";

/**
 * An empty file in each room, and whatever else a list of tools/rooms.ts names; without those whose path begins with
 * `moved`, or matches it.
 */
async function treeWithout(moved: string | RegExp): Promise<string> {
  const isMoved = (file: string): boolean =>
    typeof moved === "string" ? file.startsWith(moved) : moved.test(file);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-rooms-"));
  const files = [
    ...[...Object.keys(allowed), ...notCovered].map((room) => `src/${room}/index.ts`),
    ...Object.values(programs),
    ...published,
    "src/core/base/a.test.ts",
    ...oneFileEach(Object.values(groups).flatMap(({ patterns }) => patterns)),
    "test/conformance/a.test.ts",
    "test/conformance/azure/a.test.ts",
    "test/conformance/gcp/a.test.ts",
    "test/conformance/openbao/a.test.ts",
    "test/conformance/sts/a.test.ts",
    "tools/docs/a.ts",
    "tools/release/loader.ts",
    "tools/test/lingering.ts",
    "tools/test/tally.ts",
    "tools/a.ts",
  ];
  for (const file of files.filter((one) => !isMoved(one))) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), "");
  }
  return folder;
}

async function saidBy(tool: string, moved: string | RegExp): Promise<string> {
  const cwd = await treeWithout(moved);
  try {
    const [file = "", ...args] = tool.split(" ");
    const { status, stderr } = spawnSync(process.execPath, [resolve("tools", file), ...args], {
      cwd,
      encoding: "utf8",
    });
    assert.equal(status, 1, stderr);
    return stderr;
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** What knip says, by a config of tools/, of a tree in which `main.ts` of the command line and a file beside it are these. */
async function unusedIn(
  [config, ...flags]: readonly string[],
  main: string,
  beside: string,
): Promise<{ status: number | null; said: string }> {
  const cwd = await treeWithout("src/none/");
  try {
    await writeFile(join(cwd, "package.json"), JSON.stringify({ name: "planted", type: "module" }));
    await writeFile(join(cwd, "src/cli/main.ts"), main);
    await writeFile(join(cwd, "src/cli/planted.ts"), beside);
    const knip = resolve("node_modules/knip/bin/knip.js");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [knip, "--config", resolve("tools", config ?? ""), ...flags],
      { cwd, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    return { status, said: stdout + stderr };
  } finally {
    await rm(cwd, { recursive: true });
  }
}

const planted: readonly (readonly [list: string, tool: string, moved: string | RegExp, said: RegExp])[] = [
  [
    "table of imports",
    "boundaries.ts",
    "src/stack/export/hcl/",
    /these match nothing: stack\/export\/hcl, /u,
  ],
  [
    "pure rooms",
    "boundaries.ts",
    "src/stack/export/hcl/",
    /these match nothing: .*\bpure stack\/export\/hcl/u,
  ],
  [
    "rooms that a browser runs",
    "boundaries.ts",
    "src/rules/oidc/",
    /these match nothing: .*\bnodeFree rules\/oidc/u,
  ],
  ["directions of imports", "boundaries.ts", "src/none/", /these match nothing: .*\bcli → core\/base,/u],
  [
    "narrow ways",
    "boundaries.ts",
    "src/none/",
    /these match nothing: .*\bnarrowed src\/cli\/serve → providers\/hetzner,/u,
  ],
  [
    "packages of one room",
    "boundaries.ts",
    "src/none/",
    /these match nothing: .*\breserved \/\^zod\$\/u in config/u,
  ],
  ["relying parties", "boundaries.ts", /\bazure\b/u, /these match nothing: .*\bfederated azure$/mu],
  ["covered rooms", "coverage.ts", "src/rules/", /covered of tools\/rooms\.ts: src\/rules\/.* no file/u],
  [
    "folders that coverage leaves out",
    "coverage.ts",
    "src/rules/bindings/schema/",
    /notCovered of tools\/rooms\.ts: src\/rules\/bindings\/schema\/.* no file/u,
  ],
  [
    "coverage's own tests",
    "coverage.ts",
    "test/conformance/sts/",
    /tests of tools\/coverage\.ts: test\/conformance\/sts\/.* no file/u,
  ],
  [
    "rooms that the publisher's program must not hold",
    "release.ts",
    "src/providers/host/",
    /foreignToPublisher of tools\/rooms\.ts: src\/providers\/host\/.* no file/u,
  ],
  [
    "groups of tests",
    "test.ts",
    "test/hostile/",
    /group limits of tools\/test\/groups\.ts: test\/hostile\/.* no file/u,
  ],
  [
    "suites that run by night",
    "test.ts",
    "test/peers/msgraph",
    /byNight of tools\/test\/groups\.ts: test\/peers\/msgraph\.test\.ts matches no file/u,
  ],
  [
    "suites of a group that stand in braces",
    "test.ts",
    "test/doctor/bundle",
    /group scenarios of tools\/test\/groups\.ts: test\/doctor\/bundle\.test\.ts matches no file/u,
  ],
  [
    "suites of which a group chooses none",
    "test.ts nightly",
    "src/none/",
    /group nightly of tools\/test\/groups\.ts: .*\btest\/metrics\/\*\*\/\*\.test\.ts, .* no file/u,
  ],
  ["programs", "knip.ts", programs.sandboxProcess, /src\/sandbox\/process\/main\.ts matches no file/u],
  [
    "programs that keep code alive",
    "knip-production.ts",
    programs.sandboxProcess,
    /src\/sandbox\/process\/main\.ts matches no file/u,
  ],
];

describe("tools/rooms.ts", () => {
  for (const [list, tool, moved, said] of planted) {
    test(`tools/${tool} fails on an entry of the ${list} that matches nothing`, async () => {
      assert.match(await saidBy(tool, moved), said);
    });
  }

  const production = ["knip-production.ts", "--production"];
  const uses = 'import { taken } from "./planted.ts";\nconsole.log(taken);\n';
  const taken = "export const taken = 1;\n";
  const tested = `${taken}/** @internal */\nexport const tested = 2;\n`;

  test("npm run unused has nothing against an export with the tag @internal that only tests use", async () => {
    assert.deepEqual(await unusedIn(production, uses, tested), { status: 0, said: "" });
  });

  for (const [what, config, main, beside, said] of [
    ["an export that nothing uses", production, uses, `${taken}export const dead = 3;\n`, /\bdead\b/u],
    [
      "a tag @internal on an export that is used",
      production,
      uses.replaceAll("taken", "tested"),
      tested.replace(taken, ""),
      /\btested → @internal/u,
    ],
    [
      "a program on its list that nothing runs",
      ["knip.ts", "--include", "binaries"],
      uses,
      taken,
      /\bfish\b.*ignoreBinaries/u,
    ],
  ] as const) {
    test(`npm run unused fails on ${what}`, async () => {
      const found = await unusedIn(config, main, beside);
      assert.equal(found.status, 1, found.said);
      assert.match(found.said, said);
    });
  }

  test("each list names rooms of the one table, so that a room is renamed in one place", () => {
    const named = [
      ...pure,
      ...nodeFree,
      ...foreignToPublisher,
      ...narrowed.flatMap(({ from, to }) => [from, to]),
    ];
    assert.deepEqual(
      named.filter((room) => !Object.hasOwn(allowed, room)),
      [],
    );
    const rooms = Object.keys(allowed);
    assert.deepEqual(
      covered.filter((folder) => !rooms.some((room) => room.startsWith(`${folder}/`))),
      [],
    );
    assert.deepEqual(
      notCovered.filter((folder) => !covered.some((one) => folder.startsWith(`${one}/`))),
      [],
    );
  });

  test("every relying party that the product knows beside AWS is kept apart from the others", () => {
    assert.deepEqual(federated.toSorted(), federatedParties.toSorted());
  });

  test("a pattern that matches nothing, or of whose files none is chosen, is named, and those beside it do not hide it", () => {
    assert.throws(
      () => filesOf("a list", ["tools/*.ts", "src/nowhere/**"]),
      /a list: src\/nowhere\/\*\* matches/u,
    );
    assert.throws(
      () => filesOf("a list", ["tools/{rooms,nowhere,sandbox-rooms}.{ts,md}"]),
      /a list: tools\/rooms\.md, tools\/nowhere\.ts, tools\/nowhere\.md, tools\/sandbox-rooms\.md matches/u,
    );
    assert.throws(
      () => filesOf("a list", ["tools/{rooms,sandbox-rooms}.ts"], (file) => file.endsWith("/rooms.ts")),
      /a list: tools\/sandbox-rooms\.ts matches/u,
    );
    assert.deepEqual(filesOf("a list", ["tools/{rooms,sandbox-rooms}.ts"]), [
      "tools/rooms.ts",
      "tools/sandbox-rooms.ts",
    ]);
  });
});
