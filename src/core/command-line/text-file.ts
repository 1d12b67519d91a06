import { collectBytes, errorText, PodtrustError } from "../base/index.ts";
import { type CredentialFileName, fileRuleOf } from "../credentials/index.ts";
import type { ActionContext } from "./context.ts";

/** A file that was named on the command line. */
export type NamedFile = {
  /** `--token`, for errors. */
  readonly option: string;
  /** As it was typed; `-` is standard input where `stdin` says so. */
  readonly name: string;
  readonly stdin?: boolean;
} & (
  | { readonly maxBytes: number }
  /** The row of the table, of a file with a credential: its own bound and check count. */
  | { readonly credential: CredentialFileName }
);

/** The text of a file, bounded in size; throws `file-unreadable`. */
export async function readTextFile(context: ActionContext, file: NamedFile): Promise<string> {
  const fromInput = file.stdin === true && file.name === "-";
  const what = `${file.option} ${file.name}`;
  const maxBytes = "credential" in file ? fileRuleOf(file.credential).maxBytes : file.maxBytes;
  try {
    if (fromInput) return (await collectBytes(context.stdin, maxBytes)).toString("utf8");
    // Loaded here: every command line loads this file, and few of them name one.
    const { readBoundedText, readCredentialFile } = await import("../files/index.ts");
    const path = context.path(file.name);
    if ("credential" in file) return (await readCredentialFile(file.credential, path)).text;
    return await readBoundedText(path, maxBytes);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new PodtrustError("file-unreadable", `${what} is larger than ${maxBytes} bytes`, {
        next: "Check that it is the file you mean.",
      });
    }
    if (error instanceof PodtrustError) throw error;
    throw new PodtrustError("file-unreadable", `${what}: ${errorText(error)}`, { cause: error });
  }
}
