/** The operator's code with a defect in it: text of a file of src/ is replaced as it is loaded. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import type { LoadCode } from "./vendor.ts";

/** In a file of src/, `from`, which stands there once, becomes `to`. */
export interface PlantedEdit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const source = new URL("../../../src/", import.meta.url).href;
const planted: (readonly PlantedEdit[])[] = [];
/** Those whose file was loaded with the defect in it. */
const there = new Set<PlantedEdit>();
// Of core/base/ no more than what is planted in: errors that another part throws have to be of the same class.
const copied = [
  "providers/aws/",
  "rules/bindings/",
  "operator/bindings/",
  "stack/",
  "core/base/index.ts",
  "core/base/tag-key.ts",
].map((folder) => `${source}${folder}`);

const numberOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (new URL(url).searchParams.get("planted") ?? undefined);

function edited(text: string, { file, from, to }: PlantedEdit): string {
  const parts = text.split(from);
  assert.equal(parts.length, 2, `${file} has ${parts.length - 1} places with the text: ${from}`);
  return parts.join(to);
}

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const number = numberOf(context.parentURL);
    const isCopied = copied.some((folder) => found.url.startsWith(folder));
    if (number === undefined || !isCopied) return found;
    return { ...found, url: `${found.url}?planted=${number}` };
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const file = url.split("?")[0];
    const edits = (planted[Number(numberOf(url) ?? -1)] ?? []).filter(
      (one) => `${source}${one.file}` === file,
    );
    if (edits.length === 0) return loaded;
    const text = Buffer.from(loaded.source as Uint8Array).toString();
    for (const one of edits) there.add(one);
    return { ...loaded, source: edits.reduce(edited, text) };
  },
});

/** How the operator's modules are loaded with these defects, which have to be in what was loaded. */
export function codeWith(edits: readonly PlantedEdit[]): {
  readonly load: LoadCode;
  readonly assertThere: () => void;
} {
  const number = planted.push(edits) - 1;
  return {
    load: (path) => import(`${source}operator/bindings/${path}?planted=${number}`),
    assertThere() {
      const absent = edits.filter((one) => !there.has(one)).map(({ file }) => file);
      assert.deepEqual(absent, [], "no module of these files was loaded");
    },
  };
}
