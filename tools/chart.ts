/** Writes the chart and what belongs to it, deploy/chart and deploy/monitoring, of what the code says: `npm run chart`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { deployFiles } from "./chart/files.ts";

const checkout = resolve(import.meta.dirname, "..");
for (const [path, text] of deployFiles(checkout)) {
  mkdirSync(dirname(join(checkout, path)), { recursive: true });
  writeFileSync(join(checkout, path), text);
  console.log(`wrote ${path}`);
}
