import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import process from "node:process";
import { imageEntries, readImageFiles, writeArchive } from "../../../tools/image/index.ts";
import { pauseImage } from "./containerd.ts";

const checkout = resolve(import.meta.dirname, "..", "..", "..");

/** Writes the image of one static program that holds a pod's namespaces. */
export function writePauseImage(file: string, program: string): void {
  writeArchive(file, {
    name: pauseImage,
    entries: [{ path: "pause", mode: 0o755, content: { from: program } }],
    entrypoint: ["/pause"],
    user: "65535:65535",
  });
}

/** The name of the image that `writePodtrustImage` writes. */
export const podtrustImage = "test.invalid/podtrust:checkout";

/**
 * Compiles the checkout into `folder` and writes podtrust's own image there, of the same list of files as the one
 * for users. Gives the archive's path, and the bytes that the image has when unpacked.
 */
export function writePodtrustImage(folder: string): { readonly file: string; readonly size: number } {
  const dist = join(folder, "dist");
  const tsc = join(checkout, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", dist], { cwd: checkout });
  const list = readImageFiles(checkout);
  const file = join(folder, "podtrust.tar");
  const size = writeArchive(file, {
    name: podtrustImage,
    entries: imageEntries(checkout, dist, list),
    entrypoint: list.entrypoint,
    environment: list.environment,
    user: `${list.user.id}:${list.user.id}`,
  });
  return { file, size };
}
