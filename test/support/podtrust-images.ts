import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import process from "node:process";
import { writePodtrustArchive } from "../../tools/image/index.ts";

const checkout = resolve(import.meta.dirname, "..", "..");
const [repository, tag] = ["test.invalid", "checkout"];

/** The names of the images that `writePodtrustImages` writes. */
export const podtrustImage = `${repository}/podtrust:${tag}`;
export const sandboxImage = `${repository}/podtrust-sandbox:${tag}`;

/**
 * Compiles the checkout into `folder` and writes podtrust's own images there, of the same list of files as those
 * for users. Gives the archive's path, and the bytes that an image has when unpacked.
 */
export function writePodtrustImages(folder: string): { readonly file: string; readonly size: number } {
  const dist = join(folder, "dist");
  const tsc = join(checkout, "node_modules", "typescript", "bin", "tsc");
  // Types were checked before any test, and their declarations are in no image.
  const options = ["--outDir", dist, "--noCheck", "--declaration", "false", "--sourceMap", "false"];
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", ...options], { cwd: checkout });
  const file = join(folder, "podtrust.tar");
  return { file, size: writePodtrustArchive(file, { checkout, dist, repository, tag }) };
}
