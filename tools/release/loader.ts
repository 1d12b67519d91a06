/**
 * What an executable runs first. It holds its program as modules beside one another (assets of `node:sea`), and each is
 * read and compiled once it is imported: one file of everything would be parsed whole before `--help` says a word.
 *
 * Modules stand as if they were files beside the executable, so that what is asked of `import.meta.url` and what a trace
 * of an error shows are of there. No file on the disk is read in their place.
 */
import { createRequire, registerHooks } from "node:module";
import { getAsset } from "node:sea";
import { pathToFileURL } from "node:url";

const beside = new URL(".", pathToFileURL(process.execPath)).href;
const first = `${beside}start.mjs`;

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL;
    const isOurs = specifier.startsWith("./") && (parent === undefined || parent.startsWith(beside));
    if (!isOurs) return next(specifier, context);
    return { url: `${beside}${specifier.slice(2)}`, format: "module", shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith(beside)) return next(url, context);
    // The module that an executable begins with may import Node's own alone, and `require` takes none that awaits.
    const source = url === first ? 'import("./main.mjs");' : getAsset(url.slice(beside.length), "utf8");
    return { source, format: "module", shortCircuit: true };
  },
});

createRequire(process.execPath)("./start.mjs");
