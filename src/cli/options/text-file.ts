import { createReadStream } from "node:fs";
import { errorText, PodtrustError } from "../../base/index.ts";
import type { CommandContext } from "../context.ts";

/** A file that was named on the command line. */
export interface NamedFile {
  /** `--token`, for errors. */
  readonly option: string;
  /** As it was typed; `-` is standard input where `stdin` says so. */
  readonly name: string;
  readonly maxBytes: number;
  readonly stdin?: boolean;
}

async function collected(file: NamedFile, source: AsyncIterable<string | Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of source) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > file.maxBytes) {
      throw new PodtrustError(
        "file-unreadable",
        `${file.option} ${file.name} is larger than ${file.maxBytes} bytes`,
        { next: "Check that it is the file you mean." },
      );
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** The text of a file, bounded in size; throws `file-unreadable`. */
export async function readTextFile(context: CommandContext, file: NamedFile): Promise<string> {
  const fromInput = file.stdin === true && file.name === "-";
  try {
    return await collected(file, fromInput ? context.stdin : createReadStream(context.path(file.name)));
  } catch (error) {
    if (error instanceof PodtrustError) throw error;
    throw new PodtrustError("file-unreadable", `${file.option} ${file.name}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
