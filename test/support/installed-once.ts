import { createHash } from "node:crypto";
import { access, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/core/base/index.ts";
import { StateFolder } from "../../src/core/files/index.ts";

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

// Not in .cache/: a checkout may stand where others may write, and a lock may not.
const locks = new StateFolder(join(tmpdir(), `podtrust-installing-${userInfo().uid}`));

/**
 * Installs something into a folder below .cache/, where no process has done so: of two suites that want it at the same
 * time one waits. An installation that was broken off is begun anew. Gives what `install` says is wrong, else undefined.
 */
export async function installedOnce(
  folder: string,
  what: string,
  install: () => Promise<string | undefined>,
): Promise<string | undefined> {
  // Written last.
  const marker = join(folder, "installed");
  if (await isThere(marker)) return undefined;
  const lock = await locks.lock(createHash("sha256").update(folder).digest("hex"), { clock: systemClock });
  try {
    if (await isThere(marker)) return undefined;
    const problem = await install();
    if (problem === undefined) await writeFile(marker, what);
    return problem;
  } finally {
    await lock.release();
  }
}
