import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "node:test";
import { standInForK3s } from "./k3s-host.ts";
import { type SshHost, startSshHost } from "./ssh-host.ts";

/** What each test has of its own. */
export interface HostOfTest {
  /** One on which k3s can be set up. */
  readonly host: SshHost;
  /** A folder of the person who logs in. */
  readonly folder: string;
}

/**
 * Gives each test of the file a host and a folder of its own, unless there is a reason why it cannot have them, and takes
 * both away after it. The folder's name begins with `podtrust-` and the name.
 */
export function hostForEachTest(
  name: string,
  missing: string | undefined,
  take: (made: HostOfTest) => void | Promise<void>,
): void {
  let made: HostOfTest | undefined;
  beforeEach(async () => {
    if (missing !== undefined) return;
    const host = await startSshHost();
    const folder = await mkdtemp(join(tmpdir(), `podtrust-${name}-`));
    made = { host, folder };
    await standInForK3s(host);
    await take(made);
  });
  afterEach(async () => {
    await made?.host.stop();
    if (made !== undefined) await rm(made.folder, { recursive: true, force: true });
    made = undefined;
  });
}
