/** The built site, served on loopback as any static host serves it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, resolve, sep } from "node:path";
import { spawnSync } from "node:child_process";

const site = resolve("site");
/** The built pages. */
export const dist = join(site, ".cache/dist");

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** Why the site cannot be built here; undefined where it can. */
export function siteMissing(): string | undefined {
  return existsSync(join(site, "node_modules/vitepress"))
    ? undefined
    : "site/node_modules is missing (npm ci --ignore-scripts, in site/)";
}

/** Builds the site; throws with what VitePress says, as for a dead link. */
export function buildSite(): void {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: site,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the site does not build:\n${stdout}\n${stderr}`);
}

export interface ServedSite {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves what was built. */
export async function serveSite(): Promise<ServedSite> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://site").pathname);
    const file = join(dist, path.endsWith("/") ? `${path}index.html` : path);
    if (!file.startsWith(`${dist}${sep}`)) return void response.writeHead(404).end();
    readFile(file).then(
      (bytes) =>
        response
          .writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
