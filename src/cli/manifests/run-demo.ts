import { demoObjects, objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { type DemoOptions, demoOf } from "../options/target.ts";

/** `podtrust manifests demo`. */
export async function runDemoManifests(context: CommandContext, options: DemoOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const { target, wish } = demoOf(config, options);
  const items = demoObjects(target, wish);
  if (context.json) context.output.result({ apiVersion: "v1", kind: "List", items });
  else context.output.raw(objectsYaml(items));
}
