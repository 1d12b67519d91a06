export { demoObjects, demoServiceAccount, type DemoSpec } from "./demo-job.ts";
export {
  type DemoTarget,
  type DemoRemoval,
  type DemoRunEvent,
  type DemoRunInput,
  type DemoRunResult,
  removeDemoWorkload,
  runDemoWorkload,
} from "./demo-run.ts";
export { type PatchSpec, workloadPatch } from "./patch.ts";
export { type WorkloadPreflightInput, preflightWorkload } from "./preflight.ts";
export { objectsYaml, patchYaml, workloadParts, workloadYaml } from "./render.ts";
export { namesOf, type WorkloadTarget, workloadTarget, type WorkloadSpec } from "./target.ts";
