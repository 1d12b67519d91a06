import { execFile } from "node:child_process";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import type { StandInCloudflare } from "../../../src/sandbox/index.ts";
import type { Run } from "../../cluster/harness/run.ts";
import { loopbackDns } from "../../support/loopback-dns.ts";

const run = promisify(execFile);
const path = "/etc/resolv.conf";

interface Served {
  readonly type: string;
  readonly name: string;
  readonly content: string;
}

/**
 * Serves the addresses of a zone as they stand at Cloudflare's stand-in, and makes that the resolver of this process and
 * all that it starts, until the test ends: names lead where `up` had them lead. Gives its `HOST:PORT`. Needs mounts of
 * the test's own, as tools/test.ts gives them.
 */
export async function resolveBy(
  context: Pick<TestContext, "after">,
  room: Run,
  cloudflare: StandInCloudflare,
  zone: string,
): Promise<string> {
  const dns = await loopbackDns((question) => {
    const records = cloudflare.records(zone) as readonly Served[];
    return records.flatMap(({ type, name, content }) =>
      (type === "A" || type === "AAAA") && question === `${type} ${name}` ? [{ type, value: content }] : [],
    );
  }, 53);
  const file = room.write("resolv.conf", "nameserver 127.0.0.1\n");
  await run("mount", ["--bind", file, path]);
  context.after(async () => {
    await run("umount", [path]);
    dns.close();
  });
  return `127.0.0.1:${dns.port}`;
}
