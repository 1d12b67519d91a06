import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ImageSpec, readImageFiles, type TarEntry, writeArchive } from "../../tools/image/index.ts";

const checkout = resolve(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(checkout, path), "utf8");

/** As the Dockerfile has a list of words. */
const words = (list: readonly string[]): string => `[${list.map((word) => JSON.stringify(word)).join(", ")}]`;

test("the Dockerfile says what the list of files says, and takes the Node that is tested", () => {
  const { environment, user, entrypoint, sandbox } = readImageFiles(checkout);
  const instructions = read("deploy/Dockerfile").split("\n");
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const check = sandbox.healthCheck;
  for (const line of [
    `ENV ${variables.join(" ")}`,
    `USER ${user.id}:${user.id}`,
    `ENTRYPOINT ${words(entrypoint)}`,
    `EXPOSE ${sandbox.ports.join(" ")}`,
    `HEALTHCHECK --interval=${check.intervalSeconds}s --timeout=${check.timeoutSeconds}s --start-period=${check.startPeriodSeconds}s --retries=${check.retries} CMD ${words(check.command)}`,
    `ENTRYPOINT ${words(sandbox.entrypoint)}`,
  ])
    assert.ok(instructions.includes(line), line);
  const { version } = JSON.parse(read("tools/node/package.json")) as { version: string };
  assert.match(read("deploy/Dockerfile"), new RegExp(`^FROM node:${version}-bookworm-slim AS build$`, "mu"));
});

/** What is looked at of an image's configuration. */
interface ImageConfig {
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly config: { readonly User: string; readonly ExposedPorts?: object; readonly Healthcheck?: object };
}

describe("an archive", () => {
  const long = `${"folder-with-a-long-name/".repeat(6)}file`;
  const entries: readonly TarEntry[] = [
    { path: "tmp", mode: 0o1777, content: "folder" },
    { path: "tmp/empty", mode: 0o600, content: { bytes: Buffer.alloc(0) } },
    { path: long, mode: 0o755, content: { bytes: Buffer.from("text".repeat(300)) } },
  ];
  const healthCheck = {
    command: ["/x", "--up"],
    intervalSeconds: 2,
    timeoutSeconds: 5,
    startPeriodSeconds: 30,
    retries: 3,
  };
  const images: readonly ImageSpec[] = [
    { name: "test.invalid/x:1", entrypoint: ["/x"], user: "1:1" },
    { name: "test.invalid/y:1", entrypoint: ["/x", "y"], ports: [80, 443], healthCheck },
  ];
  let folder: string;
  let file: string;
  const tar = (...args: readonly string[]): string =>
    execFileSync("tar", args, { encoding: "utf8", maxBuffer: 1e7 });
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-archive-"));
    file = join(folder, "image.tar");
    writeArchive(file, entries, images);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("has the parts that docker load wants, and its layer is the one that its configurations name", () => {
    tar("-xf", file, "-C", folder);
    const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
    assert.deepEqual(json("manifest.json"), [
      { Config: "config-0.json", RepoTags: ["test.invalid/x:1"], Layers: ["layer.tar"] },
      { Config: "config-1.json", RepoTags: ["test.invalid/y:1"], Layers: ["layer.tar"] },
    ]);
    const digest = createHash("sha256")
      .update(readFileSync(join(folder, "layer.tar")))
      .digest("hex");
    const configs = [0, 1].map((index) => json(`config-${index}.json`) as ImageConfig);
    for (const { rootfs } of configs) assert.deepEqual(rootfs.diff_ids, [`sha256:${digest}`]);
    const [plain, checked] = configs.map(({ config }) => config);
    assert.deepEqual([plain?.User, plain?.ExposedPorts, plain?.Healthcheck], ["1:1", undefined, undefined]);
    assert.deepEqual(checked?.ExposedPorts, { "80/tcp": {}, "443/tcp": {} });
    assert.deepEqual(checked?.Healthcheck, {
      Test: ["CMD", "/x", "--up"],
      Interval: 2_000_000_000,
      Timeout: 5_000_000_000,
      StartPeriod: 30_000_000_000,
      Retries: 3,
    });
  });

  test("has a layer that tar reads, with long paths, modes and sizes", () => {
    tar("-xpf", join(folder, "layer.tar"), "-C", folder);
    const [first, empty, last] = entries.map(({ path }) => statSync(join(folder, path)));
    assert.deepEqual([first?.mode, empty?.mode, last?.mode], [0o41777, 0o100600, 0o100755]);
    assert.equal(empty?.size, 0);
    assert.equal(readFileSync(join(folder, long), "utf8"), "text".repeat(300));
  });

  test("is the same to the byte when written again", () => {
    const again = join(folder, "again.tar");
    writeArchive(again, entries, images);
    assert.deepEqual(readFileSync(again), readFileSync(file));
  });

  test("refuses a path that has no place in a tar", () => {
    const path = "x".repeat(101);
    const entry: TarEntry = { path, mode: 0o644, content: { bytes: Buffer.alloc(0) } };
    assert.throws(
      () => writeArchive(join(folder, "bad.tar"), [entry], images),
      /the path is too long for a tar/u,
    );
  });
});
