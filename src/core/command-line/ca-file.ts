import { PodtrustError } from "../base/index.ts";
import type { ActionContext } from "./context.ts";
import { readTextFile } from "./text-file.ts";

const mebibyte = 1024 * 1024;

/** The certificates of a file given by --ca, PEM, each of them read; throws `file-unreadable` or `usage`. */
export async function readCaFile(context: ActionContext, name: string): Promise<string> {
  const text = await readTextFile(context, { option: "--ca", name, maxBytes: mebibyte });
  // Loaded here: starting node:crypto takes milliseconds, and every command line loads this file.
  const { X509Certificate } = await import("node:crypto");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? [];
  try {
    const read = blocks.map((block) => new X509Certificate(block).toString());
    if (read.length > 0) return read.join("");
  } catch (error) {
    throw new PodtrustError("usage", `--ca ${name} holds a certificate that cannot be read`, {
      cause: error,
    });
  }
  throw new PodtrustError("usage", `--ca ${name} holds no PEM certificate`);
}
