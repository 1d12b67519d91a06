/**
 * What a module imports, read from its lines of `import`/`export … from`, `import("…")` and `getBuiltinModule("…")`: TypeScript
 * 7 ships no compiler API to ask, and erasable TypeScript keeps imports in these forms. Comments may stand in them.
 */
const comment = String.raw`/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*\n`;
const gap = String.raw`(?:\s|${comment})*`;
const importForm = new RegExp(
  [
    String.raw`(?:^|\n)${gap}(?:import|export)\b(?:[^;"'/]|${comment})*?\bfrom${gap}"([^"]+)"`,
    String.raw`(?:^|\n)${gap}import${gap}"([^"]+)"`,
    String.raw`\b(?:import|getBuiltinModule)\(\s*"([^"]+)"\s*,?\s*\)`,
  ].join("|"),
  "gu",
);

/** The targets of a module's imports as they are written: `../core/base/index.ts`, `node:fs`, `@aws-sdk/client-sts`. */
export function importsIn(source: string): string[] {
  return [...source.matchAll(importForm)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}
