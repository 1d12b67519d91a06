import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** OpenSSL's answer; its complaint, where it fails, is the error's message. */
export async function openssl(...args: string[]): Promise<string> {
  return (await run("openssl", args)).stdout;
}

/** Why what needs OpenSSL is left out, for a test's `skip`; with CI=true its absence is an error. */
export async function opensslMissing(): Promise<string | false> {
  try {
    await openssl("version");
    return false;
  } catch {
    if (process.env["CI"] === "true") throw new Error("openssl is not installed");
    return "left out: openssl is not installed";
  }
}
