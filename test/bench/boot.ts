import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { BootRow } from "./from-nothing-page.ts";

/**
 * What the commands take on a machine that boots: runs the machine suite's story (test/machine/), which takes what that
 * takes, and gives what it measured.
 */
export async function measureBoot(): Promise<readonly BootRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-boot-"));
  try {
    const figures = join(folder, "figures.json");
    const child = spawn(
      process.execPath,
      ["tools/test.ts", "machine-nightly", "test/machine/story.test.ts"],
      {
        cwd: join(import.meta.dirname, "../.."),
        env: { ...process.env, PODTRUST_FIGURES: figures },
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`the story on a machine that boots ended with ${code}`);
    return JSON.parse(await readFile(figures, "utf8")) as readonly BootRow[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
