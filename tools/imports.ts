/**
 * What a module imports, told by lines of `import`/`export … from`, `import("…")` and `getBuiltinModule("…")`: TypeScript 7
 * ships no compiler API to ask, and erasable TypeScript keeps imports in these forms.
 */
const importForm =
  /(?:^|\n)\s*(?:import|export)\s[^;"']*?from\s+"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"|(?:import|getBuiltinModule)\(\s*"([^"]+)"\s*\)/gu;

/** The targets of a module's imports as they are written: `../core/base/index.ts`, `node:fs`, `@aws-sdk/client-sts`. */
export function importsIn(source: string): string[] {
  return [...source.matchAll(importForm)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}
