import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { buildInOneProcess } from "./build-claim.ts";

const skip = process.platform === "linux" ? false : "left out: abstract names of sockets are Linux's";

test("what two want is built once, and the second has it", { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "podtrust-claim-"));
  const program = join(folder.path, "program");
  let builds = 0;
  const build = async (): Promise<void> => {
    builds += 1;
    await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(program, "built");
  };
  const one = (): Promise<void> => buildInOneProcess(folder.path, () => existsSync(program), build);
  await Promise.all([one(), one()]);
  assert.equal(builds, 1);
});

test("what a process was killed over is built by the next", { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "podtrust-claim-"));
  const [begun, program] = [join(folder.path, "begun"), join(folder.path, "program")];
  const claim = JSON.stringify(join(import.meta.dirname, "build-claim.ts"));
  const code = `
    import { writeFileSync } from "node:fs";
    import { buildInOneProcess } from ${claim};
    await buildInOneProcess(${JSON.stringify(folder.path)}, () => false, () => {
      writeFileSync(${JSON.stringify(begun)}, "");
      return new Promise(() => setInterval(() => {}, 1000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: "inherit" });
  await until("the other process builds", () => existsSync(begun));
  const after = buildInOneProcess(
    folder.path,
    () => existsSync(program),
    () => Promise.resolve(writeFileSync(program, "by the next")),
  );
  child.kill("SIGKILL");
  await after;
  assert.equal(await readFile(program, "utf8"), "by the next");
});
