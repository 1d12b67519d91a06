import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A folder that no other user may enter, removed with the process at the latest. */
export interface PrivateFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes one with mode 0700. Its name is short: a socket's may have about 100 bytes. */
export async function privateFolder(): Promise<PrivateFolder> {
  const path = await mkdtemp(join(tmpdir(), "pt-"));
  const atExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once("exit", atExit);
  return {
    path,
    async remove() {
      process.removeListener("exit", atExit);
      await rm(path, { recursive: true, force: true });
    },
  };
}
