import { collectBytes, errorText, PodtrustError } from "../base/index.ts";
import type { CredentialFileName } from "../credentials/index.ts";
import type { ActionContext } from "./context.ts";

/** A file that was named on the command line. */
export interface NamedFile {
  /** `--token`, for errors. */
  readonly option: string;
  /** As it was typed; `-` is standard input where `stdin` says so. */
  readonly name: string;
  readonly maxBytes: number;
  readonly stdin?: boolean;
  /** The row of the table, of a file with a credential: its own bound counts. */
  readonly credential?: CredentialFileName;
}

/** The text of a file, bounded in size; throws `file-unreadable`. */
export async function readTextFile(context: ActionContext, file: NamedFile): Promise<string> {
  const fromInput = file.stdin === true && file.name === "-";
  const what = `${file.option} ${file.name}`;
  try {
    if (!fromInput) {
      // Loaded here: every command line loads this file, and few of them name one.
      const { readBoundedText, readCredentialFile } = await import("../files/index.ts");
      if (file.credential !== undefined)
        return (await readCredentialFile(file.credential, context.path(file.name))).text;
      return await readBoundedText(context.path(file.name), file.maxBytes);
    }
    return (await collectBytes(context.stdin, file.maxBytes)).toString("utf8");
  } catch (error) {
    if (error instanceof RangeError) {
      throw new PodtrustError("file-unreadable", `${what} is larger than ${file.maxBytes} bytes`, {
        next: "Check that it is the file you mean.",
      });
    }
    throw new PodtrustError("file-unreadable", `${what}: ${errorText(error)}`, { cause: error });
  }
}
