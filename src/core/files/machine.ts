import { randomBytes } from "node:crypto";
import * as promises from "node:fs/promises";
import process from "node:process";
import { recordOf, textOf } from "../base/index.ts";

/** The part of node:fs/promises that state is kept with: a test puts a full disk, or a file of another user, in its place. */
export type Files = Pick<
  typeof promises,
  "open" | "rename" | "mkdir" | "unlink" | "link" | "stat" | "lstat" | "readlink"
>;

export const machineFiles: Files = promises;

/** The code of a file system's error: `ENOENT`; empty for anything else. */
export function fileCode(error: unknown): string {
  // Not by its class: in Jest, whose tests have globals of their own, Node's errors are of another.
  return textOf(recordOf(error)["code"]) ?? "";
}

/** Whether anything stands at a path, as far as this process may look. */
export function isPathThere(path: string): Promise<boolean> {
  return promises.stat(path).then(
    () => true,
    () => false,
  );
}

/** A unique name beside `path`. */
export function besides(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
}
