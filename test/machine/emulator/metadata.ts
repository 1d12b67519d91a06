/**
 * What a machine of Hetzner finds at 169.254.169.254: answers one HTTP request on standard input with a file of the
 * given folder, and ends. The emulator starts it for each connection of the guest, so that nothing listens on a port.
 *
 *   node metadata.ts FOLDER
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Below /hetzner/v1, as cloud-init's DataSourceHetzner asks for them. */
const files: Readonly<Record<string, string>> = {
  "/hetzner/v1/metadata": "metadata",
  "/hetzner/v1/userdata": "userdata",
};
const maxRequest = 16 * 1024;
const maxRequestMs = 30_000;

function answer(path: string): Buffer {
  const name = Object.hasOwn(files, path) ? files[path] : undefined;
  const body = name === undefined ? Buffer.alloc(0) : readFileSync(join(process.argv[2] ?? "", name));
  const head = `HTTP/1.1 ${name === undefined ? "404 Not Found" : "200 OK"}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

let request = "";
const late = setTimeout(() => process.stdin.destroy(), maxRequestMs);
process.stdin.setEncoding("latin1").on("data", (chunk: string) => {
  request += chunk;
  if (!request.includes("\r\n\r\n")) {
    if (request.length > maxRequest) process.stdin.destroy();
    return;
  }
  process.stdin.removeAllListeners("data");
  process.stdin.destroy();
  process.stdout.end(answer(request.split(" ", 2)[1] ?? ""));
});
process.stdin.on("close", () => clearTimeout(late));
