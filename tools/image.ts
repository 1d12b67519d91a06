/**
 * Podtrust's container images, its own and the sandbox's, from the one list in deploy/image-files.json, of the built
 * program in dist/ (`npm run build`), the production packages in node_modules/, the Node that runs this, and the libraries
 * that Node is loaded with:
 *
 *   node tools/image.ts archive FILE     for `docker load` or `ctr images import`; needs no daemon
 *   node tools/image.ts tree FOLDER      the same files as a tree; deploy/Dockerfile copies it
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { imageEntries, readImageFiles, type TarEntry, writePodtrustArchive } from "./image/index.ts";

function place(folder: string, { path, mode, content }: TarEntry): void {
  const target = join(folder, path);
  if (content === "folder") mkdirSync(target, { recursive: true });
  else if ("bytes" in content) writeFileSync(target, content.bytes);
  else if ("link" in content) symlinkSync(content.link, target);
  else copyFileSync(content.from, target);
  if (content === "folder" || !("link" in content)) chmodSync(target, mode);
}

const [form, target] = process.argv.slice(2);
if (target === undefined || (form !== "archive" && form !== "tree"))
  throw new TypeError("which form, and where to? node tools/image.ts archive FILE, or tree FOLDER");
const checkout = resolve(import.meta.dirname, "..");
const dist = join(checkout, "dist");
if (!existsSync(dist)) throw new Error("there is no dist/: run npm run build first");
if (form === "tree") {
  const entries = imageEntries(checkout, dist, readImageFiles(checkout));
  for (const entry of entries) place(target, entry);
  console.log(`image: ${entries.length} files and folders in ${target}`);
} else {
  const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { version: string };
  const size = writePodtrustArchive(target, {
    checkout,
    dist,
    repository: "docker.io/library",
    tag: version,
  });
  const names = `podtrust:${version} and podtrust-sandbox:${version}`;
  console.log(`image: ${names} in ${target}, ${(size / 1e6).toFixed(1)} MB unpacked`);
}
