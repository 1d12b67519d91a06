import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unwritable } from "../../core/files/index.ts";
import type { FrontEndpoint } from "./languages.ts";
import { javaTrustStore } from "./jks.ts";

/** Where a front's CA certificate is, for clients that read it from a file. */
export type FrontFiles = Pick<FrontEndpoint, "caFile" | "trustStore">;

async function written(path: string, content: string | Buffer): Promise<string> {
  try {
    await writeFile(path, content, { mode: 0o600 });
  } catch (error) {
    throw unwritable(path, error);
  }
  return path;
}

/** Writes a CA's certificate into an existing folder, as PEM and as Java reads it. Throws `file-unwritable`. */
export async function writeCa(folder: string, ca: string): Promise<FrontFiles> {
  return {
    caFile: await written(join(folder, "front-ca.pem"), ca),
    trustStore: await written(join(folder, "front-ca.jks"), javaTrustStore(ca)),
  };
}
