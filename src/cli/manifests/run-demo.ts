import { demoObjects } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { type DemoTargetOptions, demoOf } from "../options/target.ts";
import { printObjects } from "./print-objects.ts";

/** `podtrust manifests demo`. */
export async function runDemoManifests(context: CommandContext, options: DemoTargetOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const { target, spec } = demoOf(config, options);
  printObjects(context, demoObjects(target, spec));
}
