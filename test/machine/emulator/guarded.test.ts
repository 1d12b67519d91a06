import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { untilGone, untilRemoved } from "../../cluster/harness/endings.ts";
import { startGuarded } from "./guarded.ts";
import { until } from "../../support/until.ts";

const folders = mkdtempSync(join(tmpdir(), "podtrust-guarded-"));
const newFolder = (): string => mkdtempSync(join(folders, "one-"));

describe("a program under guard", () => {
  after(() => rmSync(folders, { recursive: true }));

  test("a program that is killed is gone when that is done, and its folder stays", async () => {
    const folder = newFolder();
    const program = await startGuarded(folder, ["sh", "-c", "echo $$; exec sleep 600"]);
    await until("the program says its number", () => program.output() !== "");
    const pid = Number(program.output());
    assert.equal(program.ended(), undefined);
    await program.kill();
    assert.equal(program.ended(), "signal 9");
    assert.throws(() => process.kill(pid, 0));
    assert.ok(existsSync(folder));
  });

  test("a program that ends by itself is known by how it ended, and by what it said", async () => {
    const program = await startGuarded(newFolder(), ["sh", "-c", "echo no such disk >&2; exit 3"]);
    await until("the program has ended", () => program.ended() !== undefined);
    assert.deepEqual([program.ended(), program.output()], ["exit code 3", "no such disk\n"]);
    await program.kill();
  });

  test("a program ends with the process that started it, by SIGKILL too, and its folder goes", async () => {
    const folder = newFolder();
    const door = fileURLToPath(new URL("guarded.ts", import.meta.url));
    const script = `import { startGuarded } from ${JSON.stringify(door)};
const program = await startGuarded(${JSON.stringify(folder)}, ["sh", "-c", "echo $$; exec sleep 600"]);
const look = setInterval(() => { if (program.output() !== "") { console.log(program.output()); clearInterval(look); } }, 10);
setInterval(() => {}, 60_000);`;
    const args = ["--input-type=module-typescript", "--eval", script];
    const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(said.toString());
    assert.ok(pid > 0);
    process.kill(pid, 0);
    parent.kill("SIGKILL");
    await untilGone([pid]);
    await untilRemoved(folder);
  });
});
