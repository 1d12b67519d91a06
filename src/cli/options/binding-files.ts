import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorText, mapLimit, PodtrustError } from "../../core/base/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { type BindingText, maxBindingFile } from "../../stack/index.ts";

const maxFiles = 5000;

function unreadable(what: string, error: unknown): PodtrustError {
  return new PodtrustError("binding-invalid", `${what} cannot be read: ${errorText(error)}`, {
    cause: error,
  });
}

/** The .yaml, .yml and .json files of a folder. Throws `binding-invalid` for what cannot be read. */
export async function bindingTexts(folder: string): Promise<readonly BindingText[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const files = names.filter((name) => /\.(?:ya?ml|json)$/u.test(name)).sort();
  if (files.length > maxFiles)
    throw new PodtrustError("binding-invalid", `${folder} has more than ${maxFiles} files`);
  return mapLimit(files, async (file) => {
    try {
      return { file, text: await readBoundedText(join(folder, file), maxBindingFile) };
    } catch (error) {
      throw unreadable(join(folder, file), error);
    }
  });
}
