import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { defined } from "../../core/base/index.ts";
import { definingPodtrust } from "./command.ts";

test("podtrust is defined for another shell, unless it finds one: what npm alone finds does not count", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-name-"));
  t.after(() => rm(folder, { recursive: true }));
  const [bin, ofNpm] = [join(folder, "bin"), join(folder, "node_modules", ".bin")];
  for (const one of [bin, ofNpm]) {
    await mkdir(one, { recursive: true });
    await writeFile(join(one, "podtrust"), "");
  }
  const program = ["/opt/my node/node", "/src/cli/main.ts"];
  const definition = `podtrust() { '/opt/my node/node' /src/cli/main.ts "$@"; }`;
  for (const [path, wanted] of [
    [undefined, definition],
    [[ofNpm, "/no-such-folder"], definition],
    [[ofNpm, bin], undefined],
  ] as const) {
    const env = defined({ PATH: path?.join(delimiter) });
    assert.equal(definingPodtrust({ program, env }), wanted);
  }
});
