import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, test } from "node:test";
import { groups } from "../../tools/test/groups.ts";
import { oneFileEach } from "./planted-tests.ts";
import { filesOf } from "../../tools/room-files.ts";
import {
  allowed,
  covered,
  foreignToPublisher,
  narrowed,
  nodeFree,
  notCovered,
  programs,
  published,
  pure,
  waitingForUse,
} from "../../tools/rooms.ts";

/** An empty file in each room, and whatever else a list of tools/rooms.ts names; without what stands below `moved`. */
async function treeWithout(moved: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-rooms-"));
  const files = [
    ...[...Object.keys(allowed), ...notCovered].map((room) => `src/${room}/index.ts`),
    ...Object.values(programs),
    ...published,
    ...waitingForUse,
    "src/core/base/a.test.ts",
    ...oneFileEach(Object.values(groups).flatMap(({ patterns }) => patterns)),
    "test/conformance/a.test.ts",
    "test/conformance/azure/a.test.ts",
    "test/conformance/gcp/a.test.ts",
    "test/conformance/openbao/a.test.ts",
    "test/conformance/sts/a.test.ts",
    "tools/docs/a.ts",
    "tools/release/loader.ts",
    "tools/test/tally.ts",
    "tools/a.ts",
  ];
  for (const file of files.filter((one) => !one.startsWith(moved))) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), "");
  }
  return folder;
}

async function saidBy(tool: string, moved: string): Promise<string> {
  const cwd = await treeWithout(moved);
  try {
    const { status, stderr } = spawnSync(process.execPath, [resolve("tools", tool)], {
      cwd,
      encoding: "utf8",
    });
    assert.equal(status, 1, stderr);
    return stderr;
  } finally {
    await rm(cwd, { recursive: true });
  }
}

const planted: readonly (readonly [list: string, tool: string, moved: string, said: RegExp])[] = [
  ["table of imports", "boundaries.ts", "src/stack/hcl/", /these match nothing: stack\/hcl, /u],
  ["pure rooms", "boundaries.ts", "src/stack/hcl/", /these match nothing: .*\bpure stack\/hcl/u],
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
  ["programs", "knip.ts", programs.sandboxProcess, /src\/sandbox\/process\/main\.ts matches no file/u],
  [
    "programs that keep code alive",
    "knip-production.ts",
    programs.sandboxProcess,
    /src\/sandbox\/process\/main\.ts matches no file/u,
  ],
  ["exports that wait", "knip-production.ts", "src/providers/acme/tls", /tls-alpn-01\.ts matches no file/u],
];

describe("tools/rooms.ts", () => {
  for (const [list, tool, moved, said] of planted) {
    test(`tools/${tool} fails on an entry of the ${list} that matches nothing`, async () => {
      assert.match(await saidBy(tool, moved), said);
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

  test("a pattern that matches nothing is named, and those beside it do not hide it", () => {
    assert.throws(
      () => filesOf("a list", ["tools/*.ts", "src/nowhere/**"]),
      /a list: src\/nowhere\/\*\* matches/u,
    );
  });
});
