import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Host } from "../../../src/cli/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import { SwiftClock } from "../../support/swift-clock.ts";
import { type HostileListener, hostileListener } from "./listener.ts";

/** A person's home, a checkout of somebody else's in it, and the servers that its writer listens on. */
export interface Checkout {
  readonly home: string;
  readonly folder: string;
  /** Of the checkout's writer, with a certificate of the CA in `ca.pem` of the checkout. */
  readonly server: HostileListener;
  readonly plain: HostileListener;
  /** All that reached either since it was last asked. */
  heard(): string;
  /** Writes a file of the checkout, or an absolute one of the person's; gives its path. */
  write(name: string, text: string, mode?: number): Promise<string>;
  /** Runs a command there, as the person. */
  run(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    host?: Partial<Host>,
  ): Promise<CliResult>;
  close(): Promise<void>;
}

/** The issuer of a checkout's config, at whose address nobody answers. */
export const issuer = "https://oidc.example.com";

export async function hostileCheckout(): Promise<Checkout> {
  const home = await mkdtemp(join(tmpdir(), "podtrust-person-"));
  const folder = join(home, "checkout");
  const authority = await testAuthority();
  const server = await hostileListener(await authority.issue(["127.0.0.1"]));
  const plain = await hostileListener();
  const write: Checkout["write"] = async (name, text, mode = 0o600) => {
    const path = name.startsWith("/") ? name : join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode });
    return path;
  };
  await write(".git/HEAD", "ref: refs/heads/main\n");
  await write("ca.pem", authority.root);
  return {
    home,
    folder,
    server,
    plain,
    heard: () => [...server.heard.splice(0), ...plain.heard.splice(0)].join("\n"),
    write,
    run: (args, env = {}, host = {}) =>
      podtrustHere(
        args[0] === "token" ? args : [...args, "--connect-to", "oidc.example.com:443:127.0.0.1:1"],
        {
          cwd: folder,
          clock: new SwiftClock(),
          env: { HOME: home, XDG_STATE_HOME: join(home, "state"), ...env },
          ...host,
        },
      ),
    async close() {
      await Promise.all([server.close(), plain.close()]);
      await rm(home, { recursive: true });
    },
  };
}
